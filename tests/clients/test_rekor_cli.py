"""rekor-cli uploads, gets, searches and verifies."""

import base64
import hashlib
import json
import re

import pytest

from clients.cosign import EMAIL, Cosign3, environment
from conftest import CLIENTS
from stack import run


class RekorCli:
    def __init__(self, stack, work):
        self.stack, self.work = stack, work

    def __call__(self, command, *arguments, ok=True):
        server = ["--rekor_server", self.stack.urls["log"]]
        env = environment({"HOME": str(self.work)})
        return run([CLIENTS / "rekor-cli", command, *server, *arguments], ok=ok, cwd=self.work, env=env).stdout

    def json(self, command, *arguments):
        return json.loads(self(command, "--format", "json", *arguments))


@pytest.fixture
def rekor(stack, work):
    return RekorCli(stack, work)


@pytest.fixture
def signed_file(blob, work):
    """A file, its signature and the public key that verifies it, all made by openssl."""
    run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", work / "key.pem"])
    run(["openssl", "ec", "-in", work / "key.pem", "-pubout", "-out", work / "pub.pem"])
    run(["openssl", "dgst", "-sha256", "-sign", work / "key.pem", "-out", work / "sig", blob])
    return ["--artifact", blob, "--signature", work / "sig", "--public-key", work / "pub.pem", "--pki-format", "x509"]


def index_of(answer):
    return int(re.search(r"at index (\d+)", answer).group(1))


