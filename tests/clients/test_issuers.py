"""The issuer configuration, Fulcio's file in either of its forms: read again when it changes, and what is told of a bad one."""

import json

import pytest

from clients.cosign import EMAIL, Cosign3
from clients.test_ca_policy import metric
from stack import Stack, run, wait_for


def yaml(url, kind="email"):
    return f"oidc-issuers:\n  {url}:\n    issuer-url: {url}\n    client-id: sigstore\n    type: {kind}\n"


@pytest.fixture
def trusting(binary, up_stack, tmp_path, monkeypatch):
    """A stack that believes another one's issuer, by a file that the test may change."""
    file = tmp_path / "issuers.yaml"
    file.write_text(yaml(up_stack.issuer))
    monkeypatch.setenv("SIGSTEAD_CA__ISSUERS", str(file))
    with Stack.up(binary, tmp_path / "data") as stack:
        yield stack, file


def test_the_file_is_read_again_when_it_changes(trusting, up_stack, blob, work):
    stack, file = trusting
    cosign, token = Cosign3(stack, work), work / "token"
    reloads = lambda outcome: metric(stack, f'sigstead_reloads_total{{what="issuers",outcome="{outcome}"}}')

    def signs(ok=True):
        token.write_text(up_stack.token("--email", EMAIL))
        flags = ["--identity-token", token, *cosign.services(), "--bundle", work / "bundle.json"]
        return cosign("sign-blob", *flags, blob, ok=ok).stderr

    def announced():
        return [issuer["issuerUrl"] for issuer in json.loads(stack.get("ca", "/api/v2/configuration"))["issuers"]]

    signs()
    file.write_text(yaml(up_stack.issuer, "mail"))
    wait_for(lambda: reloads("refused") == 1, "the refusal of a bad file", 20)
    assert "the old one stays" in stack.programs[0].output()
    signs()
    told = run([stack.binary, "config", "check", "--config", stack.data / "sigstead.toml"], ok=False).stdout
    assert str(file) in told and "unknown variant `mail`" in told

    file.write_text(yaml("https://elsewhere.example"))
    wait_for(lambda: reloads("loaded") == 1, "the next file", 20)
    assert announced() == ["https://elsewhere.example"]
    assert "ISSUER_UNKNOWN" in signs(ok=False)

    # In Fulcio's other form, and by a link that is swapped, as Kubernetes does it.
    entry = {"IssuerURL": up_stack.issuer, "ClientID": "sigstore", "Type": "email"}
    (work / "issuers.json").write_text(json.dumps({"OIDCIssuers": {up_stack.issuer: entry}}))
    (work / "link").symlink_to(work / "issuers.json")
    (work / "link").rename(file)
    wait_for(lambda: reloads("loaded") == 2, "the file in JSON", 20)
    assert announced() == [up_stack.issuer]
    signs()
    cosign("verify-blob", *cosign.trust(), *cosign.identity(EMAIL, up_stack.issuer), "--bundle", work / "bundle.json", blob)
