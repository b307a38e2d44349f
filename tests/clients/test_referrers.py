"""Registries that tell what refers to an image, and such that do not: cosign's bundles are found in both."""

import json
import urllib.error
import urllib.request

import pytest

from clients.cosign import Cosign3
from conftest import CLIENTS, push
from stack import Program, connects, free_port, wait_for

REGISTRY = ["--allow-insecure-registry"]


@pytest.fixture
def referring(tmp_path):
    """An image in a registry that tells."""
    address = f"127.0.0.1:{free_port()}"
    server = Program([CLIENTS / "oci-registry", address], tmp_path / "registry.log")
    wait_for(lambda: connects(address), "the registry")
    yield push(address, tmp_path)
    server.stop()


def referrers(image):
    """What the registry tells (OCI distribution 1.1); `None` from one that does not."""
    address, _, rest = image.partition("/")
    name, digest = rest.split("@")
    try:
        with urllib.request.urlopen(f"http://{address}/v2/{name}/referrers/{digest}", timeout=10) as answer:
            return json.load(answer)["manifests"]
    except urllib.error.HTTPError as refusal:
        assert refusal.code == 404
        return None


def test_signatures_and_attestations_are_found(up_stack, image, referring, work):
    assert (referrers(image), referrers(referring)) == (None, [])
    cosign, predicate = Cosign3(up_stack, work), work / "predicate.json"
    predicate.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": []}))
    about = ["--type", "cyclonedx"]
    for where in (image, referring):
        cosign("sign", *REGISTRY, *cosign.signing(), where)
        cosign("verify", *REGISTRY, *cosign.trust(), *cosign.identity(), where)
        cosign("verify-attestation", *REGISTRY, *cosign.trust(), *cosign.identity(), *about, where, ok=False)
        cosign("attest", *REGISTRY, *cosign.signing(), *about, "--predicate", predicate, where)
        cosign("verify-attestation", *REGISTRY, *cosign.trust(), *cosign.identity(), *about, where)
        stranger = cosign.identity(email="mallory@example.org")
        cosign("verify", *REGISTRY, *cosign.trust(), *stranger, where, ok=False)
    assert len(referrers(referring)) == 2
