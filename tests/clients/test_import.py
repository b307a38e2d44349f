"""The shards of a Rekor that somebody leaves, by docs/operations/import-rekor.md: found, proved and verified as before.

The Rekor is another sigstead, whose keys the new log never sees.
"""

import base64
import json
import re
import signal
import subprocess
import time

import pytest

from clients.cosign import EMAIL, Cosign3
from clients.test_rekor_cli import RekorCli, artifact, index_of, upload_statement
from conftest import CLIENTS
from faults.load import Load, Memory
from page import Page, Reader, configure, mean
from stack import Program, Stack, answers, free_port, run, wait_for

PAGE = Page("import-rekor.md")
SUBJECT = "5ab1ec7" + 57 * "0"


@pytest.fixture(scope="module")
def old(binary, tmp_path_factory):
    """A log with two shards: entries of several kinds, an attestation, a keyless signature, and some hundreds more."""
    folder = tmp_path_factory.mktemp("old")
    work = folder / "work"
    work.mkdir()
    with Stack.up(binary, folder / "data") as stack:
        rekor, cosign = RekorCli(stack, work), Cosign3(stack, work)
        blob = work / "blob"
        blob.write_bytes(b"signed before the move")
        cosign("sign-blob", *cosign.signing(), "--bundle", work / "old.json", blob)
        spec = artifact("packages.jsonl", "alpine-rsa4096")
        (work / "package").write_bytes(base64.b64decode(spec["package"]["content"]))
        (work / "key").write_bytes(base64.b64decode(spec["publicKey"]["content"]))
        rekor("upload", "--type", "alpine", "--artifact", work / "package", "--public-key", work / "key", "--pki-format", "x509")
        spec = artifact("cose-tsr-tuf.jsonl", "cose-es256")
        (work / "message").write_bytes(base64.b64decode(spec["message"]))
        (work / "cose.pub").write_bytes(base64.b64decode(spec["publicKey"]))
        stack.cose = index_of(
            rekor("upload", "--type", "cose", "--artifact", work / "message", "--public-key", work / "cose.pub", "--pki-format", "x509")
        )
        stack.statement, _ = upload_statement(rekor, work, SUBJECT)
        with Load(stack.urls["log"], Memory(), "old"):
            wait_for(lambda: json.loads(stack.get("log", "/api/v1/log"))["treeSize"] > 700, "700 entries")
        run([binary, "log", "rotate", "--config", stack.document("sigstead.toml")])
        wait_for(lambda: json.loads(stack.get("log", "/api/v1/log"))["inactiveShards"], "the new shard")
        cosign("sign-blob", *cosign.signing(), "--bundle", work / "new.json", blob)
        stack.work, stack.blob = work, blob
        yield stack


class New:
    """A log of its own, with its own keys, that takes over from the old one."""

    def __init__(self, binary, folder, database):
        self.binary, self.folder = binary, folder
        with Stack.up(binary, folder / "made") as made:
            self.urls, self.data = dict(made.urls), made.data
        address = f"127.0.0.1:{free_port()}"
        self.urls["log"] = f"http://{address}"
        settings = f'database = "{database or "sqlite:new.db"}"\nguard = "new-guard"\n[log]\nlisten = "{address}"\n[admin]\nlisten = "127.0.0.1:0"\n'
        configure(self.data / "sigstead.toml", settings)
        self.flags = ["--config", self.data / "sigstead.toml"]

    def brings(self, source, *flags, ok=True):
        return run([self.binary, "log", "import", *self.flags, "--from", source, *flags], ok=ok)

    def __enter__(self):
        self.program = Program([self.binary, "log", *self.flags], self.folder / "log")
        wait_for(lambda: answers(f"{self.urls['log']}/ping"), "the new log")
        return self

    def __exit__(self, *_):
        self.program.stop()

    get, service_url, document = Stack.get, Stack.service_url, Stack.document


