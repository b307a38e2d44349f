"""Tokens of every kind of issuer, by docs/operations/ci-systems.md: the name that each client finds in the certificate, and the claims that cosign checks."""

import re

import pytest
import yaml

from clients.bundles import V1, Python
from clients.cosign import EMAIL, Cosign2, Cosign3
from conftest import CLIENTS
from page import Page, Reader, mean

PAGE = Page("ci-systems.md")
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


def test_the_page_s_issuers(up_stack, tmp_path):
    """Each type of its table is one, and the names are those that the clients above found."""
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in PAGE.text.splitlines() if row.count("|") == 6]
    types = {row[2].strip("`"): row[4].strip("`") for row in rows[2:]}
    assert set(types) <= set(IDENTITIES)
    issuers = {}
    for kind in types:
        fragment = mean(PAGE.fragment("ISSUER:"), {"ISSUER": f"https://{kind}.example.org", "TYPE": kind})
        if kind == "spiffe":
            fragment += f"    {PAGE.told('spiffe-trust-domain')}\n"
        issuers |= yaml.safe_load(fragment)["oidc-issuers"]
    (tmp_path / "issuers.yaml").write_text(yaml.safe_dump({"oidc-issuers": issuers}))
    reader = Reader(up_stack.binary, up_stack.data, SIGSTEAD_CA__ISSUERS=str(tmp_path / "issuers.yaml"))
    reader(PAGE.command("sigstead config check"))
    named = {"OWNER/REPO": "example/app", "FILE": "release.yml"}
    assert mean(types["github-workflow"], named) == IDENTITIES["github-workflow"]("")
    named = {"HOST": "gitlab.com", "GROUP/PROJECT": "example/app"}
    assert mean(types["gitlab-pipeline"], named) == IDENTITIES["gitlab-pipeline"]("")


def test_a_pipeline_signs_an_image_as_the_page_says(up_stack, image, work):
    """GitLab's way: the token is in an environment variable."""
    kind = "gitlab-pipeline"
    name, issuer = names(up_stack, kind)
    reader = Reader(up_stack.binary, up_stack.data, path=[CLIENTS], COSIGN_YES="true")
    insecure = {"IMAGE": f"--allow-insecure-registry {image}"}
    token = {"SIGSTORE_ID_TOKEN": up_stack.token(*claims(kind))}
    reader(PAGE.command("cosign sign --signing-config"), insecure, env=token)
    verify = PAGE.command("cosign verify --trusted-root")
    reader(verify, {**insecure, "NAME": name, "ISSUER": issuer})
    reader(verify, {**insecure, "NAME": f"{name}x", "ISSUER": issuer}, ok=False)
    assert name in reader(PAGE.command("sigstead ca audit"))


def test_chains_reads_its_settings_as_texts():
    """A ConfigMap takes nothing else; and the token is the one that cosign would find."""
    settings = yaml.safe_load(PAGE.fragment("signers.x509.fulcio"))
    assert all(isinstance(value, str) for value in settings.values())
    assert settings["signers.x509.identity.token.file"] == PAGE.told("oidc-token")
