"""Keys outside plain files: every service signs with them, and `config check` says what is wrong with them."""

import json
import os
import re
import shutil
import signal
import time
import urllib.request

import pytest

from clients.bundles import V2, Cosign, Go
from clients.cosign import Cosign3
from clients.test_authorities import chains, rfc3339
from conftest import CLIENTS
from organization import Operator, Organization
from stack import Program, Stack, answers, free_port, run, wait_for

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
    """A copy of the configuration in which services have other keys; the files of authorities are replaced."""
    for made in [data / "sigstead.toml", *data.glob("*-authorities.toml")]:
        original = made.with_suffix(".made")
        if not original.exists():
            shutil.copy(made, original)
        text = original.read_text()
        for name, uri in keys.items():
            text = text.replace(f'"file:keys/{name}.key"', f'"{uri}"')
        (data / "keys.toml" if made.name == "sigstead.toml" else made).write_text(text)
    return data / "keys.toml"


def with_new_trees(config):
    """New keys sign for new trees."""
    text = re.sub('^database = .*$', 'database = "sqlite:new.db"', config.read_text(), flags=re.M)
    config.write_text(text.replace('"rollback-guard"', '"new-guard"'))
    return config


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


@pytest.mark.parametrize("kind", [("EC", "ec_paramgen_curve:P-256"), ("RSA", "rsa_keygen_bits:2048")], ids=lambda kind: kind[0])
def test_checkpoints_of_rekor_v2_by_other_kinds_of_keys(data, binary, blob, work, kind):
    """cosign and sigstore-go verify them by the trust root, and by no other key."""

    def make(key, public):
        run(["openssl", "genpkey", "-algorithm", kind[0], "-pkeyopt", kind[1], "-out", key])
        run(["openssl", "pkey", "-in", key, "-pubout", "-out", public])
        return "".join(public.read_text().splitlines()[1:-1])

    public = make(data / "keys/other.key", data / "log-v2.pub")
    config = with_new_trees(configure(data, **{"log-v2": "file:keys/other.key"}))
    with Stack.up(binary, work / "issuer") as issuer, Stack.configured(binary, config, work, issuer) as stack:
        clients = [Cosign(stack, work), Go(stack, work)]
        bundles = [client.sign(V2, blob) for client in clients]
        for client in clients:
            client.verify(blob, *bundles)
        root = stack.document("trusted_root.json")
        assert public in root.read_text()
        root.write_text(root.read_text().replace(public, make(work / "stranger.key", work / "stranger.pub")))
        for client in clients:
            client.verify(blob, *bundles, ok=False)


