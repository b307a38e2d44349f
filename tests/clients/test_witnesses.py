"""Logs that witness each other: their checkpoints carry cosignatures, and a log that was rolled back is found out."""

import base64
import hashlib
import json
import shutil
import signal
import socket
import time
import urllib.error
import urllib.request
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from certificates import Authority
from clients.cosign import Cosign3
from faults.load import entry_v2
from stack import PATIENCE, Program, Stack, answers, free_port, run, wait_for


class Log:
    """`sigstead log` from the configuration that `up` made, with more in it."""

    def __init__(self, binary, folder, name, new_database):
        self.binary, self.folder, self.name, self.new_database = binary, folder, name, new_database
        with Stack.up(binary, folder / name) as made:
            self.data = made.data
        self.address, self.admin = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        # Signed once: the same words are the same entry.
        self.database, self.entries = new_database(), {}
        run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.data / "keys/witness.key"])
        # A witness tells logs by their names, and `up` calls each by its address.
        self.origin = f"{name}.example"
        self.config = self.data / "witnessed.toml"
        self.write()
        keys = run([binary, "log", "keys", "--config", self.config]).stdout.split("\n")
        self.log_key, self.witness_key = (line.split(" ")[1] for line in keys[:2])

    def write(self, log_v2="", logs=()):
        text = (self.data / "sigstead.toml").read_text().replace("[log_v2]\n", f"[log_v2]\n{log_v2}")
        section = text.index("[log_v2]")
        origin = text.index("origin = ", section)
        text = text[:origin] + f'origin = "{self.origin}"' + text[text.index("\n", origin):]
        witness = f'key = "file:keys/witness.key"\nname = "witness.{self.name}.example"\nlogs = {json.dumps(list(logs))}\n'
        self.config.write_text(f"{text}\n[witness]\n{witness}")

    def witnessed_by(self, *others, missing="wait", quorum="all", patience=30):
        names = [other.name for other in others]
        policy = "".join(f"witness {o.name} {o.witness_key} http://{o.address}/witness\n" for o in others)
        (self.data / "policy").write_text(f"{policy}group them {quorum} {' '.join(names)}\nquorum them\n")
        # A witness that is away refuses at once; one that is there may have a busy machine.
        return f'witness_policy = "policy"\nwitness_missing = "{missing}"\nwitness_timeout_ms = {patience * 1000}\n'

    def start(self, scheme="http"):
        settings = [f"log.listen={self.address}", f"admin.listen={self.admin}", f"database={self.database}"]
        flags = [part for setting in settings for part in ("--set", setting)]
        self.program = Program([self.binary, "log", "--config", self.config, *flags], self.folder / f"{self.name}-log")
        if scheme == "http":
            wait_for(lambda: self.program.process.poll() is not None or answers(f"http://{self.address}/ping"), self.name)
            assert self.program.process.poll() is None, self.program.output()
        wait_for(lambda: answers(f"http://{self.admin}/healthz"), f"the admin port of {self.name}")
        return self

    def stop(self, how=signal.SIGTERM):
        self.program.stop(how)

    def get(self, path):
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=PATIENCE) as answer:
            return answer.read().decode()

    def post(self, path, body):
        """Status, media type and text."""
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", data=body.encode(), timeout=10) as answer:
                return answer.status, answer.headers["Content-Type"], answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Content-Type"], error.read().decode()

    def add(self, what):
        """Adds an entry; the status, and the checkpoint that came with it."""
        request = urllib.request.Request(
            f"http://{self.address}/api/v2/log/entries",
            data=self.entries.setdefault(what, json.dumps(entry_v2(what.encode())).encode()),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, json.load(answer)["inclusionProof"]["checkpoint"]["envelope"]
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Retry-After"]


def cosigned(note, key):
    """Whether a verifier key of a witness has signed a note (C2SP tlog-cosignature), and for which size."""
    name, key_id, encoded = key.split("+", 2)
    public = ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded)[1:])
    text, lines = note.split("\n\n")
    for line in lines.splitlines():
        _, by, signature = line.split(" ")
        raw = base64.b64decode(signature)
        if by == name and raw[:4].hex() == key_id:
            message = f"cosignature/v1\ntime {int.from_bytes(raw[4:12])}\n{text}\n"
            public.verify(raw[12:], message.encode())
            return int(text.split("\n")[1])
    return None


