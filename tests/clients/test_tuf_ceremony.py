"""The root's ceremonies, by docs/operations/rotate-root.md: people with keys in files and in a token, and a service that never sees them."""

import json
import os
import re
import shutil
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from clients.test_pkcs11 import Token
from clients.tuf_repository import Following, Following2, FollowingPython, PythonTuf, at, signed_blob
from conftest import CLIENTS
from page import Page, Reader
from stack import Program, answers, free_port, run, wait_for


PAGE = Page("rotate-root.md")


class Ceremony:
    """A service with a repository of its own, and people."""

    def __init__(self, binary, stack, work):
        self.binary, self.stack, self.work = binary, stack, work
        self.config = stack.data / "sigstead.toml"
        self.address, self.admin = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        self.url, self.folder = f"http://{self.address}", work / "repository"
        self.settings = [f"trust.tuf.folder={self.folder}", f"trust.listen={self.address}", f"admin.listen={self.admin}"]
        self.program = None

    def command(self, *arguments, ok=True, env=None):
        flags = [part for setting in self.settings for part in ("--set", setting)]
        where = [] if arguments[0] == "sign" else ["--config", self.config, *flags]
        return run([self.binary, "trust", *arguments, *where], ok=ok, cwd=self.work, env={**os.environ, **(env or {})})

    def page(self, words, meaning=(), ok=True):
        """As the page says it, with the configuration named by environment."""
        env = {f"SIGSTEAD_{key.upper().replace('.', '__')}": value for key, value in (one.split("=", 1) for one in self.settings)}
        reader = Reader(self.binary, self.work, path=[CLIENTS])
        return reader(PAGE.command(words), meaning, ok, env={**os.environ, **reader.env, **env, "SIGSTEAD_CONFIG": str(self.config)})

    def key(self, name, *encryption):
        """A person's key file; they hand out the public part."""
        make = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", f"{name}.key"]
        run([*make, *encryption], cwd=self.work)
        password = ["-passin", encryption[-1]] if encryption else []
        run(["openssl", "pkey", "-in", f"{name}.key", *password, "-pubout", "-out", f"{name}.pub"], cwd=self.work)
        return f"file:{name}.key"

    def new_online_keys(self):
        for role in ("targets", "snapshot", "timestamp"):
            self.key(role)
            self.settings.append(f"trust.tuf.{role}_key=file:{self.work}/{role}.key")

    def prepare(self, what, *flags):
        file = self.work / f"{what}.json"
        file.unlink(missing_ok=True)
        self.command("root", *flags, file.name)
        return file.name

    def sign(self, file, *keys):
        for key in keys:
            self.command("sign", "--key", key, file)

    def serve(self, env=None):
        flags = [part for setting in self.settings for part in ("--set", setting)]
        command = [self.binary, "trust", "--config", self.config, *flags]
        self.program = Program(command, self.work / "trust.log", env={**os.environ, **(env or {})})
        wait_for(lambda: answers(f"{self.url}/ping") and answers(f"http://{self.admin}/readyz"), "`sigstead trust`")

    def ready(self):
        try:
            with urllib.request.urlopen(f"http://{self.admin}/readyz", timeout=10) as answer:
                return 200, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def warning(self):
        with urllib.request.urlopen(f"http://{self.admin}/healthz", timeout=10) as answer:
            return json.load(answer).get("warnings", {}).get("tuf", "")

    def stop(self):
        if self.program:
            self.program.stop()


@pytest.fixture
def ceremony(binary, up_stack, work):
    ceremony = Ceremony(binary, up_stack, work)
    yield ceremony
    ceremony.stop()


def names(*people):
    return [flag for person in people for flag in ("--root-key", f"{person}.pub")]


