"""People sign in at an OpenID provider: cosign's device and browser flows, sigstore-python's, and a provider under a private CA."""

import os
import re
import subprocess
import sys

import pytest

import browser
from certificates import Authority
from clients.bundles import V1, Python
from clients.cosign import EMAIL, Cosign2, Cosign3
from conftest import CLIENTS
from stack import Program, Stack, connects, free_port, wait_for

MALLORY = "mallory@example.org"
# sigstore-python shows a secret at the token endpoint, if only an empty one, which the provider takes from nobody.
SECRET = "not secret at all"


class Provider:
    """The provider on loopback, over TLS if there is an authority to vouch for it."""

    def __init__(self, folder, authority=None, secret=""):
        self.authority, address = authority, f"127.0.0.1:{free_port()}"
        self.url = f"{'https' if authority else 'http'}://{address}"
        files = authority.issue("provider", "127.0.0.1") if authority else []
        command = ["node", CLIENTS / "oidc" / "provider.js", self.url, *files]
        self.program = Program(command, folder / "provider.log", env={**os.environ, "CLIENT_SECRET": secret})
        wait_for(lambda: self.program.process.poll() is not None or connects(address), "the provider")
        assert self.program.process.poll() is None, self.program.output()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.stop()

    def issuers(self, ca_cert=True):
        """Fulcio's configuration of this one issuer."""
        lines = [f"oidc-issuers:\n  {self.url}:\n    issuer-url: {self.url}\n    client-id: sigstore\n    type: email\n"]
        if self.authority and ca_cert:
            lines += ["    ca-cert: |\n", *(f"      {line}\n" for line in self.authority.pem.read_text().splitlines())]
        return "".join(lines)

    def trusted(self):
        """How clients are told of its authority."""
        pem = self.authority and str(self.authority.pem)
        return {"SSL_CERT_FILE": pem, "REQUESTS_CA_BUNDLE": pem} if pem else {}


@pytest.fixture
def provided(binary, tmp_path, monkeypatch):
    """Starts a stack that believes a provider, and whose signing config sends clients there."""

    def provided(provider, **options):
        issuers = tmp_path / "issuers.yaml"
        issuers.write_text(provider.issuers(**options))
        monkeypatch.setenv("SIGSTEAD_CA__ISSUERS", str(issuers))
        monkeypatch.setenv("SIGSTEAD_TRUST__OIDC_URL", provider.url)
        return Stack.up(binary, tmp_path / "data")

    return provided


@pytest.fixture
def person(work, monkeypatch):
    """What cosign and sigstore-python find as the person's browser."""
    programs = work / "programs"
    programs.mkdir()
    opener = programs / "xdg-open"
    visit = f'"{sys.executable}" "{browser.__file__}" {EMAIL} "$1" >"{work}/browser.log" 2>&1'
    # It returns at once, as openers do: the clients answer the browser after it has.
    opener.write_text(f"#!/bin/sh\n{visit} &\n")
    opener.chmod(0o755)
    return {"PATH": f"{programs}:{os.environ['PATH']}", "BROWSER": str(opener)}


def signing(cosign, provider):
    """Flags for a signature by whoever signs in; cosign 3 finds the provider in its signing config."""
    urls = ["--fulcio-url", cosign.stack.urls["ca"], "--oidc-issuer", provider.url]
    return [*cosign.services(), *(urls if cosign.name == "cosign2" else []), "--bundle", cosign.work / "bundle.json"]


def verify(cosign, provider, blob, ok=True, email=EMAIL):
    cosign("verify-blob", *cosign.trust(), *cosign.identity(email, provider.url), "--bundle", "bundle.json", blob, ok=ok)


