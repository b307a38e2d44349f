"""Keys in SoftHSM2: every service signs with them, and survives a token that goes away and comes back."""

import os
import shutil
import urllib.error

import pytest

from clients.cosign import Cosign3
from clients.test_openssl_ts import stamp
from clients.test_rekor_cli import RekorCli
from stack import Alone, Stack, run, wait_for

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "624862"


class Token:
    """A token of its own."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder / "tokens"
        self.folder.mkdir()
        config = folder / "softhsm2.conf"
        config.write_text(f"directories.tokendir = {self.folder}\nobjectstore.backend = file\nlog.level = ERROR\n")
        monkeypatch.setenv("SOFTHSM2_CONF", str(config))
        monkeypatch.setenv("HSM_PIN", PIN)
        run(["softhsm2-util", "--init-token", "--free", "--label", "sigstead test", "--so-pin", PIN, "--pin", PIN])
        self.ids = 0

    def takes(self, label, key):
        """Brings a PKCS#8 key into the token; its URI."""
        self.ids += 1
        run(
            ["softhsm2-util", "--import", key, "--token", "sigstead test", "--label", label, "--id", f"{self.ids:02}", "--pin", PIN]
        )
        return f"pkcs11:token=sigstead%20test;object={label};id=%{self.ids:02}?module-path={MODULE}&pin-source=env:HSM_PIN"


@pytest.fixture
def token(tmp_path, monkeypatch):
    return Token(tmp_path, monkeypatch)


@pytest.fixture
def hsm(binary, tmp_path, token):
    """Five services whose keys are in the token; the files that `up` made are gone."""
    data = tmp_path / "data"
    with Stack.up(binary, data) as made:
        issuing = made
        text = (data / "sigstead.toml").read_text()
    for name in ("ca", "tsa", "log", "log-v2", "ct"):
        uri = token.takes(name, data / f"keys/{name}.key")
        text = text.replace(f'"file:keys/{name}.key"', f'"{uri}"')
        authorities = data / f"{name}-authorities.toml"
        if authorities.exists():
            authorities.write_text(authorities.read_text().replace(f'"file:keys/{name}.key"', f'"{uri}"'))
        (data / f"keys/{name}.key").unlink()
    (data / "hsm.toml").write_text(text)
    return data, issuing


def test_config_check_reaches_the_token(hsm, binary):
    data, _ = hsm
    checked = run([binary, "config", "check", "--config", data / "hsm.toml"]).stdout
    assert "ca: ok" in checked and "log_v2: ok" in checked
    wrong = run([binary, "config", "check", "--config", data / "hsm.toml"], ok=False, env={**os.environ, "HSM_PIN": "000000"})
    assert "refuses the PIN" in wrong.stdout and "000000" not in wrong.stdout


def test_a_timestamp_authority_survives_its_token(hsm, binary, blob, work, token):
    data, _ = hsm
    authority = Alone(binary, "tsa", data / "hsm.toml", work / "tsa.log")
    run(["openssl", "ts", "-query", "-data", blob, "-sha256", "-cert", "-out", work / "q.tsq"])

    def verifies():
        (work / "r.tsr").write_bytes(stamp(authority, work / "q.tsq"))
        chain = data / "tsa.certchain.pem"
        run(["openssl", "ts", "-verify", "-in", work / "r.tsr", "-queryfile", work / "q.tsq", "-CAfile", chain, "-untrusted", chain])

    verifies()
    shutil.move(token.folder, work / "taken-out")
    with pytest.raises(urllib.error.HTTPError) as failed:
        stamp(authority, work / "q.tsq")
    assert failed.value.code == 500
    shutil.move(work / "taken-out", token.folder)

    def is_back():
        try:
            return stamp(authority, work / "q.tsq")
        except urllib.error.HTTPError:
            return None

    wait_for(is_back, "the token")
    verifies()
    authority.program.stop()


def test_a_log_signs_with_an_rsa_key(binary, tmp_path, token, work):
    """rekor-cli verifies the checkpoint and the SET."""
    data = tmp_path / "data"
    with Stack.up(binary, data):
        pass
    run(["openssl", "genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:3072", "-out", work / "rsa.pem"])
    text = (data / "sigstead.toml").read_text().replace('"file:keys/log.key"', f'"{token.takes("rsa", work / "rsa.pem")}"')
    (data / "hsm.toml").write_text(text)
    log = Alone(binary, "log", data / "hsm.toml", work / "log.log", f"database=sqlite:{work}/rsa.db", f"guard={work}/guard")
    rekor = RekorCli(log, work)
    assert "Verification Successful" in rekor("loginfo")
    rekor("verify", "--log-index", "0")
    log.program.stop()


def test_cosign_signs_with_services_whose_keys_are_in_the_token(hsm, binary, blob, work):
    """The certificate, the SCT, the log's entry and the timestamp are all the token's."""
    data, _ = hsm
    with Stack.up(binary, work / "issuer") as issuer, Stack.configured(binary, data / "hsm.toml", work, issuer) as stack:
        cosign, bundle = Cosign3(stack, work), work / "bundle.json"
        cosign("sign-blob", *cosign.signing(), "--bundle", bundle, blob)
        cosign("verify-blob", *cosign.trust(), *cosign.identity(), "--bundle", bundle, blob)
