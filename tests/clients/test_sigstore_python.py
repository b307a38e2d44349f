"""sigstore-python signs and verifies with the client trust config."""

import sys
from pathlib import Path

from clients.cosign import EMAIL, environment
from stack import run

SIGSTORE = Path(sys.executable).with_name("sigstore")


def test_sign_and_verify(stack, blob, work):
    def sigstore(*arguments, ok=True):
        config = ["--trust-config", stack.document("client_trust_config.json")]
        return run([SIGSTORE, *config, *arguments], ok=ok, cwd=work, env=environment({"HOME": str(work)}))

    bundle = ["--bundle", work / "bundle.json"]
    sigstore("sign", "--identity-token", stack.token("--email", EMAIL), *bundle, blob)
    who = ["--cert-identity", EMAIL, "--cert-oidc-issuer", stack.issuer]
    sigstore("verify", "identity", *bundle, *who, blob)
    stranger = ["--cert-identity", "mallory@example.org", "--cert-oidc-issuer", stack.issuer]
    sigstore("verify", "identity", *bundle, *stranger, blob, ok=False)
