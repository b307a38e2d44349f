"""`sigstead trust lint`: what it calls an error, the real clients do refuse."""

import base64
import json
import sys
from pathlib import Path

import pytest

from clients.cosign import EMAIL, Cosign3, environment
from stack import run

SIGSTORE = Path(sys.executable).with_name("sigstore")


def pem(der):
    return base64.b64encode(f"-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n".encode()).decode()


def no_log_id(root):
    for log in root["tlogs"]:
        del log["logId"]


def key_pem(root):
    for log in root["tlogs"]:
        log["publicKey"]["rawBytes"] = pem(log["publicKey"]["rawBytes"])


def newer_media_type(root):
    root["mediaType"] = "application/vnd.dev.sigstore.trustedroot.v0.2+json"


def other_log_id(root):
    for number, log in enumerate(root["tlogs"]):
        log["logId"]["keyId"] = base64.b64encode(bytes([number] * 32)).decode()


def reversed_chain(root):
    root["timestampAuthorities"][0]["certChain"]["certificates"].reverse()


def other_ct_log_id(root):
    root["ctlogs"][0]["logId"]["keyId"] = base64.b64encode(bytes(32)).decode()


def no_start(root):
    for log in root["tlogs"]:
        del log["publicKey"]["validFor"]


def unknown_key(root):
    root["ctlogs"][0]["publicKey"]["keyDetails"] = "PKIX_UNHEARD_OF"


BREAKS = [
    (no_log_id, "log-id-missing", ["cosign", "python"]),
    (key_pem, "key-pem", ["cosign", "python"]),
    (newer_media_type, "root-media-type", ["cosign", "python"]),
    (other_log_id, "log-id-other", ["cosign"]),
    (reversed_chain, "tsa-chain", ["cosign"]),
    (other_ct_log_id, "ct-log-id-other", ["cosign"]),
    (no_start, "log-start", ["cosign"]),
    (unknown_key, "key-details-unknown", ["cosign", "python"]),
]


def lint(stack, *arguments, ok=True):
    return run([stack.binary, "trust", "lint", *arguments], ok=ok)


@pytest.fixture(scope="module")
def signed(up_stack, tmp_path_factory):
    """A blob, and a bundle that every client verifies."""
    work = tmp_path_factory.mktemp("signed")
    (work / "blob").write_text("signed once")
    Cosign3(up_stack, work)("sign-blob", *Cosign3(up_stack, work).signing(), "--bundle", work / "bundle", work / "blob")
    return work


def verify(client, stack, signed, config, ok):
    """Verifies with the trusted root of a client trust config."""
    file, root = signed / "config.json", signed / "root.json"
    file.write_text(json.dumps(config))
    root.write_text(json.dumps(config["trustedRoot"]))
    if client == "cosign":
        cosign = Cosign3(stack, signed)
        flags = ["--bundle", signed / "bundle", "--trusted-root", root, "--use-signed-timestamps", *cosign.identity()]
        return cosign("verify-blob", *flags, signed / "blob", ok=ok)
    who = ["--cert-identity", EMAIL, "--cert-oidc-issuer", stack.issuer]
    flags = ["--trust-config", file, "verify", "identity", "--bundle", signed / "bundle", *who]
    return run([SIGSTORE, *flags, signed / "blob"], ok=ok, env=environment({"HOME": str(signed)}))


@pytest.mark.parametrize("damage, rule, clients", BREAKS, ids=[rule for _, rule, _ in BREAKS])
def test_clients_refuse_what_is_an_error(damage, rule, clients, up_stack, signed, tmp_path):
    config = json.loads(up_stack.document("client_trust_config.json").read_text())
    for client in clients:
        verify(client, up_stack, signed, config, ok=True)
    damage(config["trustedRoot"])
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(config["trustedRoot"]))
    report = json.loads(lint(up_stack, "--json", broken, ok=False).stdout)
    assert {finding["rule"] for finding in report["findings"] if finding["severity"] == "error"} == {rule}
    for client in clients:
        verify(client, up_stack, signed, config, ok=False)


def test_what_is_published_has_no_errors(stack):
    told = lint(stack, "--config", stack.data / "sigstead.toml").stdout
    assert "trusted_root.json" in told and "signing_config.v0.2.json: ok" in told and "error" not in told
    url = f"{stack.urls['trust']}/client_trust_config.json"
    report = json.loads(lint(stack, "--json", url).stdout)
    assert (report["document"], report["kind"]) == (url, "client-trust-config")


def test_what_is_no_document_is_told_and_the_rest_goes_on(up_stack, tmp_path):
    (tmp_path / "x.json").write_text("{}")
    good = up_stack.document("trusted_root.json")
    result = lint(up_stack, tmp_path / "none.json", tmp_path / "x.json", f"{up_stack.urls['trust']}/none.json", good, ok=False)
    assert "none.json: cannot be read" in result.stderr
    assert "x.json: it is neither a trusted root" in result.stderr
    assert "the server answered 404" in result.stderr
    assert str(good) in result.stdout