@pytest.mark.parametrize(["name", "kind"], [("log", "EC"), ("log-v2", "ed25519"), ("ct", "EC")])
def test_a_log_does_not_start_with_another_key(data, binary, name, kind):
    curve = ["-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "EC" else []
    run(["openssl", "genpkey", "-algorithm", kind, *curve, "-out", data / "keys/other.key"])
    config = configure(data, **{name: "file:keys/other.key"})
    service = name.removesuffix("-v2")
    own = ["--set", f"{service}.listen=127.0.0.1:{free_port()}", "--set", "admin.listen=127.0.0.1:0"]
    refused = run([binary, service, "--config", config, *own], ok=False)
    assert "clients know a log by its key" in refused.stderr and "rotate-log-keys.md" in refused.stderr, refused.stderr


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


class Vault:
    """Vault's transit engine, in memory."""

    def __init__(self, folder):
        self.address = f"127.0.0.1:{free_port()}"
        self.program = Program([CLIENTS / "vault-transit", self.address], folder / "vault.log")
        wait_for(lambda: answers(f"http://{self.address}/v1/sys/seal-status"), "Vault")
        self.root = self.program.output().split()[0]
        self.write("sys/mounts/transit", type="transit")

    def write(self, path, **body):
        headers = {"X-Vault-Token": self.root}
        url = f"http://{self.address}/v1/{path}"
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as answer:
            return answer.read()

    def make_key(self, name, kind):
        """The public half of the key, in PEM."""
        self.write(f"transit/keys/{name}", type=kind)
        request = urllib.request.Request(f"http://{self.address}/v1/transit/keys/{name}", headers={"X-Vault-Token": self.root})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["data"]["keys"]["1"]["public_key"]


class Kms:
    """AWS KMS, by moto; it takes any caller."""

    def __init__(self, folder):
        self.url = f"http://127.0.0.1:{free_port()}"
        self.program = Program([CLIENTS / "moto_server", "-H", "127.0.0.1", "-p", self.url.rsplit(":")[-1]], folder / "moto.log")
        wait_for(lambda: answers(self.url), "moto")

    def make_key(self, spec):
        """The id of the key, and its public half in PEM."""
        key = self.ask("CreateKey", KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        public = self.ask("GetPublicKey", KeyId=key)["PublicKey"]
        return key, f"-----BEGIN PUBLIC KEY-----\n{public}\n-----END PUBLIC KEY-----\n"

    def ask(self, deed, **wanted):
        headers = {
            "X-Amz-Target": f"TrentService.{deed}",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": "AWS4-HMAC-SHA256 Credential=any/20260101/eu-west-1/kms/aws4_request, SignedHeaders=host, Signature=any",
        }
        with urllib.request.urlopen(urllib.request.Request(self.url, json.dumps(wanted).encode(), headers)) as answer:
            return json.load(answer)


@pytest.fixture
def services(work, monkeypatch):
    vault, kms = Vault(work), Kms(work)
    for name, value in {
        "VAULT_ADDR": f"http://{vault.address}",
        "VAULT_TOKEN": vault.root,
        "AWS_ENDPOINT_URL": kms.url,
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
    }.items():
        monkeypatch.setenv(name, value)
    yield vault, kms
    vault.program.stop()
    kms.program.stop()


def test_cosign_signs_with_keys_in_vault_and_aws(data, binary, blob, work, services):
    """The checkpoint and the SET by AWS, the SCT by Vault."""
    vault, kms = services
    (data / "ct.pub").write_text(vault.make_key("ct", "ecdsa-p256"))
    key, public = kms.make_key("ECC_NIST_P256")
    (data / "log.pub").write_text(public)
    config = with_new_trees(configure(data, ct="hashivault://ct", log=f"awskms:///{key}"))
    assert "log: ok" in check(binary, config, True)
    with Stack.up(binary, work / "issuer") as issuer, Stack.configured(binary, config, work, issuer) as stack:
        cosign, bundle = Cosign3(stack, work), work / "bundle.json"
        cosign("sign-blob", *cosign.signing(), "--bundle", bundle, blob)
        cosign("verify-blob", *cosign.trust(), *cosign.identity(), "--bundle", bundle, blob)


def test_config_check_tells_what_a_service_refuses(data, binary, services):
    vault, _ = services
    told = check(binary, configure(data, ct="hashivault://none", log="awskms:///alias/none"), False)
    assert "hint: `vault read transit/keys/none` must show the key" in told
    assert "NotFoundException" in told
    vault.write("transit/keys/ct", type="ecdsa-p256")
    refused = check(binary, configure(data, ct="hashivault://ct"), False, VAULT_TOKEN="hvs.wrong")
    assert "the token needs the policy" in refused and "hvs.wrong" not in refused


def test_a_new_authority_waits_for_its_key(data, binary, services):
    """Vault does not answer when the file of authorities changes; what it names is used once it does."""
    vault, _ = services
    vault.make_key("ca", "ecdsa-p384")
    file = data / "ca-authorities.toml"
    before = file.read_text()
    Operator(binary, data)("ca", "init", "--root", data / "second-root", "--key", "hashivault://ca", "--since", rfc3339(3600))
    changed = file.read_text()
    file.write_text(before)
    with Stack.up(binary, data) as stack:
        assert len(chains(stack)) == 1
        vault.program.process.send_signal(signal.SIGSTOP)
        try:
            file.write_text(changed)
            refusals = lambda: stack.programs[0].output().count("cannot be used; the old one stays")
            wait_for(refusals, "the refusal in the log", patience=60)
            time.sleep(20)
            assert (refusals(), len(chains(stack))) == (1, 1), "told once"
        finally:
            vault.program.process.send_signal(signal.SIGCONT)
        wait_for(lambda: len(chains(stack)) == 2, "the second authority", patience=60)


def test_under_the_organizations_root(data, binary, work, services, monkeypatch):
    """The CA's key is made in Vault, the TSA's in an encrypted file."""
    monkeypatch.setenv("TSA_PASSWORD", PASSWORD)
    organization, operate = Organization(work / "organization"), Operator(binary, data)
    for service, key in (("ca", "hashivault://ca"), ("tsa", "file:keys/encrypted.key?password-source=env:TSA_PASSWORD")):
        (data / f"{service}-authorities.toml").unlink()
        csr = organization.folder / f"{service}.csr"
        init = (service, "init", "--csr", csr, "--key", key, "--key-kind", "p384")
        assert "was made" in operate(*init) and "was made" not in operate(*init)
        organization.openssl("req", "-in", csr, "-verify", "-noout")
        operate(service, "import", "--key", key, organization.sign(csr, f"{service}.pem"), *organization.chain())
    assert "ca: ok" in check(binary, data / "sigstead.toml", True)
    run(["openssl", "pkey", "-in", data / "keys/encrypted.key", "-passin", f"pass:{PASSWORD}", "-noout"])
    assert "the password is wrong" in check(binary, data / "sigstead.toml", False, TSA_PASSWORD="battery staple")
    missing = operate("ca", "init", "--csr", work / "x.csr", "--key", "hashivault://none?version=2", ok=False)
    assert "hint: `vault read transit/keys/none` must show the key" in missing