@pytest.fixture(params=["SQLite", "Postgres"])
def new(request, binary, tmp_path):
    postgres = request.getfixturevalue("postgres") if request.param == "Postgres" else None
    return New(binary, tmp_path, postgres and postgres.new_database())


def info(stack):
    return json.loads(stack.get("log", "/api/v1/log"))


def entry(stack, where):
    [(uuid, told)] = json.loads(stack.get("log", f"/api/v1/log/entries{where}")).items()
    return uuid, told


def test_everything_is_as_it_was(old, new, work):
    told = new.brings(old.urls["log"]).stdout
    before = info(old)["inactiveShards"][0]
    assert f"shard {before['treeID']}: {before['treeSize']} entries, root {before['rootHash']}: as it was signed" in told
    with new:
        after = info(new)["inactiveShards"][0]
        assert (after["treeSize"], after["rootHash"]) == (before["treeSize"], before["rootHash"])
        for index in (0, 1, 255, 256, before["treeSize"] - 1):
            (old_id, then), (new_id, now) = entry(old, f"?logIndex={index}"), entry(new, f"?logIndex={index}")
            assert new_id == old_id
            for same in ("body", "integratedTime", "logID", "logIndex"):
                assert now[same] == then[same], same
            assert now["verification"]["inclusionProof"]["hashes"] == then["verification"]["inclusionProof"]["hashes"]
            assert entry(new, f"/{old_id}")[0] == entry(new, f"/{old_id[16:]}")[0] == old_id
        for index in (old.cose, old.statement):
            now, then = entry(new, f"?logIndex={index}")[1], entry(old, f"?logIndex={index}")[1]
            assert now["attestation"] == then["attestation"]
        rekor, was = RekorCli(new, work), RekorCli(old, work)
        of_alice = was.json("search", "--email", EMAIL)["UUIDs"]
        of_old_shard = f"{int(before['treeID']):016x}"
        assert rekor.json("search", "--email", EMAIL)["UUIDs"] == [uuid for uuid in of_alice if uuid.startswith(of_old_shard)]
        for query in (["--sha", SUBJECT], ["--artifact", old.work / "package"], ["--public-key", old.work / "key", "--pki-format", "x509"]):
            assert rekor.json("search", *query) == was.json("search", *query)
        rekor("verify", "--log-index", "1")
        rekor("logproof", "--first-size", "5", "--last-size", str(before["treeSize"]), "--tree-id", before["treeID"])
        assert "everything agrees" in run([new.binary, "log", "audit", *new.flags]).stdout
        found = json.loads(new.get("log", f"/api/search?email={EMAIL}"))["entries"]
        assert [one["logIndex"] for one in found] == [1]
        then = entry(old, "?logIndex=1")[1]["integratedTime"]
        assert found[0]["time"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(then))
        (work / "own").write_bytes(b"an entry of the new log")
        run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", work / "own.key"])
        run(["openssl", "ec", "-in", work / "own.key", "-pubout", "-out", work / "own.pub"])
        run(["openssl", "dgst", "-sha256", "-sign", work / "own.key", "-out", work / "own.sig", work / "own"])
        signed = ["--artifact", work / "own", "--signature", work / "own.sig", "--public-key", work / "own.pub"]
        index = index_of(rekor("upload", *signed, "--pki-format", "x509", "--type", "hashedrekord"))
        assert index == before["treeSize"] + 1, "after the old entries and the new shard's own first one"
        rekor("loginfo")
        refused = new.brings(old.urls["log"], "--with-active", ok=False)
        assert "entries of its own" in refused.stderr


