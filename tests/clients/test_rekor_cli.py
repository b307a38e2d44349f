"""rekor-cli uploads, gets, searches and verifies."""

import base64
import hashlib
import json
import re
import tempfile
import zipfile
from pathlib import Path

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


def test_the_printed_settings_name_the_server(stack, binary, work):
    told = run([binary, "client", "env", "rekor-cli", "--config", stack.document("sigstead.toml")]).stdout
    script = f"{told}\n{CLIENTS / 'rekor-cli'} loginfo"
    assert "Verification Successful" in run(["bash", "-euc", script], cwd=work, env=environment({"HOME": str(work)})).stdout


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


def signed_by_gpg(blob, work):
    # The agent's socket lies in the home, whose path must be short.
    with tempfile.TemporaryDirectory(prefix="gpg") as home:
        gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
        run([*gpg, "--quick-generate-key", "Ada <pgp@example.com>", "ed25519", "sign", "never"])
        run([*gpg, "--armor", "--output", work / "asc", "--detach-sign", blob])
        run([*gpg, "--armor", "--output", work / "key.asc", "--export"])
        run(["gpgconf", "--homedir", home, "--kill", "all"])
    return "pgp", work / "asc", work / "key.asc"


@pytest.mark.parametrize(
    "sign",
    [signed_by_openssl, signed_by_gpg, signed_by_ssh_keygen, signed_by_minisign, signed_by_signify],
    ids=lambda sign: sign.__name__,
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
    if pki in ("ssh", "pgp"):
        assert entry["UUID"] in rekor("search", "--email", f"{pki}@example.com")
    blob.write_bytes(b"another file")
    rekor("upload", *flags, ok=False)


ARTIFACTS = Path(__file__).parents[2] / "crates/entry/testdata/artifacts"


def artifact(file, name):
    """The spec of an entry that was made of a real artifact."""
    rows = map(json.loads, (ARTIFACTS / file).read_text().splitlines())
    [row] = [row for row in rows if row["name"] == name]
    return row["entry"]["spec"]


# The kind, an artifact, where it and its key stand in the entry, and rekor-cli's name for the key's format.
PACKAGES = {
    "rpm": ("openpgp.jsonl", "rpm-ed25519", ("package", "content"), ("publicKey", "content"), "pgp"),
    "helm": ("openpgp.jsonl", "helm-packaged", ("chart", "provenance", "content"), ("publicKey", "content"), "pgp"),
    "rfc3161": ("cose-tsr-tuf.jsonl", "tsr-ec-p384", ("tsr", "content"), None, None),
    "cose": ("cose-tsr-tuf.jsonl", "cose-es256", ("message",), ("publicKey",), "x509"),
    "alpine": ("packages.jsonl", "alpine-rsa4096", ("package", "content"), ("publicKey", "content"), "x509"),
    "jar": ("packages.jsonl", "jar-chain", ("archive", "content"), None, None),
    "tuf": ("cose-tsr-tuf.jsonl", "tuf-snapshot", ("metadata", "content"), ("root", "content"), "tuf"),
}


@pytest.mark.parametrize("kind", PACKAGES)
def test_every_kind_of_package(rekor, work, kind):
    """Uploaded, verified with its proof, and found by its digest, or by what else it is known by."""
    file, name, content, key, pki = PACKAGES[kind]
    spec = artifact(file, name)

    def written(path, to):
        value = spec
        for step in path:
            value = value[step]
        (work / to).write_bytes(base64.b64decode(value) if isinstance(value, str) else json.dumps(value).encode())
        return work / to

    flags = ["--type", kind, "--artifact", written(content, "artifact")]
    if key:
        flags += ["--public-key", written(key, "key"), "--pki-format", pki]
    rekor("upload", *flags)
    assert "already exists" in rekor("upload", *flags)
    verified = rekor("verify", *flags)
    assert "Inclusion Proof" in verified
    [uuid] = re.findall(r"Entry Hash: ([0-9a-f]+)", verified)
    entry = rekor.json("get", "--uuid", uuid[-64:])
    assert entry["UUID"].endswith(uuid[-64:])
    if kind == "helm":
        [digest] = re.findall(r"sha256:([0-9a-f]{64})", (work / "artifact").read_text())
        assert entry["UUID"] in rekor("search", "--sha", digest)
    elif kind == "tuf":
        assert entry["UUID"] in rekor("search", "--public-key", work / "key", "--pki-format", "tuf")
    else:
        assert entry["UUID"] in rekor("search", "--artifact", work / "artifact")
    if kind == "jar":
        # Whose key it is, is in the archive.
        certificate = base64.b64decode(entry["Body"]["JARModel"]["signature"]["publicKey"]["content"])
        (work / "key").write_bytes(certificate)
        assert entry["UUID"] in rekor("search", "--email", "below-long@example.org")
    if kind in ("alpine", "cose", "jar"):
        assert entry["UUID"] in rekor("search", "--public-key", work / "key", "--pki-format", "x509")


def widened(archive, file):
    """The archive once more, with every number of its directory in Zip64's records."""
    with zipfile.ZipFile(archive) as before, zipfile.ZipFile(file, "w") as after:
        for name in before.namelist():
            after.writestr(name, before.read(name))
    content = bytearray(file.read_bytes())
    end = content.rindex(b"PK\5\6")
    content[end + 8 : end + 20] = b"\xff" * 12
    file.write_bytes(content)


def test_a_java_archive_with_zip64(rekor, work, monkeypatch):
    """The JDK and Rekor's own library, which is in rekor-cli, take it too."""
    (work / "signed.jar").write_bytes(base64.b64decode(artifact("packages.jsonl", "jar-chain")["archive"]["content"]))
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 0)
    widened(work / "signed.jar", work / "wide.jar")
    assert (work / "wide.jar").read_bytes().count(b"PK\6\6") == 1
    assert "jar verified" in run(["jarsigner", "-verify", work / "wide.jar"]).stdout
    flags = ["--type", "jar", "--artifact", work / "wide.jar"]
    index = index_of(rekor("upload", *flags))
    assert "Inclusion Proof" in rekor("verify", *flags)
    assert rekor.json("get", "--log-index", index)["Body"]["JARModel"]["archive"]["hash"]["value"] == sha256(work / "wide.jar")


