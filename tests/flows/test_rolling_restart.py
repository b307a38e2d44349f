"""A server is added and every process restarted while clients sign, by add-a-server.md and upgrade.md: nothing fails."""

import re
import shlex
import threading
import urllib.request

import pytest

from balanced import Balanced
from clients.cosign import Cosign2, Cosign3
from page import Page, Reader, mean
from stack import Program, Stack, free_port, wait_for

ADD, UPGRADE = Page("add-a-server.md"), Page("upgrade.md")


class Clients:
    """They sign until they are told to stop."""

    def __init__(self, stack, work, blob):
        self.stack, self.work, self.blob = stack, work, blob
        self.failures, self.signed, self.ended = [], [], threading.Event()
        versions = enumerate([Cosign3, Cosign2, Cosign3])
        self.threads = [threading.Thread(target=self.go_on, args=one) for one in versions]

    def go_on(self, number, version):
        folder = self.work / f"{number}"
        folder.mkdir()
        cosign, turn = version(self.stack, folder), 0
        while not self.ended.is_set():
            files = ["--output-certificate", folder / f"{turn}.pem", "--output-signature", folder / f"{turn}.sig"]
            if version is Cosign3:
                files = ["--bundle", folder / f"{turn}.json"]
            try:
                cosign("sign-blob", *cosign.signing(), *files, self.blob)
                self.signed.append((cosign, files))
            except AssertionError as failure:
                self.failures.append(str(failure))
            turn += 1

    def see(self, count):
        """Waits for so many more signatures."""
        before = len(self.signed)
        wait_for(lambda: len(self.signed) > before + count or self.failures, "signatures")

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()


@pytest.fixture
def running(binary, tmp_path, postgres, up_stack):
    """Two copies of each service; where a third log will be; the operator."""
    made = Stack.up(binary, tmp_path / "data", postgres.new_database())
    made.stop()
    third = f"127.0.0.1:{free_port()}"
    with Balanced.start(binary, made, Stack.SERVICES, up_stack, to_come={"log": [third]}) as stack:
        yield stack, third, Reader(binary, stack.data, path=[postgres.bin])


def health(reader, program):
    """A server is asked by the settings that it was started with."""
    settings = program.command[program.command.index("--set") :]
    wait_for(lambda: "READY" in reader(f"{UPGRADE.command('sigstead health --config')} {shlex.join(settings)}", ok=None), "a ready server")


def test_nothing_fails_while_a_server_is_added_and_all_restart(running, tmp_path, work, blob):
    stack, third, reader = running
    with Clients(stack, work, blob) as clients:
        added, admin = third_log(stack, third, reader, tmp_path)
        clients.see(1)
        wait_for(lambda: has_its_share(admin) or clients.failures, "the third log's share")
        reader(UPGRADE.script("sigstead backup"), {"/backups/before-upgrade": tmp_path / "backup"})
        reader(UPGRADE.script("sigstead db migrate --config sigstead.toml\n"))
        stack.programs.append(added)
        balancer, *programs = stack.programs
        for place, program in enumerate(programs, start=1):
            clients.see(1)
            assert program.stop() == 0, f"it ended of itself and in order:\n{program.output()}"
            started = Balanced.again(program)
            stack.programs[place] = started
            wait_for(lambda: started.output().count(" listens on ") == 2, "the restarted copy")
            health(reader, started)
    assert not clients.failures, clients.failures[0]
    for cosign, files in clients.signed:
        shown = [part.replace("--output-", "--") if isinstance(part, str) else part for part in files]
        cosign("verify-blob", *cosign.trust(), *cosign.identity(), *shown, blob)
    assert UPGRADE.told("what this program wants") in reader(UPGRADE.command("sigstead db status"))
    reader(UPGRADE.command("sigstead --version"))


def has_its_share(admin):
    """Once the balancer has seen it alive, entries reach it too."""
    metrics = urllib.request.urlopen(f"http://{admin}/metrics", timeout=10).read().decode()
    return re.search(rf'^{ADD.told("_count")}{{.*method="POST".*}} [1-9]', metrics, re.M)


def third_log(stack, address, reader, tmp_path):
    """As the page starts it, and asks for its health."""
    admin = f"127.0.0.1:{free_port()}"
    places = {"10.0.0.8:3000": address, "/var/lib/sigstead/guard": tmp_path / "third-guard", "10.0.0.8:2112": admin}
    places["--config sigstead.toml"] = f"--config {stack.data / 'sigstead.toml'}"
    command = shlex.split(mean(ADD.script("sigstead log"), places))
    program = Program([stack.binary, *command[1:]], tmp_path / "log-third.log")
    wait_for(lambda: ADD.told("READY") in reader(ADD.script("sigstead health"), {"10.0.0.8:2112": admin}, ok=None), "the third log")
    return program, admin