def test_two_rotations_reach_clients_that_know_the_first_root(ceremony, up_stack, work, tmp_path, monkeypatch, blob):
    token = Token(tmp_path, monkeypatch)
    keys = {person: ceremony.key(person) for person in ("anna", "bert", "carla", "dora")}
    carla = token.takes("carla", work / "carla.key")
    (work / "carla.key").unlink()
    # The service is up before there is a root: documents are served, and it says what it waits for.
    ceremony.serve()
    status, told = ceremony.ready()
    assert status == 503 and "trust root init" in told["failures"]["tuf"]

    first = ceremony.prepare("first", "init", *names("anna", "bert", "carla"), "--threshold", "2")
    ceremony.sign(first, keys["anna"])
    assert "1 valid signatures of the 2" in ceremony.command("publish", first, ok=False).stderr
    ceremony.sign(first, carla)
    ceremony.command("publish", first)
    ceremony.command("status")
    clients = [PythonTuf(ceremony.url, work / "python")]
    clients[0](ceremony.folder / "1.root.json")
    cosigns = []
    for kind in (Following, Following2):
        home = work / kind.name
        home.mkdir()
        cosigns.append(kind(up_stack, home))
        cosigns[-1].initialize(ceremony.url, ceremony.folder / "1.root.json")
    sigstore = FollowingPython(up_stack, ceremony.url, work / "sigstore-python")
    sigstore("trust-instance", ceremony.folder / "1.root.json")
    sigstore.sign(blob)

    # Anna leaves, Dora comes; Bert and Carla sign copies, each at their own desk.
    ceremony.page("sigstead trust root next --root-key", {"root.json": "second.json"})
    (work / "copy.json").write_bytes((work / "second.json").read_bytes())
    ceremony.page('sigstead trust sign --key "file:bert', {"?password-source=file:FILE": "", "root.json": "second.json"})
    theirs = re.search(r"'(pkcs11:.*?)'", PAGE.command("sigstead trust sign --key 'pkcs11"))[1]
    ceremony.page("sigstead trust sign --key 'pkcs11", {theirs: carla, "root.json": "copy.json"})
    publish = "sigstead trust publish"
    assert "1 valid signatures of the 2" in ceremony.page(publish, {"root.json": "second.json"}, ok=False)
    ceremony.page(publish, {"root.json": "second.json copy.json"})

    # All three must sign from now on, and all online keys are new: a restart brings them.
    ceremony.new_online_keys()
    ceremony.page("sigstead trust root next --threshold 3")
    ceremony.sign("root.json", keys["bert"], keys["dora"])
    assert "2 valid signatures of the 3" in ceremony.page(publish, ok=False)
    ceremony.sign("root.json", carla)
    ceremony.page(publish)
    ceremony.stop()
    ceremony.serve()
    assert ceremony.ready() == (200, {"status": PAGE.told("READY")})
    assert re.search(r"^ *root +3 ", ceremony.page("sigstead trust status"), re.M)
    ceremony.page("cosign initialize", {"URL": ceremony.url, "root.json": ceremony.folder / "1.root.json"})

    assert clients[0]()["root"] == 3
    assert PythonTuf(ceremony.url, work / "newcomer")(ceremony.folder / "1.root.json")["root"] == 3
    for cosign in cosigns:
        cosign(*signed_blob(cosign, blob))
        assert cosign.cached("root.json")["signed"]["version"] == 3
    # What it signed under the first root, it verifies under the third.
    sigstore.verify(blob)
    assert sigstore.cached("root.json")["signed"]["version"] == 3
    sigstore.sign(blob)
    sigstore.verify(blob)


def test_roots_that_would_lock_clients_out_are_refused(ceremony):
    keys = {person: ceremony.key(person) for person in ("anna", "bert", "mallory")}
    first = ceremony.prepare("root", "init", *names("anna", "bert"), "--threshold", "1")
    ceremony.sign(first, keys["anna"])
    ceremony.command("publish", first)
    refused = lambda file: ceremony.command("publish", file, ok=False).stderr
    assert "the next one is 2" in refused(first)
    assert "prepare the next one" in ceremony.command("root", "init", *names("anna"), "--threshold", "1", "x.json", ok=False).stderr
    # Mallory prepares a root of her own, and signs it alone.
    own = ceremony.prepare("own", "next", *names("mallory"))
    ceremony.sign(own, keys["mallory"])
    assert "0 valid signatures of the 1" in refused(own)
    # A file that was changed after it was signed.
    changed = ceremony.prepare("changed", "next")
    ceremony.sign(changed, keys["anna"])
    text = (ceremony.work / changed).read_text()
    (ceremony.work / changed).write_text(text.replace('"threshold": 1', '"threshold": 2', 1))
    assert "valid signatures" in refused(changed)
    (ceremony.work / changed).write_text("{")
    assert "not TUF metadata" in refused(changed)
    assert "is there already" in ceremony.command("root", "next", own, ok=False).stderr
    impossible = ["root", "next", *names("anna"), "--threshold", "2", "impossible.json"]
    assert "cannot sign" in ceremony.command(*impossible, ok=False).stderr
    status = ceremony.command("status").stdout
    assert [line.split()[:2] for line in status.splitlines()[1:]][0] == ["root", "1"]


