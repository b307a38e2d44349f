"""Starts and stops the real programs that the tests talk to."""

import glob
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

PATIENCE = 60


def run(command, ok=True, **options):
    """Runs a command; `ok` says whether it must succeed or must fail."""
    result = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=180, **options
    )
    if ok is not None:
        told = f"{' '.join(map(str, command))}\nexit {result.returncode}\n{result.stdout}\n{result.stderr}"
        assert (result.returncode == 0) == ok, told
    return result


def free_port():
    """Below the ports that the system gives to clients: one of those may be taken again before it is used."""
    while True:
        with socket.socket() as probe:
            try:
                port = random.randrange(20_000, 32_768)
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def wait_for(ready, what, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if ready():
            return
        time.sleep(0.05)
    raise AssertionError(f"{what} was not ready within {patience} s")


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def connects(address):
    host, port = address.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
        return True
    except OSError:
        return False


class Program:
    """A child process that is gone when the test is."""

    def __init__(self, command, log, **options):
        self.log = Path(log)
        self.command = [str(part) for part in command]
        self.process = subprocess.Popen(
            self.command,
            stdout=self.log.open("ab"),
            stderr=subprocess.STDOUT,
            # A file that may not grow is an error of the write, not the end of the process.
            restore_signals=False,
            **options,
        )

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=30)

    def output(self):
        return self.log.read_text(errors="replace")


class Postgres:
    """A Postgres server on loopback, with a fresh database for whoever asks."""

    def __init__(self, folder, *initdb_flags):
        self.initdb_flags = initdb_flags
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        initdb = found[-1] if found else shutil.which("initdb")
        assert initdb, "initdb is not installed; scripts/test installs postgresql"
        self.bin = Path(initdb).parent
        self.folder, self.port, self.databases = Path(folder), free_port(), 0

    def as_user(self, *command):
        """Postgres refuses to run as root."""
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
        return [*user, *map(str, command)]

    def __enter__(self):
        data = self.folder / "data"
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
            for parent in [self.folder, *self.folder.parents][:4]:
                if parent.stat().st_uid == 0 and str(parent) != "/":
                    parent.chmod(parent.stat().st_mode | 0o011)
        flags = ["-D", data, "-A", "trust", "-U", "postgres", "--no-sync", *self.initdb_flags]
        run(self.as_user(self.bin / "initdb", *flags), cwd="/")
        self.start()
        return self

    def start(self):
        settings = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}"]
        self.server = Program(
            self.as_user(
                self.bin / "postgres", "-D", self.folder / "data", "-p", self.port, *settings, "-c", "max_connections=300"
            ),
            self.folder / "log",
            cwd="/",
        )
        wait_for(lambda: self.sql("SELECT 1", ok=None).returncode == 0, "Postgres")

    def __exit__(self, *_):
        self.server.stop(signal.SIGINT)

    def sql(self, statement, database="postgres", ok=True):
        where = ["-h", "127.0.0.1", "-p", self.port, "-U", "postgres", "-d", database]
        return run([self.bin / "psql", *where, "-qAtc", statement], ok=ok)

    def new_database(self):
        self.databases += 1
        name = f"sigstead_{self.databases}"
        self.sql(f"CREATE DATABASE {name}")
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"


class Registry:
    """An OCI registry on loopback."""

    def __init__(self, folder):
        self.folder, self.address = Path(folder), f"127.0.0.1:{free_port()}"

    def __enter__(self):
        config = self.folder / "config.yml"
        config.write_text(
            "version: 0.1\nlog: {level: error}\n"
            f"storage: {{filesystem: {{rootdirectory: {self.folder}/data}}}}\n"
            f"http: {{addr: '{self.address}'}}\n"
        )
        self.server = Program(["docker-registry", "serve", config], self.folder / "log")
        wait_for(lambda: answers(f"http://{self.address}/v2/"), "the registry")
        return self

    def __exit__(self, *_):
        self.server.stop()


class Alone:
    """One service by itself, from a configuration; `urls` are as a stack has them."""

    PATHS = {"tsa": "/api/v1/timestamp"}

    def __init__(self, binary, service, config, log, *settings):
        address = f"127.0.0.1:{free_port()}"
        self.urls = {service: f"http://{address}{self.PATHS.get(service, '')}"}
        settings = [f"{service}.listen={address}", "admin.listen=127.0.0.1:0", *settings]
        self.program = Program([binary, service, "--config", config, *(part for one in settings for part in ("--set", one))], log)
        wait_for(lambda: self.program.process.poll() is not None or answers(f"http://{address}/ping"), f"the {service}")
        assert self.program.process.poll() is None, self.program.output()