def sha256(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_upload_get_verify(rekor, signed_file, blob, work):
    index = index_of(rekor("upload", *signed_file, "--type", "hashedrekord"))
    entry = rekor.json("get", "--log-index", index)
    assert entry["Body"]["HashedRekordObj"]["data"]["hash"]["value"] == sha256(blob)
    key = base64.b64decode(entry["Body"]["HashedRekordObj"]["signature"]["publicKey"]["content"])
    assert key == (work / "pub.pem").read_bytes()
    by_uuid = rekor.json("get", "--uuid", entry["UUID"])
    assert by_uuid["LogIndex"] == index
    assert rekor.json("get", "--uuid", entry["UUID"][16:])["LogIndex"] == index
    assert "Checkpoint" in rekor("verify", *signed_file, "--type", "hashedrekord")
    assert "already exists" in rekor("upload", *signed_file, "--type", "hashedrekord")


def test_search_by_digest_and_key(rekor, signed_file, blob, work):
    index = index_of(rekor("upload", *signed_file, "--type", "hashedrekord"))
    uuid = rekor.json("get", "--log-index", index)["UUID"]
    assert uuid in rekor("search", "--sha", sha256(blob))
    assert uuid in rekor("search", "--artifact", blob)
    assert uuid in rekor("search", "--public-key", work / "pub.pem", "--pki-format", "x509")
    nothing = run(
        [CLIENTS / "rekor-cli", "search", "--rekor_server", rekor.stack.urls["log"], "--sha", "0" * 64], ok=None
    )
    assert uuid not in nothing.stdout


def signed_by_openssl(blob, work):
    run(["openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", work / "key.pem"])
    run(["openssl", "ec", "-in", work / "key.pem", "-pubout", "-out", work / "pub.pem"])
    run(["openssl", "dgst", "-sha256", "-sign", work / "key.pem", "-out", work / "sig", blob])
    return "x509", work / "sig", work / "pub.pem"


def signed_by_ssh_keygen(blob, work):
    run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-C", "ssh@example.com", "-f", work / "id"])
    run(["ssh-keygen", "-Y", "sign", "-n", "file", "-f", work / "id", blob])
    return "ssh", f"{blob}.sig", work / "id.pub"


def signed_by_minisign(blob, work):
    run(["minisign", "-G", "-W", "-p", work / "mini.pub", "-s", work / "mini.sec"])
    run(["minisign", "-S", "-s", work / "mini.sec", "-m", blob, "-x", work / "minisig"])
    return "minisign", work / "minisig", work / "mini.pub"


def signed_by_signify(blob, work):
    run(["signify-openbsd", "-G", "-n", "-p", work / "s.pub", "-s", work / "s.sec"])
    run(["signify-openbsd", "-S", "-s", work / "s.sec", "-m", blob, "-x", work / "signature"])
    return "minisign", work / "signature", work / "s.pub"


@pytest.mark.parametrize(
    "sign", [signed_by_openssl, signed_by_ssh_keygen, signed_by_minisign, signed_by_signify], ids=lambda sign: sign.__name__
)
def test_rekord_of_every_format(rekor, blob, work, sign):
    """Uploaded, verified with its proof, and found by digest and key."""
    pki, signature, key = sign(blob, work)
    flags = ["--artifact", blob, "--signature", signature, "--public-key", key, "--pki-format", pki, "--type", "rekord"]
    index = index_of(rekor("upload", *flags))
    entry = rekor.json("get", "--log-index", index)
    kept = entry["Body"]["RekordObj"]
    assert kept["data"]["hash"]["value"] == sha256(blob)
    assert kept["signature"]["format"] == pki
    assert "already exists" in rekor("upload", *flags)
    assert "Inclusion Proof" in rekor("verify", *flags)
    assert entry["UUID"] in rekor("search", "--artifact", blob)
    assert entry["UUID"] in rekor("search", "--public-key", key, "--pki-format", pki)
    if pki == "ssh":
        assert entry["UUID"] in rekor("search", "--email", "ssh@example.com")
    blob.write_bytes(b"another file")
    rekor("upload", *flags, ok=False)


def test_search_by_email(rekor, stack, blob, work):
    cosign = Cosign3(stack, work)
    cosign("sign-blob", *cosign.signing(), "--bundle", "bundle.json", blob)
    index = json.loads((work / "bundle.json").read_text())["verificationMaterial"]["tlogEntries"][0]["logIndex"]
    uuid = rekor.json("get", "--log-index", index)["UUID"]
    assert uuid in rekor("search", "--email", EMAIL)


def test_attestations_are_stored_and_found_by_subject(rekor, stack, work):
    """An in-toto statement: searched by what it is about, its payload kept and given back."""
    digest = hashlib.sha256(b"subject of the statement" + work.name.encode() + str(work).encode()).hexdigest()
    statement = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://slsa.dev/provenance/v0.2",
        "subject": [{"name": "app", "digest": {"sha256": digest}}],
        "predicate": {"builder": {"id": "https://example.org/builder"}, "buildType": "test"},
    }
    payload_type, payload = b"application/vnd.in-toto+json", json.dumps(statement).encode()
    pae = b"DSSEv1 %d %s %d %s" % (len(payload_type), payload_type, len(payload), payload)
    (work / "pae").write_bytes(pae)
    run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", work / "key.pem"])
    run(["openssl", "ec", "-in", work / "key.pem", "-pubout", "-out", work / "pub.pem"])
    run(["openssl", "dgst", "-sha256", "-sign", work / "key.pem", "-out", work / "sig", work / "pae"])
    envelope = {
        "payloadType": payload_type.decode(),
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"sig": base64.b64encode((work / "sig").read_bytes()).decode()}],
    }
    (work / "envelope.json").write_text(json.dumps(envelope))
    flags = ["--artifact", work / "envelope.json", "--public-key", work / "pub.pem", "--pki-format", "x509"]
    index = index_of(rekor("upload", *flags, "--type", "intoto"))
    entry = rekor.json("get", "--log-index", index)
    assert json.loads(base64.b64decode(entry["Attestation"]) if entry["Attestation"][0] != "{" else entry["Attestation"]) == statement
    assert entry["UUID"] in rekor("search", "--sha", digest)


def test_loginfo_checks_consistency_over_growth(rekor, signed_file):
    rekor("upload", *signed_file, "--type", "hashedrekord")
    before = rekor.json("loginfo")
    assert "Verification Successful" in rekor("loginfo")
    run(["openssl", "dgst", "-sha256", "-sign", rekor.work / "key.pem", "-out", rekor.work / "sig", signed_file[1]])
    rekor("upload", *signed_file, "--type", "hashedrekord")
    after = rekor.json("loginfo")
    assert after["ActiveTreeSize"] > before["ActiveTreeSize"]
    proof = rekor("logproof", "--last-size", after["ActiveTreeSize"], "--first-size", before["ActiveTreeSize"])
    assert "Root Hash" in proof or "rootHash" in proof