def test_an_encrypted_key_and_a_summary_before_it_signs(ceremony, work):
    (work / "password").write_text("secret\n")
    ceremony.key("anna", "-aes256", "-pass", "file:password")
    first = ceremony.prepare("root", "init", *names("anna"), "--threshold", "1")
    told = ceremony.command("sign", "--key", "file:anna.key", first, ok=False)
    assert "root 1, until" in told.stdout and "root: 1 of 1 keys" in told.stdout and "password" in told.stderr
    ceremony.command("sign", "--key", "file:anna.key?password-source=file:password", first)
    ceremony.command("publish", first)


def test_people_sign_targets_where_no_key_is_online(ceremony, work):
    people = {person: ceremony.key(person) for person in ("anna", "tom", "tina")}
    text = ceremony.config.read_text().replace('targets_key = "file:keys/tuf-targets.key"\n', "")
    ceremony.config = ceremony.stack.data / "offline-targets.toml"
    ceremony.config.write_text(text)
    targets = ["--targets-key", "tom.pub", "--targets-key", "tina.pub", "--targets-threshold", "2"]
    first = ceremony.prepare("root", "init", *names("anna"), "--threshold", "1", *targets)
    ceremony.sign(first, people["anna"])
    assert "sigstead trust targets" in ceremony.command("publish", first).stderr
    ceremony.command("targets", "targets.json")
    ceremony.sign("targets.json", people["tom"], people["anna"])
    assert "1 valid signatures of the 2" in ceremony.command("publish", "targets.json", ok=False).stderr
    ceremony.sign("targets.json", people["tina"])
    ceremony.command("publish", "targets.json")
    ceremony.serve()
    assert ceremony.ready() == (200, {"status": "READY"})
    PythonTuf(ceremony.url, work / "python")(ceremony.folder / "1.root.json")
    # Other documents wait for Tom and Tina; clients keep what was signed.
    ceremony.stop()
    ceremony.settings.append("operator=another")
    ceremony.serve()
    assert ceremony.ready() == (200, {"status": "READY"})
    assert "not those that were signed" in ceremony.warning()
    PythonTuf(ceremony.url, work / "python")()


def test_a_warning_before_the_root_ends_and_not_ready_after(ceremony):
    key = ceremony.key("anna")
    first = ceremony.prepare("root", "init", *names("anna"), "--threshold", "1", "--days", "40")
    ceremony.sign(first, key)
    ceremony.command("publish", first)
    seen = []
    for when in ("+5d", "+15d", "+45d"):
        ceremony.serve(env=at(when))
        seen.append((*ceremony.ready(), ceremony.warning()))
        ceremony.stop()
    assert seen[0] == (200, {"status": "READY"}, "")
    assert seen[1][:2] == (200, {"status": "READY"}) and "root ends" in seen[1][2]
    assert seen[2][0] == 503 and "root expired" in seen[2][1]["failures"]["tuf"]
    assert ceremony.command("status", ok=False, env=at("+45d")).stdout.splitlines()[1].split()[-1] == "0"


def test_a_running_service_signs_anew_by_itself(ceremony, work):
    """Its clock runs so fast that half a day is a second; a request then takes longer than any that is answered."""
    ceremony.settings += ["trust.tuf.timestamp_days=1", "trust.tuf.snapshot_days=2", "trust.tuf.targets_days=4"]
    key = ceremony.key("anna")
    ceremony.sign(ceremony.prepare("root", "init", *names("anna"), "--threshold", "1"), key)
    ceremony.command("publish", "root.json")
    client = PythonTuf(ceremony.url, work / "python")
    ceremony.serve()
    client(ceremony.folder / "1.root.json")
    ceremony.stop()
    ceremony.serve(env={**at("+0d x50000"), "FAKETIME_DONT_FAKE_MONOTONIC": "0"})

    def standing(role):
        lines = [line.split() for line in ceremony.command("status").stdout.splitlines()]
        return int(next(line[1] for line in lines if line[0] == role))

    wait_for(lambda: standing("targets") >= 2 and standing("snapshot") >= 3, "the third snapshot")
    ceremony.stop()
    assert standing("timestamp") >= 4
    ceremony.serve()
    assert ceremony.ready() == (200, {"status": "READY"})
    client()