def by_device(cosign, provider, blob, email=EMAIL):
    """cosign shows a code, which a person takes to the provider; its exit code and what it said."""
    flags = [*signing(cosign, provider), "--fulcio-auth-flow=device"]
    command = [CLIENTS / cosign.name, "sign-blob", *flags, blob]
    log, env = cosign.work / f"{email}.log", cosign.environment(provider.trusted())
    program = Program(command, log, cwd=cosign.work, env=env, stdin=subprocess.DEVNULL)
    try:
        shown = lambda: re.search(r"verification code (\S+) in your browser at: (\S+)", program.output())
        wait_for(lambda: shown() or program.process.poll() is not None, "the code")
        assert shown(), program.output()
        code, url = shown().groups()
        assert code in url
        browser.Browser(email, provider.trusted().get("SSL_CERT_FILE")).visit(url)
        return program.process.wait(timeout=60), program.output()
    finally:
        program.stop()


@pytest.mark.parametrize("version", [Cosign3, Cosign2])
def test_device_flow(version, provided, tmp_path, blob, work):
    with Provider(tmp_path) as provider, provided(provider) as stack:
        cosign = version(stack, work)
        code, told = by_device(cosign, provider, blob)
        assert code == 0, told
        verify(cosign, provider, blob)
        verify(cosign, provider, blob, email=MALLORY, ok=False)
        code, told = by_device(cosign, provider, blob, email=MALLORY)
        assert code == 0, told
        verify(cosign, provider, blob, email=MALLORY)


@pytest.mark.parametrize("version", [Cosign3, Cosign2])
def test_browser_flow(version, provided, person, tmp_path, blob, work):
    with Provider(tmp_path) as provider, provided(provider) as stack:
        cosign = version(stack, work)
        flags = [*signing(cosign, provider), "--fulcio-auth-flow=normal"]
        told = cosign("sign-blob", *flags, blob, env=person).stderr
        assert "Your browser will now be opened" in told
        verify(cosign, provider, blob)
        verify(cosign, provider, blob, email=MALLORY, ok=False)


def test_sigstore_python_opens_the_browser(provided, person, tmp_path, blob, work):
    with Provider(tmp_path, secret=SECRET) as provider, provided(provider) as stack:
        sign = ["sign", "--oidc-client-secret", SECRET, "--bundle", "bundle.json", blob]
        client = Python(stack, work)
        assert "Waiting for browser" in client.sigstore(V1, *sign, env=person).stderr
        client.verify(blob, "bundle.json")
        client.verify(blob, "bundle.json", email=MALLORY, ok=False)


def test_sigstore_python_takes_a_code(provided, tmp_path, blob, work):
    """Where the browser is on another machine: the link goes out, the code comes in."""
    with Provider(tmp_path, secret=SECRET) as provider, provided(provider) as stack:
        client = Python(stack, work)
        flags = ["--oauth-force-oob", "--oidc-client-secret", SECRET, "--bundle", "bundle.json"]
        command, pipe = client.command(V1, "sign", *flags, blob), subprocess.PIPE
        program = Program(command, work / "log", cwd=work, env=client.environment(), stdin=pipe, text=True)
        try:
            shown = lambda: re.search(r"in a browser:\s+(http\S+)", program.output())
            wait_for(lambda: shown() or program.process.poll() is not None, "the link")
            assert shown(), program.output()
            end = browser.Browser(EMAIL).visit(shown()[1])
            code = re.fullmatch(r"urn:ietf:wg:oauth:2\.0:oob\?code=([^&]+)&.*", end)[1]
            program.process.communicate(f"{code}\n", timeout=60)
            assert program.process.returncode == 0, program.output()
        finally:
            program.stop()
        client.verify(blob, "bundle.json")
        client.verify(blob, "bundle.json", email=MALLORY, ok=False)


def test_a_provider_under_a_private_authority(provided, tmp_path, blob, work):
    """The authority believes it by `ca-cert`, in that issuer's lines alone."""
    with Provider(tmp_path, Authority(tmp_path)) as provider:
        with provided(provider, ca_cert=False) as stack:
            code, told = by_device(Cosign2(stack, work), provider, blob, email=MALLORY)
            assert code != 0 and "503" in told, told
        with provided(provider) as stack:
            cosign = Cosign3(stack, work)
            code, told = by_device(cosign, provider, blob)
            assert code == 0, told
            verify(cosign, provider, blob)
