"""Starts the services with the commands and settings that the files in `deploy/` give them.

Nothing is changed but folders and addresses: what a container or a unit would see at /etc/sigstead is in a temporary
folder, and a service that is called by its name on a network is on loopback.
"""

import json
import os
import re
import shlex
import shutil
from collections import defaultdict
from pathlib import Path
from urllib.request import urlopen

from clients.cosign import EMAIL
from conftest import CLIENTS
from page import ROOT, Page, Reader
from stack import Program, free_port, run, wait_for

DEPLOY = ROOT / "deploy"
INSTALL = Page("install.md")
SERVICES = ["ct", "log", "tsa", "ca", "trust"]


class Deployment:
    """What `sigstead init` made, and the services that were started from it."""

    def __init__(self, binary, folder, issuing):
        self.binary, self.folder, self.issuing = binary, Path(folder), issuing
        self.data = self.folder / "data"
        self.ports = defaultdict(free_port)
        self.urls = {service: f"http://127.0.0.1:{self.ports[service]}" for service in SERVICES}
        self.programs, self.addresses = [], {}

    def init(self, database, command=("/usr/bin/sigstead", "init", "--data", "/data")):
        """Makes keys and configuration."""
        command = [{"/usr/bin/sigstead": self.binary, "/data": self.data}.get(part, part) for part in command]
        flags = [part for service in SERVICES for part in (f"--{service}-url", self.urls[service])]
        run([*command, "--issuer", self.issuing.issuer, "--database", database, *flags], env=clean({}))

    def etc(self, name, keys):
        """What a service sees at /etc/sigstead: all that is public, and these keys, by the files that `init` made."""
        folder = self.folder / "etc" / name
        shutil.copytree(self.data, folder, ignore=shutil.ignore_patterns("keys", "lock"))
        (folder / "keys").mkdir()
        for seen, file in keys.items():
            shutil.copyfile(file, folder / "keys" / seen)
        return folder

    def start(self, service, command, settings, folders, health, name=None, traced=()):
        """Runs a service until its health check says that it is ready; `folders` maps what it sees to what there is.

        A second one of the same service has a `name` of its own.
        """
        name = name or service
        at = {**folders, **self.addresses}

        def here(text):
            for seen in sorted(at, key=len, reverse=True):
                text = text.replace(seen, str(at[seen]))
            return text

        settings = clean({key: here(value) for key, value in settings.items()})
        # The port is free on this machine; everything else is the deployment's.
        settings[f"SIGSTEAD_{service.upper()}__LISTEN"] = f"127.0.0.1:{self.ports[name]}"
        settings["SIGSTEAD_ADMIN__LISTEN"] = f"127.0.0.1:{self.ports[f'{name}-admin']}"
        command, health = [[self.binary, *map(here, line[1:])] for line in (command, health)]
        program = Program([*traced, *command], self.folder / f"{name}.log", env=settings)
        self.programs.append(program)
        is_ready = lambda: run(health, ok=None, env=settings).returncode == 0
        wait_for(lambda: is_ready() or program.process.poll() is not None, name)
        assert program.process.poll() is None, program.output()
        return program

    def sign_and_verify(self, work):
        """A person does what docs/operations/install.md says at its end."""
        meaning = {
            "https://trust.sigstead.example.com": self.urls["trust"],
            "sigstead-data": self.data,
            "you@example.com": EMAIL,
            "https://login.example.com": self.issuing.issuer,
        }
        # Instead of a login in a browser.
        reader = Reader(self.binary, work, path=[CLIENTS], SIGSTORE_ID_TOKEN=self.issuing.token("--email", EMAIL))
        assert "Verified OK" in reader(INSTALL.script("cosign sign-blob"), meaning)

    def get(self, name, path):
        """What a service answers; `NAME-admin` is its admin port."""
        with urlopen(f"http://127.0.0.1:{self.ports[name]}{path}", timeout=10) as answer:
            return answer.read().decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        codes = [program.stop() for program in self.programs]
        assert codes == [0] * len(codes), [program.output() for program in self.programs]


def clean(settings):
    """Only these settings, none of the person's who runs the tests."""
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **settings}


def image():
    """What the last stage of the Dockerfile says of the image."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    last = text[text.rindex("\nFROM ") :]
    line = lambda name: re.search(rf"^{name} (.*)$", last, re.M)[1]
    return {
        "entrypoint": json.loads(line("ENTRYPOINT")),
        "health": json.loads(line("HEALTHCHECK").split("CMD ")[1]),
        "environment": dict(part.split("=", 1) for part in shlex.split(line("ENV"))),
        "user": line("USER"),
    }
