"""docs/operations/install.md: its commands that make something are run, and what it names is there."""

import re
import shlex

import pytest

from deploy.deployed import DEPLOY, INSTALL, clean
from deploy.test_compose import compose
from organization import Organization
from page import ROOT
from stack import run

LINES = [line for block in INSTALL.blocks("console") for line in block.replace("\\\n", " ").splitlines()]
COMPOSE_INIT = "docker compose run --rm init "
INITS = [line for line in LINES if line.startswith(("sigstead init ", COMPOSE_INIT))]


@pytest.mark.parametrize("line", INITS)
def test_the_page_s_init_makes_what_can_be_used(line, binary, tmp_path):
    if line.startswith(COMPOSE_INIT):
        entrypoint = shlex.join(compose()["services"]["init"]["entrypoint"])
        line = f"{entrypoint} {line.removeprefix(COMPOSE_INIT)}".replace("$(cat postgres.password)", "secret")
    program, *arguments = shlex.split(line)
    assert program.endswith("sigstead")
    data = arguments.index("--data") + 1
    assert arguments[data] in ("sigstead-data", "/etc/sigstead", "/data", "deploy/kubernetes/config/sigstead-data")
    arguments[data] = tmp_path / "made"
    told = run([binary, *arguments], env=clean({})).stdout
    assert told.count(": ok") >= 8
    listed = re.findall(r"^\| (`.*?) \|", INSTALL.text, re.M)
    patterns = [name for row in listed for name in re.findall(r"`([^`]+)`", row) if not name.startswith("values-")]
    made = {file.relative_to(tmp_path / "made") for file in (tmp_path / "made").iterdir() if file.name != "lock"}
    assert all(any(file.match(pattern) for pattern in patterns) for file in made), made
    # Nobody else reads what is secret, and everybody what is not.
    assert (tmp_path / "made/keys").stat().st_mode & 0o777 == 0o700
    assert all((tmp_path / "made" / file).stat().st_mode & 0o044 == 0o044 for file in made if file.suffix)


def test_the_page_s_way_under_an_organization_s_ca(binary, tmp_path):
    (init,) = [line for line in INITS if line.startswith("sigstead init --data sigstead-data ")]
    block = INSTALL.script("--csr")
    init, *commands = [shlex.split(line)[1:] for line in (init, *block.splitlines()) if line.startswith("sigstead ")]
    config = ["config", "check", "--config", "sigstead-data/sigstead.toml"]
    run([binary, *init, "--no-authorities"], cwd=tmp_path, env=clean({}))
    run([binary, *config], cwd=tmp_path, env=clean({}), ok=False)
    organization = Organization(tmp_path / "organization")
    for service, command, *arguments in commands:
        signed = [organization.folder / part if part.endswith(".pem") else part for part in arguments]
        run([binary, service, command, *signed], cwd=tmp_path, env=clean({}))
        if command == "init":
            organization.sign(tmp_path / f"{service}.csr", f"{service}.pem")
    run([binary, *config], cwd=tmp_path, env=clean({}))
    # As every deployment names them.
    assert {"ca.key", "tsa.key"} <= {file.name for file in (tmp_path / "sigstead-data/keys").iterdir()}
    assert (tmp_path / "sigstead-data/ca-chain.pem").exists() and (tmp_path / "sigstead-data/tsa-chain.pem").exists()


def test_nothing_is_written_over(binary, tmp_path):
    (line,) = [line for line in INITS if line.startswith("sigstead init --data sigstead-data ")]
    init = [binary, *shlex.split(line)[1:]]
    run(init, cwd=tmp_path, env=clean({}))
    files = {file: file.read_bytes() for file in (tmp_path / "sigstead-data").rglob("*") if file.is_file()}
    del files[tmp_path / "sigstead-data/lock"]
    assert "is there already" in run(init, cwd=tmp_path, env=clean({}), ok=False).stderr
    up = [binary, "up", "--data", "sigstead-data"]
    assert "was not written by `sigstead up`" in run(up, cwd=tmp_path, env=clean({}), ok=False).stderr
    assert all(file.read_bytes() == content for file, content in files.items())
    # The configuration is written anew, the keys are kept.
    (tmp_path / "sigstead-data/sigstead.toml").unlink()
    run(init, cwd=tmp_path, env=clean({}))
    assert all(file.read_bytes() == content for file, content in files.items())


def test_there_is_an_init_for_each_way():
    assert len(INITS) == 4


def test_what_the_page_names_is_there():
    text = INSTALL.text
    for path in set(re.findall(r"deploy/[A-Za-z0-9_/.@-]*[A-Za-z0-9]", text)) - {"deploy/kubernetes/config/sigstead-data"}:
        assert (ROOT / path).exists(), path
    values = {file.name for file in (DEPLOY / "helm/sigstead").glob("values-*.yaml")}
    assert set(re.findall(r"^\| `(values-.*?)` \|", text, re.M)) == values
    units = {unit.name.removesuffix(".service.d") for unit in (DEPLOY / "systemd").glob("*.d")}
    (enable,) = [line for line in LINES if line.startswith("systemctl enable")]
    assert set(enable.split()[3:]) == units
