"""How the tests call cosign: version 3 by signing config and trusted root, version 2 by URLs and PEM files."""

import os

from conftest import CLIENTS
from stack import run

EMAIL = "alice@example.org"


def environment(extra=None):
    """No setting of the person who runs the tests reaches the client."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("COSIGN_", "SIGSTORE_", "TUF_"))}
    return {**clean, "COSIGN_PASSWORD": "test", "COSIGN_YES": "true", **(extra or {})}


class Cosign3:
    name = "cosign"

    def __init__(self, stack, work):
        self.stack, self.work = stack, work

    def __call__(self, *arguments, ok=True, env=None):
        return run([CLIENTS / self.name, *arguments], ok=ok, cwd=self.work, env=self.environment(env))

    def environment(self, extra=None):
        return environment({"HOME": str(self.work), **(extra or {})})

    def token_file(self, *claims):
        file = self.work / "token"
        file.write_text(self.stack.token(*(claims or ("--email", EMAIL))))
        return file

    def signing(self):
        """Flags for a keyless signature."""
        return ["--identity-token", self.token_file(), *self.services()]

    def services(self):
        return [
            "--signing-config", self.stack.document("signing_config.v0.2.json"),
            "--trusted-root", self.stack.document("trusted_root.json"),
        ]

    def trust(self):
        return ["--trusted-root", self.stack.document("trusted_root.json")]

    def identity(self, email=EMAIL, issuer=None):
        return ["--certificate-identity", email, "--certificate-oidc-issuer", issuer or self.stack.issuer]


class Cosign2(Cosign3):
    name = "cosign2"

    def environment(self, extra=None):
        document = self.stack.document
        files = {
            "SIGSTORE_ROOT_FILE": document("fulcio_v1.crt.pem"),
            "SIGSTORE_REKOR_PUBLIC_KEY": document("rekor.pub"),
            "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE": document("ctfe.pub"),
            "SIGSTORE_TSA_CERTIFICATE_FILE": document("tsa.certchain.pem"),
        }
        return super().environment({**{k: str(v) for k, v in files.items()}, **(extra or {})})

    def signing(self):
        return ["--identity-token", self.token_file(), "--fulcio-url", self.stack.urls["ca"], *self.services()]

    def services(self):
        return ["--rekor-url", self.stack.urls["log"]]

    def trust(self):
        return ["--rekor-url", self.stack.urls["log"]]
