"""cosign 3 and 2 sign and verify images and attestations, keyless and with a key pair."""

import json

import pytest

from clients.cosign import Cosign2, Cosign3
from conftest import CLIENTS
from stack import run

VERSIONS = [Cosign3, Cosign2]
REGISTRY = ["--allow-insecure-registry"]

PREDICATES = {
    "slsaprovenance1": {
        "buildDefinition": {"buildType": "https://example.org/build", "externalParameters": {}},
        "runDetails": {"builder": {"id": "https://example.org/builder"}},
    },
    "spdxjson": {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "app", "packages": []},
    "cyclonedx": {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": []},
}


@pytest.mark.parametrize("version", VERSIONS)
def test_keyless_signature_of_an_image(version, stack, image, work):
    cosign = version(stack, work)
    cosign("sign", *REGISTRY, *cosign.signing(), image)
    cosign("verify", *REGISTRY, *cosign.trust(), *cosign.identity(), image)
    cosign("verify", *REGISTRY, *cosign.trust(), *cosign.identity(email="mallory@example.org"), image, ok=False)
    cosign("verify", *REGISTRY, *cosign.trust(), *cosign.identity(issuer="https://elsewhere.example"), image, ok=False)


@pytest.mark.parametrize("version", VERSIONS)
def test_key_pair_signature_of_an_image(version, stack, image, work):
    cosign = version(stack, work)
    cosign("generate-key-pair")
    cosign("sign", *REGISTRY, "--key", "cosign.key", *cosign.services(), image)
    told = cosign("verify", *REGISTRY, "--key", "cosign.pub", *cosign.trust(), "--output", "json", image)
    name, digest = image.split("@")
    assert json.loads(told.stdout)[0]["critical"]["image"]["docker-manifest-digest"] == digest
    tag = digest.replace(":", "-") + (".sig" if version is Cosign2 else "")
    assert tag in run([CLIENTS / "crane", "ls", "--insecure", name]).stdout.split(), "where others look for it"
    cosign("generate-key-pair", "--output-key-prefix", "other")
    cosign("verify", *REGISTRY, "--key", "other.pub", *cosign.trust(), image, ok=False)


@pytest.mark.parametrize("kind", PREDICATES)
@pytest.mark.parametrize("version", VERSIONS)
def test_attestation(version, kind, stack, image, work):
    cosign = version(stack, work)
    predicate = work / "predicate.json"
    predicate.write_text(json.dumps(PREDICATES[kind]))
    about = ["--type", kind]
    cosign("attest", *REGISTRY, *cosign.signing(), *about, "--predicate", predicate, image)
    verified = cosign("verify-attestation", *REGISTRY, *cosign.trust(), *cosign.identity(), *about, image)
    assert "payload" in verified.stdout
    stranger = cosign.identity(email="mallory@example.org")
    cosign("verify-attestation", *REGISTRY, *cosign.trust(), *stranger, *about, image, ok=False)
