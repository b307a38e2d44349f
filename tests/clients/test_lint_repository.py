"""`sigstead trust lint` of TUF repositories: whom it says to refuse a repository refuses it, and everybody else follows."""

import base64
import hashlib
import json
import threading
from datetime import datetime, timedelta, timezone
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP521R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from securesystemslib.formats import encode_canonical

from clients.bundles import Java, Js
from clients.tuf_repository import Following, Following2, Mirror, PythonTuf
from stack import run

HERE = Path(__file__).parent
# As the report names those that are asked here.
CLIENTS = {
    "cosign and sigstore-go": ["cosign", "cosign2"],
    "cosign 3 and sigstore-go": ["cosign"],
    "sigstore-python": ["python"],
    "sigstore-js": ["js"],
    "sigstore-java": ["java"],
}


class Repository:
    """A copy of a published repository, and the keys to sign in it whatever no library would write."""

    def __init__(self, stack, mirror):
        self.stack, self.mirror, self.folder = stack, mirror, mirror.folder
        for extra in [*self.folder.glob("[2-9]*.root.json")]:
            extra.unlink()

    def file(self, role):
        if role == "timestamp":
            return self.folder / "timestamp.json"
        return max(self.folder.glob(f"*.{role}.json"), key=lambda file: int(file.name.split(".")[0]))

    def read(self, role):
        return json.loads(self.file(role).read_text())

    def write(self, role, metadata):
        content = json.dumps(metadata, indent=1)
        self.file(role).write_text(content)
        if role == "root":
            (self.folder / "root.json").write_text(content)

    def sign(self, role, change):
        """What a role signed, changed and signed again under the same version, with what leads to it."""
        metadata = self.read(role)
        change(metadata["signed"])
        key = f"offline-keys/tuf-{role}.key" if role == "root" else f"keys/tuf-{role}.key"
        private = load_pem_private_key((self.stack.data / key).read_bytes(), None)
        signature = private.sign(encode_canonical(metadata["signed"]).encode(), ECDSA(SHA256()))
        metadata["signatures"] = [{"keyid": self.keyid(role), "sig": signature.hex()}]
        self.write(role, metadata)
        above = {"targets": "snapshot", "snapshot": "timestamp"}.get(role)
        if above:
            self.sign(above, lambda signed: signed["meta"].update({f"{role}.json": self.vouched(role)}))

    def keyid(self, role):
        return self.read("root")["signed"]["roles"][role]["keyids"][0]

    def vouched(self, role, algorithm="sha256"):
        content = self.file(role).read_bytes()
        version = json.loads(content)["signed"]["version"]
        return {"version": version, "length": len(content), "hashes": {algorithm: hashlib.new(algorithm, content).hexdigest()}}


def in_timestamp(change):
    return lambda repository: repository.sign("timestamp", change)


def field(name, value):
    return in_timestamp(lambda signed: signed.update({name: value}))


def in_root(change):
    return lambda repository: repository.sign("root", lambda signed: change(signed, repository.keyid("timestamp")))


def about_snapshot(**fields):
    return in_timestamp(lambda signed: signed["meta"]["snapshot.json"].update(fields))


def md5(repository):
    about_snapshot(hashes=repository.vouched("snapshot", "md5")["hashes"])(repository)


def signatures(change):
    def damage(repository):
        metadata = repository.read("timestamp")
        metadata["signatures"] = change(metadata["signatures"])
        repository.write("timestamp", metadata)

    return damage


def padded(repository):
    file = repository.file("timestamp")
    file.write_bytes(file.read_bytes() + b" " * 20000)


def point(root, keyid):
    public = root["keys"][keyid]["keyval"]["public"]
    key = base64.b64decode("".join(public.splitlines()[1:-1]))
    # The last 65 bytes of an SPKI on P-256 are the point.
    root["keys"][keyid]["keyval"]["public"] = key[-65:].hex()


def other_file(repository):
    target = next((repository.folder / "targets").glob("*.trusted_root.json"))
    target.write_bytes(target.read_bytes().replace(b"a", b"b"))


def no_target(name):
    return lambda repository: repository.sign("targets", lambda signed: signed["targets"].pop(name))


def other_version(repository):
    before = int(repository.file("snapshot").name.split(".")[0])
    repository.sign("snapshot", lambda signed: signed.update(version=before + 7))
    about_snapshot(version=before)(repository)


