"""Keys outside plain files: every service signs with them, and `config check` says what is wrong with them."""

import os

import pytest

from clients.cosign import Cosign3
from stack import Stack, run

PASSWORD = "correct horse"


@pytest.fixture
def data(binary, tmp_path):
    """The folder that `up` made: keys, certificates, configuration."""
    with Stack.up(binary, tmp_path / "data") as made:
        return made.data


def encrypt(file, *how):
    run(["openssl", "pkcs8", "-topk8", *how, "-passout", f"pass:{PASSWORD}", "-in", file, "-out", f"{file}.new"])
    os.replace(f"{file}.new", file)


def configure(data, **keys):
    """A copy of the configuration in which services have other keys."""
    text = (data / "sigstead.toml").read_text()
    for name, uri in keys.items():
        text = text.replace(f'"file:keys/{name}.key"', f'"{uri}"')
    (data / "keys.toml").write_text(text)
    return data / "keys.toml"


def check(binary, config, ok, **variables):
    return run([binary, "config", "check", "--config", config], ok=ok, env={**os.environ, **variables}).stdout


def test_cosign_signs_with_encrypted_keys(data, binary, blob, work, monkeypatch):
    encrypt(data / "keys/ca.key", "-v2", "aes-256-cbc")
    encrypt(data / "keys/ct.key", "-scrypt")
    (data / "ct-password").write_text(f"{PASSWORD}\n")
    config = configure(
        data, ca="file:keys/ca.key?password-source=env:CA_PASSWORD", ct="file:keys/ct.key?password-source=file:ct-password"
    )
    monkeypatch.setenv("CA_PASSWORD", PASSWORD)
    with Stack.up(binary, work / "issuer") as issuer, Stack.configured(binary, config, work, issuer) as stack:
        cosign, bundle = Cosign3(stack, work), work / "bundle.json"
        cosign("sign-blob", *cosign.signing(), "--bundle", bundle, blob)
        cosign("verify-blob", *cosign.trust(), *cosign.identity(), "--bundle", bundle, blob)


def test_config_check_tells_passwords_that_are_wrong(data, binary):
    encrypt(data / "keys/ca.key")
    config = configure(data, ca="file:keys/ca.key?password-source=env:CA_PASSWORD")
    assert "ca: ok" in check(binary, config, True, CA_PASSWORD=PASSWORD)
    wrong = check(binary, config, False, CA_PASSWORD="battery staple")
    assert "the password is wrong" in wrong and "battery" not in wrong
    assert "the variable CA_PASSWORD cannot be read: it is not set" in check(binary, config, False)
    assert "password-source=env:NAME" in check(binary, configure(data), False)
    written = check(binary, configure(data, ca="file:keys/ca.key?password=battery"), False)
    assert "must not stand in it" in written and "battery" not in written