def test_search_by_email(rekor, stack, blob, work):
    cosign = Cosign3(stack, work)
    cosign("sign-blob", *cosign.signing(), "--bundle", "bundle.json", blob)
    index = json.loads((work / "bundle.json").read_text())["verificationMaterial"]["tlogEntries"][0]["logIndex"]
    uuid = rekor.json("get", "--log-index", index)["UUID"]
    assert uuid in rekor("search", "--email", EMAIL)


def signed_statement(work, digest):
    """An in-toto statement about a digest, and the flags that name its envelope and key."""
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
    return statement, ["--artifact", work / "envelope.json", "--public-key", work / "pub.pem", "--pki-format", "x509"]


def upload_statement(rekor, work, digest):
    """Logs a signed in-toto statement about a digest; its index and the statement."""
    statement, flags = signed_statement(work, digest)
    return index_of(rekor("upload", *flags, "--type", "intoto")), statement


@pytest.mark.parametrize("kind", ["dsse:0.0.1", "intoto:0.0.1", "intoto:0.0.2"])
def test_every_kind_of_envelope(rekor, work, kind):
    """Uploaded, verified with its proof, and found by its subject, by its payload and by its key."""
    digest = hashlib.sha256(f"{kind} {work}".encode()).hexdigest()
    statement, flags = signed_statement(work, digest)
    flags += ["--type", kind]
    index = index_of(rekor("upload", *flags))
    entry = rekor.json("get", "--log-index", index)
    payload = base64.b64decode(json.loads((work / "envelope.json").read_text())["payload"])
    assert json.loads(payload) == statement
    kept = json.dumps(entry["Body"])
    assert hashlib.sha256(payload).hexdigest() in kept and base64.b64encode(payload).decode() not in kept
    assert "already exists" in rekor("upload", *flags)
    assert "Inclusion Proof" in rekor("verify", *flags)
    for known in (["--sha", digest], ["--sha", hashlib.sha256(payload).hexdigest()], ["--public-key", work / "pub.pem", *flags[4:6]]):
        assert entry["UUID"] in rekor("search", *known), known
    envelope = json.loads((work / "envelope.json").read_text())
    envelope["payload"] = base64.b64encode(payload.replace(b"app", b"api")).decode()
    (work / "envelope.json").write_text(json.dumps(envelope))
    rekor("upload", *flags, ok=False)


def test_attestations_are_stored_and_found_by_subject(rekor, work):
    """An in-toto statement: searched by what it is about, its payload kept and given back."""
    digest = hashlib.sha256(b"subject of the statement" + work.name.encode() + str(work).encode()).hexdigest()
    index, statement = upload_statement(rekor, work, digest)
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
