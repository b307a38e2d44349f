"""sigstore-python, -go, -js and -java, unchanged: they sign, verify, and verify what the others signed."""

import hashlib
import json

import pytest

from clients.bundles import PREDICATE, V1, V2, Cosign, Go, Java, Js, Python
from clients.cosign import EMAIL

ALL = (Cosign, Python, Go, Js, Java)
STRANGER = "mallory@example.org"
VERSIONS = {V1: "0.0.1", V2: "0.0.2"}
LOGS = pytest.mark.parametrize("config", [V1, V2], ids=["Rekor v1", "Rekor v2"])


def entry_of(bundle):
    (entry,) = json.loads(bundle.read_text())["verificationMaterial"]["tlogEntries"]
    return entry


def moved(bundle):
    """The bundle, with an entry that is said to be elsewhere in the log."""
    content = json.loads(bundle.read_text())
    (entry,) = content["verificationMaterial"]["tlogEntries"]
    entry["logIndex"] = entry["inclusionProof"]["logIndex"] = "100000"
    changed = bundle.with_name("moved.sigstore.json")
    changed.write_text(json.dumps(content))
    return changed


def sign_and_verify(client, config, blob):
    bundle = client.sign(config, blob)
    assert entry_of(bundle)["kindVersion"] == {"kind": "hashedrekord", "version": VERSIONS[config]}
    client.verify(blob, bundle)
    client.verify(blob, bundle, email=STRANGER, ok=False)
    client.verify(blob, moved(bundle), ok=False)
    blob.write_bytes(b"something else")
    client.verify(blob, bundle, ok=False)


@LOGS
@pytest.mark.parametrize("client", [Python, Go, Js])
def test_sign_and_verify(client, config, stack, blob, work):
    sign_and_verify(client(stack, work), config, blob)


@LOGS
def test_sigstore_java_over_tls(config, tls_stack, blob, work):
    sign_and_verify(Java(tls_stack, work), config, blob)


def test_all_verify_what_the_others_signed(tls_stack, blob, work):
    clients = [kind(tls_stack, work) for kind in ALL]
    bundles = [client.sign(config, blob) for client in clients for config in (V1, V2)]
    for client in clients:
        client.verify(blob, *bundles)


@pytest.fixture
def statement(blob, work):
    """An in-toto statement about `blob`."""
    digest = {"sha256": hashlib.sha256(blob.read_bytes()).hexdigest()}
    about = {"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "artifact", "digest": digest}]}
    file = work / "statement.json"
    file.write_text(json.dumps({**about, "predicateType": PREDICATE, "predicate": {"by": "tests"}}))
    return file


@pytest.mark.parametrize(
    "client, config, kind, verifiers",
    [
        (Go, V1, "dsse 0.0.1", ALL),
        (Js, V1, "dsse 0.0.1", ALL),
        (Go, V2, "hashedrekord 0.0.2", (Cosign, Python, Go, Js)),
        # What the others do not know; `log_v2.dsse` takes it.
        (Js, V2, "dsse 0.0.2", (Js, Java)),
        (Java, V2, "dsse 0.0.2", (Js, Java)),
    ],
)
def test_attestations(client, config, kind, verifiers, tls_stack, blob, statement, work):
    bundle = client(tls_stack, work).attest(config, statement)
    assert " ".join(entry_of(bundle)["kindVersion"].values()) == kind
    for other in ALL:
        other(tls_stack, work).verify_attestation(blob, bundle, ok=other in verifiers)
    for other in verifiers:
        other(tls_stack, work).verify_attestation(blob, bundle, email=STRANGER, ok=False)


def first_root(stack):
    return stack.data / "tuf" / "1.root.json"


def test_sigstore_go_by_tuf(stack, blob, work):
    go = Go(stack, work)
    bundle, mirror = go.sign(V1, blob), ["-tufRootURL", stack.urls["trust"], "-tufTrustedRoot", first_root(stack)]
    go.verify(blob, bundle, trust=mirror)
    go.verify(blob, bundle, trust=mirror, email=STRANGER, ok=False)


def test_sigstore_js_command_line(stack, statement, work):
    js, bundle = Js(stack, work), work / "bundle.sigstore.json"
    urls = ["--fulcio-url", stack.urls["ca"], "--rekor-url", stack.urls["log"], "--tsa-server-url", stack.urls["tsa"]]
    verify = ["verify", "--tuf-mirror-url", stack.urls["trust"], "--tuf-root-path", first_root(stack)]
    verify += ["--certificate-issuer", stack.issuer, "--certificate-identity-email"]
    js.command_line("attest", *urls, "-o", bundle, statement)
    assert entry_of(bundle)["kindVersion"] == {"kind": "intoto", "version": "0.0.2"}
    js.command_line(*verify, EMAIL, bundle)
    js.command_line(*verify, STRANGER, bundle, ok=False)
    js.command_line("attest", *urls, "--no-tlog-upload", "-o", bundle, statement)
    js.command_line(*verify, EMAIL, bundle, ok=False)
    js.command_line(*verify, EMAIL, "--tlog-threshold", "0", bundle)
