"""Tokens of every kind of issuer: the name that each client finds in the certificate, and the claims that cosign checks."""

import re

import pytest

from clients.bundles import V1, Python
from clients.cosign import EMAIL, Cosign2, Cosign3

IDENTITIES = {
    "email": lambda base: EMAIL,
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
# One for each way in which a name gets into a certificate and out of it.
EVERYWHERE = ["email", "spiffe", "kubernetes", "github-workflow"]
OTHER = "spiffe://elsewhere.example/ns/default/sa/dev"


def claims(kind):
    return ["--issuer-type", kind, *(["--email", EMAIL] if kind == "email" else [])]


def names(stack, kind):
    """Identity and issuer."""
    return IDENTITIES[kind](stack.issuer), stack.issuer if kind == "email" else f"{stack.issuer}/{kind}"


def signed(version, kind, stack, blob, work):
    """cosign, which has signed into `bundle.json`, and how to ask it whose signature that is."""
    cosign = version(stack, work)
    token = cosign.token_file(*claims(kind))
    authority = ["--fulcio-url", stack.urls["ca"]] if version is Cosign2 else []
    flags = ["--identity-token", token, *authority, *cosign.services()]
    cosign("sign-blob", *flags, "--bundle", "bundle.json", blob)

    def verify(*identity, ok=True):
        cosign("verify-blob", *cosign.trust(), *identity, "--bundle", "bundle.json", blob, ok=ok)

    return cosign, verify


@pytest.mark.parametrize(
    "version, kind", [(Cosign3, kind) for kind in IDENTITIES] + [(Cosign2, kind) for kind in EVERYWHERE]
)
def test_cosign(version, kind, stack, blob, work):
    cosign, verify = signed(version, kind, stack, blob, work)
    name, issuer = names(stack, kind)
    verify(*cosign.identity(name, issuer))
    verify(*cosign.identity(OTHER if kind != "spiffe" else EMAIL, issuer), ok=False)
    verify(*cosign.identity(name, f"{stack.issuer}/other"), ok=False)


@pytest.mark.parametrize("kind", EVERYWHERE)
def test_sigstore_python(kind, stack, blob, work):
    client = Python(stack, work)
    client.sigstore(V1, "sign", "--identity-token", stack.token(*claims(kind)), "--bundle", "bundle.json", blob)
    name, issuer = names(stack, kind)
    client.verify(blob, "bundle.json", email=name, issuer=issuer)
    client.verify(blob, "bundle.json", email=f"{name}x", issuer=issuer, ok=False)
    client.verify(blob, "bundle.json", email=name, issuer=f"{stack.issuer}/other", ok=False)


@pytest.mark.parametrize("version", [Cosign3, Cosign2])
def test_patterns(version, stack, blob, work):
    cosign, verify = signed(version, "spiffe", stack, blob, work)
    name, issuer = "--certificate-identity-regexp", "--certificate-oidc-issuer-regexp"
    from_here = f"^{re.escape(stack.issuer)}/[a-z]+$"
    verify(name, "^spiffe://sigstead.local/ns/default/", issuer, from_here)
    verify(name, "^spiffe://sigstead.local/ns/release/", issuer, from_here, ok=False)
    verify(name, "^spiffe://sigstead.local/ns/default/", issuer, "^https://", ok=False)


WORKFLOW = {
    "trigger": "push",
    "sha": "8b1a9953c4611296a827abf8c47804d7e6c4f1a2",
    "name": "release",
    "repository": "example/app",
    "ref": "refs/heads/main",
}


@pytest.mark.parametrize("version", [Cosign3, Cosign2])
def test_claims_of_a_github_workflow(version, stack, blob, work):
    cosign, verify = signed(version, "github-workflow", stack, blob, work)
    identity = cosign.identity(*names(stack, "github-workflow"))
    flag = lambda claim, value: (f"--certificate-github-workflow-{claim}", value)
    verify(*identity, *(part for claim, value in WORKFLOW.items() for part in flag(claim, value)))
    for claim, value in WORKFLOW.items():
        verify(*identity, *flag(claim, f"{value}x"), ok=False)
