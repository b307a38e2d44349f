"""docker-compose.yml and the Dockerfile: their linters, and the services started as they say, without containers."""

import json
import re
import sys
import tomllib
from pathlib import Path

import pytest

from conftest import CLIENTS
from deploy.deployed import DEPLOY, ROOT, SERVICES, Deployment, image
from stack import run

DOCKERFILE = DEPLOY / "Dockerfile"
# Beside the interpreter that runs the tests, as pip puts it.
HADOLINT = Path(sys.executable).parent / "hadolint"


def compose(file=ROOT / "docker-compose.yml", ok=True):
    """The file as the Compose specification's own loader understands it."""
    loaded = run([CLIENTS / "compose-spec", "-format", "json", file], ok=ok, cwd=ROOT)
    return json.loads(loaded.stdout) if ok else loaded.stderr


@pytest.fixture(scope="module")
def project():
    return compose()


def test_the_dockerfile_has_no_faults(tmp_path):
    run([HADOLINT, DOCKERFILE])
    careless = tmp_path / "Dockerfile"
    careless.write_text(DOCKERFILE.read_text().replace("rust:1.95.0-bookworm", "rust"))
    run([HADOLINT, careless], ok=False)


def test_the_image_holds_what_it_is_built_from():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for source in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE.read_text(), re.M):
        for part in source.split():
            assert (ROOT / part).exists() and f"!{part}" in ignored, part
    # The compiler that the workspace asks for, and a user that is not root.
    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]
    assert f"FROM rust:{workspace['rust-version']}." in DOCKERFILE.read_text()
    assert compose()["services"]["ca"]["image"] == f"sigstead:{workspace['version']}"
    assert image()["user"] == "65532:65532"
    # What traces.md promises of it; the tests' own build has the feature, too.
    assert "--package sigstead --features otlp" in DOCKERFILE.read_text()


def test_the_loader_notices_a_wrong_key(tmp_path):
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text((ROOT / "docker-compose.yml").read_text().replace("read_only: true", "readonly: true"))
    assert "readonly" in compose(wrong, ok=False)


def test_containers_have_no_rights(project):
    for name, service in project["services"].items():
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert all(port["host_ip"] == "127.0.0.1" for port in service.get("ports", [])), name
        assert ("cap_add" in service) == (name == "postgres"), name
    for service in SERVICES:
        assert project["services"][service]["tmpfs"] == ["/etc/sigstead/keys"], service


def test_the_services_run_as_compose_says(binary, tmp_path, postgres, up_stack, work, project):
    services, built = project["services"], image()
    with Deployment(binary, tmp_path / "host", up_stack) as host:
        init = services["init"]
        assert [(volume["target"], volume["source"]) for volume in init["volumes"]] == [("/data", str(ROOT / "sigstead-data"))]
        host.init(postgres.new_database(), init["entrypoint"])
        config = tomllib.loads((host.data / "sigstead.toml").read_text())
        host.addresses = {"http://ct:6962": host.urls["ct"]}
        for name in SERVICES:
            service = services[name]
            keys = {}
            for secret in service.get("secrets", []):
                file = Path(project["secrets"][secret["source"]]["file"]).relative_to(ROOT / "sigstead-data")
                keys[secret["target"].removeprefix("/etc/sigstead/keys/")] = host.data / file
            folders = {"/etc/sigstead": host.etc(name, keys)}
            for volume in service["volumes"]:
                if volume["type"] == "bind":
                    assert (volume["target"], volume["source"]) == ("/etc/sigstead", str(ROOT / "sigstead-data"))
                else:
                    folders[volume["target"]] = host.folder / volume["source"]
            assert config[name]["listen"] == f"0.0.0.0:{service['ports'][0]['target']}"
            command = [*built["entrypoint"], *service["command"]]
            environment = {**built["environment"], **service.get("environment", {})}
            host.start(name, command, environment, folders, built["health"])
        host.sign_and_verify(work)
        assert (host.folder / "log-guard").is_dir() and (host.folder / "ct-guard").is_dir()
