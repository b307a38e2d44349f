"""What breaks around a running log: it says so, goes on by itself when it can, and keeps what it promised."""

import contextlib
import itertools
import json
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from faults.lossy import LossyProxy
from faults.load import Load, Memory, entry, entry_v2
from faults.promises import check_promises
from stack import Postgres, Stack, free_port, run, wait_for

# As large as the segments of the own server's write-ahead log; tables and SQLite's files want to be larger.
MEBIBYTE = 1 << 20


@pytest.fixture
def own_postgres(tmp_path):
    """A server that the test may break."""
    (tmp_path / "postgres").mkdir()
    with Postgres(tmp_path / "postgres", "--wal-segsize=1") as server:
        yield server


def loaded(stack, memory, life, seconds=0.5):
    with Load(stack.urls["log"], memory, life):
        time.sleep(seconds)


def test_the_database_stops_under_load(binary, own_postgres, tmp_path):
    """Postgres loses power a few times while sigstead runs on: it recovers by itself, and forgets nothing."""
    memory = Memory()
    with Stack.up(binary, tmp_path / "data", own_postgres.new_database()) as stack:
        for life in range(4):
            with Load(stack.urls["log"], memory, life):
                time.sleep(0.5)
                own_postgres.server.stop(signal.SIGQUIT)
                time.sleep(0.2)
                own_postgres.start()
                time.sleep(1)
        check_promises(stack, memory, at_least=50)


def test_who_lacks_the_database_is_not_ready(binary, own_postgres, tmp_path):
    """But alive: a restart would not mend it."""
    with Stack.up(binary, tmp_path / "data", own_postgres.new_database()) as stack:

        def ready():
            try:
                return json.loads(stack.get("admin", "/readyz"))
            except urllib.error.HTTPError as refusal:
                assert refusal.code == 503
                return json.load(refusal)

        assert ready() == {"status": "READY"}
        own_postgres.server.stop(signal.SIGINT)
        assert set(ready()["failures"]) == {"ca-database", "ct-database", "log-database"}
        assert json.loads(stack.get("admin", "/healthz"))["status"] == "SERVING"
        own_postgres.start()
        wait_for(lambda: ready() == {"status": "READY"}, "readiness")


def test_connections_are_lost_at_commit(binary, postgres, tmp_path):
    """The database commits, and the answer never comes: the log finds out before it signs."""
    memory = Memory()
    with LossyProxy(postgres.port, token=b"COMMIT") as proxy:
        database = postgres.new_database().replace(f":{postgres.port}/", f":{proxy.port}/")
        with Stack.up(binary, tmp_path / "data", database) as stack:
            proxy.one_in = 5
            with Load(stack.urls["log"], memory, 0):
                wait_for(lambda: proxy.lost >= 20, "twenty lost commits")
            proxy.one_in = 0
            check_promises(stack, memory, at_least=50)


def test_a_server_sleeps_past_its_successor(binary, postgres, tmp_path):
    """Two servers write one log; one is stopped in the middle of its work, and wakes in another time."""
    memory, ports = Memory(), {name: free_port() for name in Stack.PORTS}
    database = postgres.new_database()
    with Stack.up(binary, tmp_path / "data", database, ports) as first:
        with Stack.second_log(first) as second:
            for life in range(5):
                with Load(first.urls["log"], memory, f"{life} first"), Load(second.urls["log"], memory, f"{life} second"):
                    time.sleep(0.3)
                    first.programs[0].process.send_signal(signal.SIGSTOP)
                    time.sleep(0.7)
                    first.programs[0].process.send_signal(signal.SIGCONT)
                    time.sleep(0.3)
            check_promises(second, memory, at_least=100)
            check_promises(first, memory, at_least=100)


def test_a_file_is_held_by_a_server_that_sleeps(binary, tmp_path):
    """On SQLite nobody takes over from a server that only sleeps."""
    memory = Memory()
    with Stack.up(binary, tmp_path / "data") as stack:
        loaded(stack, memory, 0)
        process = stack.programs[0].process
        process.send_signal(signal.SIGSTOP)
        command = [binary, "up", "--data", tmp_path / "data"]
        refused = subprocess.run(command, capture_output=True, text=True, timeout=30)
        process.send_signal(signal.SIGCONT)
        assert refused.returncode != 0 and str(process.pid) in refused.stderr, refused.stderr
        loaded(stack, memory, 1)
        check_promises(stack, memory, at_least=50)