def strange_next_root(repository):
    root = repository.read("root")
    root["signed"]["version"] += 1
    (repository.folder / "2.root.json").write_text(json.dumps(root))


def p521(repository):
    """A timestamp that is rightly signed with such a key."""
    key = generate_private_key(SECP521R1())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    named = {"keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp521", "keyval": {"public": public}}
    in_root(lambda root, keyid: root["keys"].update({keyid: named}))(repository)
    metadata = repository.read("timestamp")
    signature = key.sign(encode_canonical(metadata["signed"]).encode(), ECDSA(SHA512()))
    metadata["signatures"][0]["sig"] = signature.hex()
    repository.write("timestamp", metadata)


LATER, BEFORE = (datetime.now(timezone.utc) + timedelta(days=days) for days in (5, -1))
PLAIN, NULLS = "%Y-%m-%dT%H:%M:%S", "00" * 32

BREAKS = [
    ("tuf-spec-version", field("spec_version", "2.0.0")),
    ("tuf-type", field("_type", "snapshot")),
    ("tuf-expires-rewritten", field("expires", LATER.strftime(f"{PLAIN}+00:00"))),
    ("tuf-expires-form", field("expires", LATER.strftime(f"{PLAIN}.25Z"))),
    ("tuf-expired", field("expires", BEFORE.strftime(f"{PLAIN}Z"))),
    ("tuf-too-long", padded),
    ("tuf-signed-twice", signatures(lambda given: given * 2)),
    ("tuf-signature-form", signatures(lambda given: [*given, {"keyid": NULLS, "sig": "none"}])),
    ("tuf-signatures", signatures(lambda given: [])),
    ("tuf-signatures", strange_next_root),
    ("tuf-threshold-zero", in_root(lambda root, _: root["roles"]["timestamp"].update(threshold=0))),
    ("tuf-threshold-high", in_root(lambda root, _: root["roles"]["timestamp"].update(threshold=2))),
    ("tuf-role-missing", in_root(lambda root, _: root["roles"].pop("timestamp"))),
    ("tuf-key-missing", in_root(lambda root, _: root["roles"]["timestamp"]["keyids"].append(NULLS))),
    ("tuf-key-listed-twice", in_root(lambda root, keyid: root["roles"]["timestamp"]["keyids"].append(keyid))),
    ("tuf-key-form", in_root(point)),
    ("tuf-key-unreadable", in_root(lambda root, keyid: root["keys"][keyid]["keyval"].update(public="zz"))),
    ("tuf-key-unknown", in_root(lambda root, keyid: root["keys"][keyid].update(scheme="hmac"))),
    ("tuf-key-type", in_root(lambda root, keyid: root["keys"][keyid].update(keytype="ecdsa-sha2-nistp384"))),
    ("tuf-key-p521", p521),
    ("tuf-unlisted", in_timestamp(lambda signed: signed["meta"].pop("snapshot.json"))),
    ("tuf-version-other", other_version),
    ("tuf-length", about_snapshot(length=7)),
    ("tuf-hash", about_snapshot(hashes={"sha256": NULLS})),
    ("tuf-hash", other_file),
    ("tuf-hash-unknown", md5),
    ("tuf-hashes-empty", about_snapshot(hashes={})),
    ("tuf-no-trusted-root", no_target("trusted_root.json")),
    (None, lambda repository: None),
    (None, lambda repository: repository.sign("targets", lambda signed: signed["targets"].pop("rekor.pub"))),
]


@pytest.fixture
def repository(up_stack, work):
    with Mirror(up_stack.data / "tuf", work / "mirror") as mirror:
        yield Repository(up_stack, mirror)


@pytest.fixture
def older(up_stack, work):
    """One without trusted root: cosign 2 then goes by the files' usage, with the library that policy-controller has."""
    with Mirror(up_stack.data / "tuf", work / "older") as mirror:
        repository = Repository(up_stack, mirror)
        no_target("trusted_root.json")(repository)
        yield repository


def lint(repository, *arguments, ok):
    root = repository.folder / "1.root.json"
    told = run([repository.stack.binary, "trust", "lint", "--json", "--root", root, *arguments], ok=ok)
    reports = [json.loads(line) for line in told.stdout.splitlines()]
    assert reports[0]["kind"] == "tuf-repository"
    return reports


def errors(reports):
    return [finding for report in reports for finding in report["findings"] if finding["severity"] == "error"]