class Stack:
    """A running sigstead, in one process or five."""

    def __init__(self, binary, data, urls, programs, issuer=None):
        self.binary, self.data, self.urls, self.programs = binary, Path(data), urls, programs
        self.issuing = issuer or self

    PORTS = ["ca", "log", "tsa", "ct", "trust", "issuer", "admin"]
    SERVICES = ["ct", "log", "tsa", "ca", "trust"]

    @classmethod
    def up(cls, binary, data, database=None, ports=None):
        ports = ports or {name: 0 for name in cls.PORTS}
        flags = [part for name, port in ports.items() for part in (f"--{name}-port", port)]
        if database:
            flags += ["--database", database]
        data = Path(data)
        data.parent.mkdir(parents=True, exist_ok=True)
        log = data.parent / f"{data.name}.log"
        log.unlink(missing_ok=True)
        program = Program([binary, "up", "--json", "--data", data, *flags], log)
        lines = lambda: [line for line in program.output().splitlines() if line.startswith("{")]
        wait_for(lambda: lines() or program.process.poll() is not None, f"`sigstead up` ({log})")
        assert lines(), f"`sigstead up` ended:\n{program.output()}"
        return cls(binary, data, json.loads(lines()[0]), [program])

    @classmethod
    def split(cls, binary, data, database, issuer):
        """`up` makes the keys and the configuration once; then each service runs alone from it."""
        made = cls.up(binary, data, database)
        made.stop()
        return cls.alone(made, issuer)

    @classmethod
    def alone(cls, made, issuer):
        """Each service alone, by the configuration and on the ports of a stack that has stopped."""
        programs = []
        for service in cls.SERVICES:
            programs.append(
                Program(
                    [made.binary, service, "--config", made.data / "sigstead.toml"]
                    + ["--set", "admin.listen=127.0.0.1:0"]
                    + ["--set", f"ca.issuers={issuer.data / 'issuers.yaml'}"],
                    made.data.parent / f"{service}.log",
                )
            )
        stack = cls(made.binary, made.data, {**made.urls, "issuer": issuer.urls["issuer"]}, programs, issuer)
        for service in ["ca", "log", "tsa", "ct", "trust"]:
            wait_for(lambda: answers(stack.service_url(service)), f"`sigstead {service}`")
        return stack

    @classmethod
    def configured(cls, binary, config, work, issuer):
        """Five processes by a changed copy of the configuration that `up` wrote, on ports of their own."""
        ports = {name: free_port() for name in cls.SERVICES}
        text = config.read_text()
        made = {name: text.split(f"[{name}]\n", 1)[1].split('listen = "', 1)[1].split('"', 1)[0] for name in ports}
        for name, port in ports.items():
            text = text.replace(made[name], f"127.0.0.1:{port}")
        config.write_text(text)
        settings = ["--set", "admin.listen=127.0.0.1:0", "--set", f"ca.issuers={issuer.data / 'issuers.yaml'}"]
        programs = []
        for service in cls.SERVICES:
            programs.append(Program([binary, service, "--config", config, *settings], work / f"{service}.log"))
            url = f"http://127.0.0.1:{ports[service]}/ping"
            wait_for(lambda: programs[-1].process.poll() is not None or answers(url), service)
            assert programs[-1].process.poll() is None, programs[-1].output()
        urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        stack = cls(binary, config.parent, {**urls, "issuer": issuer.urls["issuer"]}, programs, issuer)
        stack.fetch()
        return stack

    def fetch(self):
        """The documents of the trust root as they are now, for clients that have them as files."""
        for document in ("trusted_root.json", "signing_config.v0.2.json", "signing_config_rekor_v2.v0.2.json"):
            self.document(document).write_bytes(self.get("trust", f"/{document}"))

    @classmethod
    def second_log(cls, first):
        """A second server of the first one's log, with a memory of its own."""
        address = f"127.0.0.1:{free_port()}"
        settings = [f"log.listen={address}", "admin.listen=127.0.0.1:0", f"guard={first.data / 'second-guard'}"]
        flags = [part for setting in settings for part in ("--set", setting)]
        command = [first.binary, "log", "--config", first.data / "sigstead.toml", *flags]
        program = Program(command, first.data.parent / "second-log.log")
        stack = cls(first.binary, first.data, {**first.urls, "log": f"http://{address}"}, [program], first)
        wait_for(lambda: answers(stack.service_url("log")), "the second log")
        return stack

    def service_url(self, service):
        return self.urls[service].split("/api/")[0] + "/"

    def address(self, service):
        """Host and port."""
        return self.urls[service].split("//")[1].split("/")[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, how=signal.SIGTERM):
        """Stops every process; their exit codes."""
        return [program.stop(how) for program in self.programs]

    @property
    def issuer(self):
        return self.issuing.urls["issuer"]

    def document(self, name):
        return self.data / name

    def token(self, *arguments):
        flags = ["--data", self.issuing.data, *arguments]
        return run([self.binary, "token", *flags]).stdout

    def get(self, service, path):
        with urllib.request.urlopen(self.service_url(service).rstrip("/") + path, timeout=10) as answer:
            return answer.read()
