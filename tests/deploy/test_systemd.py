"""The systemd units: systemd's own verdict, and the services started as the units say."""

import shlex
import shutil
from collections import defaultdict

import pytest

from deploy.deployed import DEPLOY, SERVICES, Deployment
from stack import run, wait_for

UNITS = DEPLOY / "systemd"
# systemd's scale goes from 0 to 100, and calls everything below 20 fine.
MOST_EXPOSED = 15


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A root directory with systemd's own units, ours, and a program at the place that they name."""
    root = tmp_path_factory.mktemp("root")
    units = root / "etc/systemd/system"
    shutil.copytree(UNITS, units)
    shutil.copytree("/usr/lib/systemd/system", root / "usr/lib/systemd/system", symlinks=True)
    program = root / "usr/bin/sigstead"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return root


def analyze(root, *arguments, ok=True):
    return run(["systemd-analyze", f"--root={root}", *arguments], ok=ok)


@pytest.mark.parametrize("service", SERVICES)
def test_systemd_verifies_the_units(installed, service):
    verified = analyze(installed, "verify", f"sigstead@{service}.service")
    assert verified.stdout + verified.stderr == ""


@pytest.mark.parametrize("service", SERVICES)
def test_units_are_hardened(installed, service):
    unit = f"sigstead@{service}.service"
    analyze(installed, "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", unit)


def test_what_is_wrong_in_a_unit_is_noticed(installed, tmp_path):
    root = tmp_path / "root"
    shutil.copytree(installed, root, symlinks=True)
    unit = root / "etc/systemd/system/sigstead@.service"
    text = unit.read_text().replace("ProtectHome=yes", "ProtectHouse=yes")
    unit.write_text(text.replace("CapabilityBoundingSet=\n", ""))
    assert "ProtectHouse" in analyze(root, "verify", "sigstead@ca.service", ok=None).stderr
    analyze(root, "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", "sigstead@ca.service", ok=False)


def settings(service):
    """The [Service] lines of a service's unit and its drop-in."""
    lines = defaultdict(list)
    for file in [UNITS / "sigstead@.service", UNITS / f"sigstead@{service}.service.d" / "service.conf"]:
        for line in file.read_text().splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                lines[key].append(value.replace("%i", service))
    return lines


def calls(name):
    """The system calls in one of systemd's sets."""
    for line in run(["systemd-analyze", "syscall-filter", name]).stdout.splitlines()[1:]:
        call = line.strip()
        if call.startswith("@"):
            yield from calls(call)
        elif not call.startswith("#"):
            yield call


def let_through(lines):
    """What SystemCallFilter= leaves of the system's calls."""
    allowed = set(calls("@default"))
    for line in lines["SystemCallFilter"]:
        named = {call for part in line.lstrip("~").split() for call in calls(part)}
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed


def test_the_services_run_as_the_units_say(binary, tmp_path, postgres, up_stack, work):
    """Without a systemd that applies SystemCallFilter=, what each service really calls is held against it."""
    called = {service: tmp_path / f"{service}.calls" for service in SERVICES}
    with Deployment(binary, tmp_path / "machine", up_stack) as machine:
        machine.init(postgres.new_database())
        machine.addresses = {"http://127.0.0.1:6962": machine.urls["ct"]}
        admin_ports = set()
        for service in SERVICES:
            lines = settings(service)
            environment = dict(part.split("=", 1) for line in lines["Environment"] for part in shlex.split(line))
            admin_ports.add(environment["SIGSTEAD_ADMIN__LISTEN"])
            assert lines["DynamicUser"] == ["yes"] and lines["User"] == [f"sigstead-{service}"]
            credentials = dict(line.split(":/etc/sigstead/keys/") for line in lines["LoadCredential"])
            keys = {name: machine.data / "keys" / file for name, file in credentials.items()}
            assert lines["BindReadOnlyPaths"] == (["%d:/etc/sigstead/keys"] if keys else [])
            folders = {"/etc/sigstead": machine.etc(service, keys), "%S/sigstead": machine.folder / "state"}
            command = shlex.split(lines["ExecStart"][0])
            health = ["/usr/bin/sigstead", "health", "--config", "/etc/sigstead/sigstead.toml"]
            summary = ["--summary-only", "--summary-columns=name", f"--output={called[service]}"]
            traced = ["strace", "-D", "-f", "-qq", *summary]
            machine.start(service, command, environment, folders, health, traced=traced)
        assert len(admin_ports) == len(SERVICES)
        machine.sign_and_verify(work)
        assert sorted(state.name for state in (machine.folder / "state").iterdir()) == ["ct", "log", "trust"]
    for service in SERVICES:
        # strace goes on for a moment after the service.
        wait_for(lambda: "total" in called[service].read_text(), "strace")
        table = called[service].read_text().split()
        made = set(table) - {"syscall", "total"} - {word for word in table if set(word) == {"-"}}
        assert {"accept4", "openat"} <= made
        assert made <= let_through(settings(service))