@pytest.mark.parametrize("engine", ["SQLite", "Postgres"])
def test_the_disk_is_full(engine, binary, own_postgres, tmp_path):
    """Files may not grow any more for a while: entries are refused, what is there is read, and it goes on after."""
    memory = Memory()
    database = own_postgres.new_database() if engine == "Postgres" else None
    with Stack.up(binary, tmp_path / "data", database) as stack:
        loaded(stack, memory, 0)
        program = own_postgres.server if database else stack.programs[0]
        with no_growth(program, MEBIBYTE):
            with Load(stack.urls["log"], memory, 1):
                wait_for(lambda: memory.refused >= 20, "twenty refusals", patience=60)
            newest = memory.acknowledged[-1][0]
            assert newest in stack.get("log", f"/api/v1/log/entries/{newest}").decode()
        wait_for(lambda: writes_again(stack, memory), "the log to write again")
        loaded(stack, memory, 3)
        check_promises(stack, memory, at_least=50)


@pytest.mark.parametrize("engine", ["SQLite", "Postgres"])
def test_a_restored_backup_does_not_sign(engine, binary, postgres, tmp_path):
    """A database of yesterday would fork the log: sigstead does not start over it, and says what to do."""
    data, memory = tmp_path / "data", Memory()
    database = postgres.new_database() if engine == "Postgres" else None
    with Stack.up(binary, data, database) as stack:
        loaded(stack, memory, 0)
    restore = copy_of_database(postgres, database) if database else copy_of_file(data / "sigstead.db")
    with Stack.up(binary, data, database) as stack:
        loaded(stack, memory, 1)
    restore()
    flags = ["--database", database] if database else []
    refused = subprocess.run([binary, "up", "--data", data, *flags], capture_output=True, text=True, timeout=30)
    assert refused.returncode != 0
    assert "sigstead log audit" in refused.stderr, refused.stderr


@pytest.mark.parametrize("engine", ["SQLite", "Postgres"])
def test_more_is_asked_than_the_log_takes_on(engine, binary, postgres, tmp_path, monkeypatch):
    """One entry waits, and no more: who is refused is told when to come again, and who got through is in the log."""
    for name in ("MAX_BATCH", "MAX_WAITING"):
        monkeypatch.setenv(f"SIGSTEAD_TREES__{name}", "1")
    memory, database = Memory(), postgres.new_database() if engine == "Postgres" else None
    with Stack.up(binary, tmp_path / "data", database) as stack:
        for path, make, acknowledge in (
            ("api/v1/log/entries", entry, memory.acknowledge),
            ("api/v2/log/entries", entry_v2, memory.acknowledge_v2),
        ):
            refused = set()

            def add(number):
                body = json.dumps(make(f"{path} {number}".encode())).encode()
                while (told := post(stack.service_url("log") + path, body))[0] != 201:
                    refused.add(told)
                    time.sleep(0.02)
                acknowledge(told[1])

            with ThreadPoolExecutor(32) as clients:
                list(clients.map(add, range(50)))
            assert refused == {(503, "1")}, path
        check_promises(stack, memory, at_least=49)


def post(url, body):
    """201 and the answer, or another status and when to come again."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.headers["Retry-After"]


def copy_of_file(file):
    """Copies SQLite's file, all of which is in it while nobody writes; how to bring the copy back."""
    copy = file.with_suffix(".backup")
    shutil.copy(file, copy)
    return lambda: shutil.copy(copy, file)


def copy_of_database(server, url):
    """Copies a database; how to bring the copy back."""
    name = url.rsplit("/", 1)[1]
    server.sql(f"CREATE DATABASE {name}_backup TEMPLATE {name}")

    def restore():
        server.sql(f"DROP DATABASE {name} WITH (FORCE)")
        server.sql(f"ALTER DATABASE {name}_backup RENAME TO {name}")

    return restore


@contextlib.contextmanager
def no_growth(program, limit):
    """Files of the program and its children cannot be written beyond `limit` bytes."""
    set_limit(program, limit)
    yield
    set_limit(program, "unlimited")


def set_limit(program, limit):
    """Only their own user may, even if it is not root."""
    user = program.command[: program.command.index("--clear-groups") + 1] if "--clear-groups" in program.command else []
    for pid in family(program.process.pid):
        run([*user, "prlimit", "--pid", pid, f"--fsize={limit}:"])


def family(pid):
    """A process and its children."""
    children = [tasks.read_text().split() for tasks in Path(f"/proc/{pid}/task").glob("*/children")]
    return [pid, *(int(child) for child in itertools.chain.from_iterable(children))]


def writes_again(stack, memory):
    before = len(memory.acknowledged)
    loaded(stack, memory, f"again {before} {time.monotonic()}", seconds=0.2)
    return len(memory.acknowledged) > before