def test_what_changes_while_the_service_runs_is_published(ceremony, work):
    """A log gets another key. The clock runs thirty times as fast: a minute is two seconds."""
    key = ceremony.key("anna")
    shutil.copy(ceremony.stack.data / "log.pub", work / "log.pub")
    ceremony.settings.append(f"log.public_key={work}/log.pub")
    ceremony.sign(ceremony.prepare("root", "init", *names("anna"), "--threshold", "1"), key)
    ceremony.command("publish", "root.json")
    ceremony.serve(env={**at("+0d x30"), "FAKETIME_DONT_FAKE_MONOTONIC": "0"})
    client = PythonTuf(ceremony.url, work / "python")
    before = Path(client(ceremony.folder / "1.root.json")["file"]).read_text()
    shutil.copy(work / "anna.pub", work / "log.pub")
    wait_for(lambda: (ceremony.folder / "2.targets.json").exists(), "new targets")
    wait_for(lambda: Path(client()["file"]).read_text() != before, "the new trusted root")
    with urllib.request.urlopen(f"{ceremony.url}/trusted_root.json") as served:
        assert Path(client()["file"]).read_bytes() == served.read()


def test_a_copy_without_keys_serves_what_another_publishes(ceremony, work):
    key = ceremony.key("anna")
    first = ceremony.prepare("root", "init", *names("anna"), "--threshold", "1")
    ceremony.sign(first, key)
    ceremony.command("publish", first)
    lines = ceremony.config.read_text().splitlines(keepends=True)
    ceremony.config = ceremony.stack.data / "copy.toml"
    ceremony.config.write_text("".join(line for line in lines if not ("tuf-" in line and "_key" in line)))
    before = (ceremony.folder / "timestamp.json").read_bytes()
    ceremony.serve(env=at("+5d"))
    assert ceremony.ready() == (200, {"status": "READY"})
    assert PythonTuf(ceremony.url, work / "python")(ceremony.folder / "1.root.json")["root"] == 1
    assert (ceremony.folder / "timestamp.json").read_bytes() == before


def test_a_folder_from_a_backup_is_refused_until_the_next_root(ceremony, work):
    key = ceremony.key("anna")
    ceremony.sign(ceremony.prepare("root", "init", *names("anna"), "--threshold", "1"), key)
    ceremony.command("publish", "root.json")
    shutil.copytree(ceremony.folder, work / "backup")
    ceremony.serve(env=at("+5d"))
    client = PythonTuf(ceremony.url, work / "python")
    client(ceremony.folder / "1.root.json")
    ceremony.stop()
    shutil.rmtree(ceremony.folder)
    shutil.copytree(work / "backup", ceremony.folder)
    ceremony.serve()
    assert "BadVersionNumberError" in client(ok=False)
    ceremony.new_online_keys()
    ceremony.sign(ceremony.prepare("next", "next"), key)
    ceremony.command("publish", "next.json")
    assert client()["root"] == 2


def test_the_next_root_after_the_one_that_init_made(ceremony, work):
    """The repository is where only the service writes; people leave the next root beside the configuration."""
    made, offline = work / "made", work / "offline"
    where = ["--domain", "example.com", "--issuer", "https://login.example.com", "--database", "postgres://x@127.0.0.1/x"]
    run([ceremony.binary, "init", "--data", made, *where])
    offline.mkdir()
    for key in (made / "keys").glob("*-root.key"):
        shutil.move(key, offline)
    first, left = work / "first.json", made / "tuf-root.json"
    shutil.copy(left, first)
    ceremony.config = made / "sigstead.toml"
    ceremony.serve(env={**at("+0d x30"), "FAKETIME_DONT_FAKE_MONOTONIC": "0"})
    assert ceremony.ready() == (200, {"status": "READY"})
    client = PythonTuf(ceremony.url, work / "python")
    assert client(first)["root"] == 1
    elsewhere = ["--config", ceremony.config]
    run([ceremony.binary, "trust", "root", "next", *elsewhere, "next.json"], cwd=work)
    assert not (made / "tuf").exists(), "it is prepared without the repository"
    # Unsigned, it is told and changes nothing.
    shutil.copy(work / "next.json", left)
    wait_for(lambda: "0 valid signatures of the 1" in ceremony.warning(), "the warning")
    assert client()["root"] == 1
    run([ceremony.binary, "trust", "sign", "--key", f"file:{offline}/tuf-root.key", "next.json"], cwd=work)
    shutil.copy(work / "next.json", left)
    wait_for(lambda: client()["root"] == 2, "the next root")
    wait_for(lambda: not ceremony.warning(), "the end of the warning")
    assert PythonTuf(ceremony.url, work / "newcomer")(first)["root"] == 2
    # Read again where the service's folder is not, as after a year.
    assert "root 3" in run([ceremony.binary, "trust", "root", "next", *elsewhere, "third.json"], cwd=work).stdout
