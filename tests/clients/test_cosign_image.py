"""cosign 3 and 2 sign and verify images and attestations, keyless and with a key pair."""

import json

import pytest

from clients.cosign import EMAIL, Cosign2, Cosign3

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
    cosign("verify", *REGISTRY, "--key", "cosign.pub", *cosign.trust(), image)
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


IDENTITIES = {
    "uri": lambda base: f"{base}/users/dev",
    "username": lambda base: "dev!127.0.0.1",
    "spiffe": lambda base: "spiffe://sigstead.local/ns/default/sa/dev",
    "kubernetes": lambda base: "https://kubernetes.io/namespaces/default/serviceaccounts/dev",
    "github-workflow": lambda base: "https://github.com/example/app/.github/workflows/release.yml@refs/heads/main",
    "gitlab-pipeline": lambda base: "https://gitlab.com/example/app//.gitlab-ci.yml@refs/heads/main",
    "buildkite-job": lambda base: "https://buildkite.com/example/app",
    "codefresh-workflow": lambda base: (
        "https://g.codefresh.io/example/app/release:628a80b693a15c0f9c13ab75/65e5a53e52853dc51a5b0cc1"
    ),
    "chainguard-identity": lambda base: f"{base}/chainguard-identity/720909c9f5279097d847ad02/a033a6fabe0b",
    "ci-provider": lambda base: "https://ci.example/release",
}


@pytest.mark.parametrize("kind", IDENTITIES)
def test_identities_of_workloads(kind, stack, blob, work):
    cosign = Cosign3(stack, work)
    token = cosign.token_file("--issuer-type", kind)
    cosign("sign-blob", "--identity-token", token, *cosign.services(), "--bundle", "bundle.json", blob)
    identity = cosign.identity(IDENTITIES[kind](stack.issuer), f"{stack.issuer}/{kind}")
    cosign("verify-blob", *cosign.trust(), *identity, "--bundle", "bundle.json", blob)
    cosign("verify-blob", *cosign.trust(), *cosign.identity(EMAIL), "--bundle", "bundle.json", blob, ok=False)


def test_github_claims_are_checked(stack, blob, work):
    cosign = Cosign3(stack, work)
    token = cosign.token_file("--issuer-type", "github-workflow")
    cosign("sign-blob", "--identity-token", token, *cosign.services(), "--bundle", "bundle.json", blob)
    identity = cosign.identity(IDENTITIES["github-workflow"](stack.issuer), f"{stack.issuer}/github-workflow")
    verify = ["verify-blob", *cosign.trust(), *identity, "--bundle", "bundle.json"]
    cosign(*verify, "--certificate-github-workflow-repository", "example/app", blob)
    cosign(*verify, "--certificate-github-workflow-repository", "example/other", blob, ok=False)
