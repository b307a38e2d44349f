"""Real processes for the tests: sigstead itself, Postgres, an OCI registry.

A missing program is a failure, never a skip.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from certificates import Authority
from stack import Postgres, Registry, Stack, run
from tls import TlsStack

CLIENTS = Path(os.environ["SIGSTEAD_CLIENTS"])


@pytest.fixture(scope="session")
def binary() -> Path:
    return Path(os.environ["SIGSTEAD_BINARY"])


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    with Postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def registry(tmp_path_factory):
    with Registry(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.fixture(scope="session")
def up_stack(binary, tmp_path_factory):
    """Everything in one process, on SQLite."""
    with Stack.up(binary, tmp_path_factory.mktemp("up") / "data") as stack:
        yield stack


@pytest.fixture(scope="session")
def split_stack(binary, tmp_path_factory, postgres, up_stack):
    """The five services as processes of their own on one Postgres; the issuer is the other stack's."""
    data = tmp_path_factory.mktemp("split") / "data"
    with Stack.split(binary, data, postgres.new_database(), issuer=up_stack) as stack:
        yield stack


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """Who certifies the servers and clients of `tls_stack`."""
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def tls_stack(binary, tmp_path_factory, postgres, up_stack, authority):
    """The five services over TLS; the issuer is the other stack's."""
    data = tmp_path_factory.mktemp("tls-stack") / "data"
    with TlsStack.split(binary, data, postgres.new_database(), issuer=up_stack, authority=authority) as stack:
        yield stack


@pytest.fixture(params=["up on SQLite", "separate processes on Postgres"])
def stack(request):
    name = "up_stack" if request.param.startswith("up") else "split_stack"
    return request.getfixturevalue(name)


@pytest.fixture
def image(registry, tmp_path):
    """A fresh image, by digest."""
    return push(registry.address, tmp_path)


def push(registry, folder):
    """Makes an image and brings it into a registry; its name, by digest."""
    layer = folder / "layer"
    layer.mkdir(exist_ok=True)
    (layer / "content").write_bytes(os.urandom(16))
    subprocess.run(["tar", "-C", layer, "-cf", folder / "layer.tar", "content"], check=True)
    name = f"{registry}/app/image-{os.urandom(4).hex()}"
    run([CLIENTS / "crane", "append", "--insecure", "-f", folder / "layer.tar", "-t", f"{name}:1"])
    digest = run([CLIENTS / "crane", "digest", "--insecure", f"{name}:1"]).stdout.strip()
    return f"{name}@{digest}"


@pytest.fixture
def blob(tmp_path):
    """A file that nobody signed yet."""
    file = tmp_path / "artifact"
    file.write_bytes(os.urandom(64))
    return file


@pytest.fixture
def work(tmp_path):
    """An empty working directory for a client."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def pytest_sessionstart(session):
    signers = ("openssl", "ssh-keygen", "minisign", "signify-openbsd", "javac", "jarsigner")
    for program in (*signers, "docker-registry", "haproxy", "systemd-analyze", "strace", "promtool"):
        assert shutil.which(program), f"{program} is not installed; scripts/test installs it"
    sigstore = ("cosign", "cosign2", "rekor-cli", "timestamp-cli", "js/node_modules/.bin/sigstore", "java/pom.xml")
    sigstore_go = ("sigstore-go-conformance", "sigstore-go-signing", "sigstore-go-verification")
    cluster = ("policy-controller", "kyverno", "helm", "kustomize")
    for client in (*sigstore, *sigstore_go, *cluster, "crane", "compose-spec", "vault-transit", "oci-registry", "moto_server", "oidc"):
        assert (CLIENTS / client).exists(), f"{client} is not built; scripts/test builds it"