@pytest.fixture(params=["SQLite", "Postgres"])
def logs(request, binary, tmp_path):
    """Two logs that are not running yet."""
    files = (f"sqlite:{tmp_path}/{number}.db" for number in range(9))
    new_database = request.getfixturevalue("postgres").new_database if request.param == "Postgres" else lambda: next(files)
    pair = [Log(binary, tmp_path, name, new_database) for name in ("east", "west")]
    yield pair
    for log in pair:
        if hasattr(log, "program"):
            log.stop()


def test_logs_witness_each_other(logs):
    east, west = logs
    for log, other in ((east, west), (west, east)):
        log.write(log.witnessed_by(other), [other.log_key])
    west.start(), east.start()
    for number in range(5):
        for log, other in ((east, west), (west, east)):
            status, note = log.add(f"{log.name} {number}")
            assert status == 201 and cosigned(note, other.witness_key) == number + 2, "the first entry is the log's own"
            assert cosigned(log.get("/checkpoint"), other.witness_key) == number + 2
    # The witness is killed between two answers, and remembers what it has seen.
    west.stop(signal.SIGKILL)
    assert east.add("while the witness is away") == (503, "1")
    assert cosigned(east.get("/checkpoint"), west.witness_key) == 6, "the checkpoint before stays"
    west.start()
    wait_for(lambda: east.add("while the witness is away")[0] == 201, "the witness")
    assert cosigned(east.get("/checkpoint"), west.witness_key) == 7
    east.stop()
    east.start()
    status, note = east.add("after a restart, with a memory of its own that is empty")
    assert status == 201 and cosigned(note, west.witness_key) == 8
    kept = east.get("/api/v2/checkpoint/7")
    assert 1 <= int(kept.split("\n")[1]) <= 7 and cosigned(kept, west.witness_key)


def test_a_log_publishes_without_its_witness_if_it_may(logs):
    east, west = logs
    east.write(east.witnessed_by(west, missing="publish"))
    east.start()
    status, note = east.add("alone")
    assert status == 201 and cosigned(note, west.witness_key) is None
    west.write("", [east.log_key])
    west.start()
    status, note = east.add("together")
    assert status == 201 and cosigned(note, west.witness_key) == 3


def test_a_witness_that_says_nothing_is_waited_for_only_where_it_is_needed(logs):
    """It takes connections, and never answers."""
    east, west = logs
    west.write("", [east.log_key])
    west.start()
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as silent:
        mute = SimpleNamespace(name="mute", witness_key=west.witness_key, address=f"127.0.0.1:{silent.getsockname()[1]}")

        def answered(what, **policy):
            east.write(east.witnessed_by(west, mute, **policy))
            east.start()
            begun = time.monotonic()
            status, note = east.add(what)
            east.stop()
            return status, note, time.monotonic() - begun

        status, note, took = answered("the quorum is met without it", quorum="any", patience=PATIENCE)
        assert status == 201 and cosigned(note, west.witness_key) and took < PATIENCE / 2
        status, note, took = answered("published without it", missing="publish", patience=2)
        assert status == 201 and cosigned(note, west.witness_key) and 2 <= took < PATIENCE / 2
        status, retry_after, took = answered("not published without it", patience=2)
        assert (status, retry_after) == (503, "1") and 2 <= took < PATIENCE / 2


def test_a_witness_under_an_authority_of_ones_own(logs, tmp_path):
    """Not believed by the system's authorities, nor by an authority of another name; the file that names it is read again."""
    east, west = logs
    ours, other = Authority(tmp_path, "ours"), Authority(tmp_path, "other")
    certificate, key = ours.issue("west", "127.0.0.1")
    west.write("", [east.log_key])
    tls = f'\n[log.tls]\ncertificate = "{certificate}"\nkey = "file:{key}"\n'
    west.config.write_text(west.config.read_text() + tls)
    west.start(scheme="https")
    witnesses = east.witnessed_by(west)
    (east.data / "policy").write_text((east.data / "policy").read_text().replace("http://", "https://"))
    east.write(witnesses)
    east.start()
    assert east.add("by the system's authorities")[0] == 503
    east.stop()
    east.write(witnesses + 'witness_ca = "witness-ca.pem"\n')
    shutil.copy(other.pem, east.data / "witness-ca.pem")
    east.start()
    assert east.add("by another authority")[0] == 503
    shutil.copy(ours.pem, east.data / "witness-ca.pem")
    wait_for(lambda: east.add("by its own")[0] == 201, "the new file")
    assert cosigned(east.get("/checkpoint"), west.witness_key)