@pytest.fixture(scope="module")
def following_java(tmp_path_factory):
    """sigstore-java's library follows by a program of ours."""
    made = tmp_path_factory.mktemp("java")
    run(["javac", "-cp", Java.libraries, "-d", made, HERE / "java/Follow.java"])
    return ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{Java.libraries}:{made}", "Follow"]


def refusing(repository, url, work, following_java):
    """Who of the real clients gets no trusted root out of the mirror."""
    root = repository.folder / "1.root.json"
    refused = set()
    for kind in (Following, Following2):
        home = work / kind.name
        home.mkdir()
        told = kind(repository.stack, home).initialize(url, root, ok=None)
        # It goes on without, or breaks down.
        if told.returncode or "Could not fetch trusted_root.json" in told.stderr:
            refused.add(kind.name)
    if PythonTuf(url, work / "python")(root, ok=None):
        refused.add("python")
    for name in ("cache", "java-cache"):
        (work / name).mkdir()
    if run([*following_java, url, root, work / "java-cache"], ok=None).returncode:
        refused.add("java")
    js = Js(repository.stack, work)
    command = [js.node, HERE / "js/follow.js", url, root, work / "cache"]
    if js(*command, ok=None, env={"NODE_PATH": str(js.modules)}).returncode:
        refused.add("js")
    return refused


@pytest.mark.parametrize("rule, damage", BREAKS, ids=[rule for rule, _ in BREAKS])
def test_whoever_is_said_to_refuse_does_and_nobody_else(rule, damage, repository, older, work, following_java):
    damage(repository)
    found = errors(lint(repository, repository.mirror.url, ok=rule is None))
    assert found == errors(lint(repository, repository.folder, ok=rule is None))
    assert rule is None or rule in {finding["rule"] for finding in found}
    said = {name for finding in found for client in finding["clients"] for name in CLIENTS.get(client, [])}
    assert refusing(repository, repository.mirror.url, work, following_java) == said, found
    if rule != "tuf-no-trusted-root" and damage is not other_file:
        damage(older)
        home = work / "controller"
        home.mkdir()
        refused = Following2(older.stack, home).initialize(older.mirror.url, older.folder / "1.root.json", ok=None).returncode
        assert bool(refused) == any("policy-controller" in finding["clients"] for finding in found), found


class Forbidding(SimpleHTTPRequestHandler):
    """A bucket that may not be listed: what is not there is forbidden."""

    def send_error(self, code, *arguments):
        super().send_error(403 if code == 404 else code, *arguments)


def test_a_mirror_that_forbids_what_is_not_there(repository, work, following_java):
    handler = lambda *given: Forbidding(*given, directory=repository.folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        found = errors(lint(repository, url, ok=False))
        assert [finding["rule"] for finding in found] == ["tuf-next-root"]
        assert refusing(repository, url, work, following_java) == {"cosign", "cosign2", "java"}
        server.shutdown()


def test_the_documents_among_the_targets_are_judged(repository):
    broken = json.loads(next((repository.folder / "targets").glob("*.trusted_root.json")).read_text())
    del broken["tlogs"][0]["logId"]
    content = json.dumps(broken).encode()
    digest = hashlib.sha256(content).hexdigest()
    (repository.folder / f"targets/{digest}.trusted_root.json").write_bytes(content)
    entry = {"length": len(content), "hashes": {"sha256": digest}}
    repository.sign("targets", lambda signed: signed["targets"].update({"trusted_root.json": entry}))
    reports = lint(repository, repository.folder, ok=False)
    assert [report["kind"] for report in reports[1:]].count("trusted-root") == 1
    (found,) = errors(reports)
    assert found["rule"] == "log-id-missing"


def test_a_root_that_nobody_gave_is_told(repository):
    told = run([repository.stack.binary, "trust", "lint", repository.folder]).stdout
    assert "1.root.json: believed unchecked" in told and "--root" in told


def test_the_configuration_s_own_repository(stack):
    told = run([stack.binary, "trust", "lint", "--config", stack.data / "sigstead.toml"]).stdout
    assert f"{stack.data}/tuf: ok" in told


def test_a_mirror_under_an_internal_ca(tls_stack):
    mirror = ["--root", tls_stack.data / "tuf" / "1.root.json", tls_stack.urls["trust"]]
    told = run([tls_stack.binary, "trust", "lint", *mirror], ok=False).stdout
    assert "tuf-" not in told and "error sending request" in told
    run([tls_stack.binary, "trust", "lint", "--tls-ca", tls_stack.cafile, *mirror])