def test_bundles_that_clients_kept_go_on_to_verify(old, new, work):
    """cosign asks nothing of the new log but its trust root, which names the old keys until their end."""
    reader = Reader(new.binary, new.data, path=[CLIENTS])
    told = reader(PAGE.script("log import"), {"https://rekor.example.com": old.urls["log"], "rekor.pub": old.document("log.pub")})
    (new.data / "old-rekor.pub").write_bytes(old.document("log.pub").read_bytes())
    config = new.data / "sigstead.toml"
    configure(config, mean(PAGE.fragment("[[log.earlier]]"), {"2026-11-21T00:00:00Z": "2100-01-01T00:00:00Z"}))
    trusted = run([new.binary, "client", "trusted-root", "--config", config]).stdout
    root = json.loads(trusted)
    assert [log["publicKey"]["validFor"].get("end") for log in root["tlogs"]][0] == "2100-01-01T00:00:00Z"
    theirs = json.loads(old.document("trusted_root.json").read_text())
    for authorities in ("certificateAuthorities", "ctlogs", "timestampAuthorities"):
        root[authorities] = theirs[authorities]
    (work / "root.json").write_text(json.dumps(root))
    cosign = Cosign3(old, work)
    for bundle in ("old.json", "new.json"):
        cosign("verify-blob", "--trusted-root", work / "root.json", *cosign.identity(), "--bundle", old.work / bundle, old.blob)
    with new:
        assert len(info(new)["inactiveShards"]) == 2
        audited = reader(PAGE.command("sigstead log audit"))
        assert all(f"root {root}: {PAGE.told('everything agrees')}" in audited for root in re.findall(r"root (\w+): as it was", told))
        assert re.findall(r"root (\w+): as it was", told) and "Tree Size" in reader(PAGE.command("rekor-cli loginfo"), {"URL": new.urls["log"]})
        uuid, _ = entry(old, "?logIndex=1")
        assert uuid in reader(PAGE.command("rekor-cli get"), {"URL": new.urls["log"], "--uuid UUID": f"--uuid {uuid}"})


def test_an_import_that_was_killed_goes_on(old, new):
    source = old.urls["log"]
    command = [new.binary, "log", "import", *new.flags, "--from", source]
    sizes = []
    for patience in (0.1, 0.15, 0.2, 0.25, 0.3, 0.4):
        running = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(patience)
        running.send_signal(signal.SIGKILL)
        sizes.append(running.wait())
    assert -signal.SIGKILL in sizes, "every import was quicker than its end"
    new.brings(source, *(["--with-active"] if 0 in sizes else []))
    with new:
        shards, theirs = info(new)["inactiveShards"], info(old)["inactiveShards"]
        assert (shards[0]["treeSize"], shards[0]["rootHash"]) == (theirs[0]["treeSize"], theirs[0]["rootHash"])


def test_a_file_is_as_good_as_a_server(old, new, work):
    shard = info(old)["inactiveShards"][0]
    file = work / "shard.jsonl"
    new.brings(old.urls["log"], "--tree-id", shard["treeID"], "--save", file)
    lines = file.read_text().splitlines()
    assert len(lines) == 1 + shard["treeSize"]

    def refused(lines, why, *flags):
        (work / "other.jsonl").write_text("\n".join(lines) + "\n")
        error = new.brings(work / "other.jsonl", *flags, ok=False).stderr
        assert why in error, error

    refused(lines[:-1], f"ends after {shard['treeSize'] - 1} of {shard['treeSize']}")
    swapped = [*lines[:-2], lines[-1], lines[-2]]
    refused(swapped, f"entry {shard['treeSize'] - 2} should be here")
    body = base64.b64encode(b'{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{}}').decode()
    last = json.loads(lines[-1])
    [told] = last.values()
    refused([*lines[:-1], json.dumps({next(iter(last)): {**told, "body": body}})], "not the one that its id names")
    later = {**told, "integratedTime": told["integratedTime"] + 1}
    refused([*lines[:-1], json.dumps({next(iter(last)): later})], "SET does not verify")
    key = old.document("ct.pub")
    refused(lines, "another key", "--public-key", key)
    head = json.loads(lines[0])
    refused([json.dumps({**head, "publicKey": key.read_text()}), *lines[1:]], "its checkpoint, by its key")
    assert not answers(f"{new.urls['log']}/ping")
    new.brings(file, "--public-key", old.document("log.pub"))
    with new:
        assert info(new)["inactiveShards"][0]["rootHash"] == shard["rootHash"]