def test_a_log_that_was_rolled_back_is_found_out(logs):
    """The log's own memory is lost with its database; the witness's is not."""
    east, west = logs
    east.write(east.witnessed_by(west), [])
    west.write("", [east.log_key])
    west.start(), east.start()
    for number in range(3):
        assert east.add(f"entry {number}")[0] == 201
    east.stop()
    shutil.rmtree(east.data / "rollback-guard")
    east.database = east.new_database()
    east.start()
    assert east.add("over a fresh database")[0] == 500
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://{east.admin}/readyz", timeout=5)
    why = json.load(refused.value)["failures"]["log-v2-witnesses"]
    assert "west has seen 4 entries of this log, which has 1: it was rolled back" in why


def test_a_witness_signs_only_what_continues(logs, work):
    east, west = logs
    west.write("", [east.log_key])
    west.start(), east.start()
    notes = [east.add(f"entry {number}")[1] for number in range(3)]

    def ask(note, old, proof=()):
        return west.post("/witness/add-checkpoint", "\n".join([f"old {old}", *proof, "", note]))

    assert ask(notes[1], 1)[:2] == (409, "text/x.tlog.size")
    assert ask(notes[1], 1)[2] == "0\n"
    status, _, line = ask(notes[1], 0)
    assert status == 200 and cosigned(notes[1].split("\n\n")[0] + "\n\n" + line, west.witness_key) == 3
    assert ask(notes[1], 3)[0] == 200, "the same once more"
    assert ask(notes[2], 0)[2] == "3\n"
    proof = [base64.b64encode(hashlib.sha256(b"").digest()).decode()]
    assert ask(notes[2], 3, proof)[0] == 422
    assert ask(notes[2], 3)[0] == 422
    assert ask(notes[0], 3)[0] == 400, "a smaller tree"
    other = notes[2].replace("east.example\n4", "else.example\n4", 1)
    assert ask(other, 3)[0] == 404
    assert ask(notes[2].replace("\n4\n", "\n5\n", 1), 3)[0] == 403
    assert west.post("/witness/add-checkpoint", "nonsense")[0] == 400
    assert west.post("/witness/add-checkpoint", "old 2\n" * 20_000)[0] == 413


def test_cosign_does_not_mind_cosignatures(binary, tmp_path, work, blob, monkeypatch):
    """A v2 bundle whose checkpoint has one line more."""
    with Stack.up(binary, tmp_path / "data") as made:
        keys = run([binary, "log", "keys", "--config", made.document("sigstead.toml")]).stdout
    witness = Log(binary, tmp_path, "west", lambda: f"sqlite:{tmp_path}/west.db")
    witness.write("", [keys.split()[1]])
    witness.start()
    (work / "policy").write_text(f"witness w {witness.witness_key} http://{witness.address}/witness\nquorum w\n")
    monkeypatch.setenv("SIGSTEAD_LOG_V2__WITNESS_POLICY", str(work / "policy"))
    monkeypatch.setenv("SIGSTEAD_LOG_V2__WITNESS_MISSING", "wait")
    with Stack.up(binary, tmp_path / "data") as stack:
        cosign, bundle = Cosign3(stack, work), work / "bundle.json"
        services = ["--signing-config", stack.document("signing_config_rekor_v2.v0.2.json"), *cosign.trust()]
        cosign("sign-blob", "--identity-token", cosign.token_file(), *services, "--bundle", bundle, blob)
        cosign("verify-blob", *cosign.trust(), *cosign.identity(), "--use-signed-timestamps", "--bundle", bundle, blob)
        [entry] = json.loads(bundle.read_text())["verificationMaterial"]["tlogEntries"]
        assert cosigned(entry["inclusionProof"]["checkpoint"]["envelope"], witness.witness_key)
    witness.stop()
