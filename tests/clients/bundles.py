"""The clients that sign files into bundles, with one face. Each trusts `stack.cafile` when its stack speaks TLS."""

import sys
from pathlib import Path

from clients.cosign import EMAIL, environment
from conftest import CLIENTS
from stack import run

PREDICATE = "https://example.org/tested/v1"
V1, V2 = "signing_config.v0.2.json", "signing_config_rekor_v2.v0.2.json"
HERE = Path(__file__).parent


class Client:
    """`trusts` is the variable that names a file of authorities."""

    trusts = "SSL_CERT_FILE"

    def __init__(self, stack, work):
        self.stack, self.work = stack, work

    def __call__(self, *command, ok=True, env=None):
        return run(command, ok=ok, cwd=self.work, env=self.environment(env))

    def environment(self, extra=None):
        ours = {"HOME": str(self.work), **(extra or {})}
        if cafile := getattr(self.stack, "cafile", None):
            ours[self.trusts] = str(cafile)
        return environment(ours)

    def token(self):
        return self.stack.token("--email", EMAIL)

    def root(self):
        return self.stack.document("trusted_root.json")

    def bundle(self, name):
        return self.work / f"{type(self).__name__}-{name}.sigstore.json"

    def verify_attestation(self, *about, **how):
        """Most do not ask for the kind of a bundle."""
        return self.verify(*about, **how)


class Cosign(Client):
    def sign(self, config, blob):
        bundle, token = self.bundle(config), self.work / "token"
        token.write_text(self.token())
        services = ["--signing-config", self.stack.document(config), "--trusted-root", self.root()]
        self(CLIENTS / "cosign", "sign-blob", "--identity-token", token, *services, "--bundle", bundle, blob)
        return bundle

    def verify(self, blob, *bundles, email=EMAIL, ok=True, verb=("verify-blob",)):
        who = ["--certificate-identity", email, "--certificate-oidc-issuer", self.stack.issuer]
        for bundle in bundles:
            self(CLIENTS / "cosign", *verb, "--trusted-root", self.root(), *who, "--bundle", bundle, blob, ok=ok)

    def verify_attestation(self, *about, **how):
        self.verify(*about, verb=["verify-blob-attestation", "--type", PREDICATE], **how)


class Python(Client):
    trusts = "REQUESTS_CA_BUNDLE"
    trust_configs = {V1: "client_trust_config.json", V2: "client_trust_config_rekor_v2.json"}

    def command(self, config, *arguments):
        program = Path(sys.executable).with_name("sigstore")
        return [program, "--trust-config", self.stack.document(self.trust_configs[config]), *arguments]

    def sigstore(self, config, *arguments, **how):
        return self(*self.command(config, *arguments), **how)

    def sign(self, config, blob):
        bundle = self.bundle(config)
        self.sigstore(config, "sign", "--identity-token", self.token(), "--bundle", bundle, blob)
        return bundle

    def verify(self, blob, *bundles, email=EMAIL, issuer=None, ok=True):
        who = ["--cert-identity", email, "--cert-oidc-issuer", issuer or self.stack.issuer]
        for bundle in bundles:
            self.sigstore(V1, "verify", "identity", "--bundle", bundle, *who, blob, ok=ok)


class Go(Client):
    """Signs with the client of Sigstore's conformance tests, the rest with sigstore-go's examples."""

    def sign(self, config, blob):
        bundle = self.bundle(config)
        services = ["--signing-config", self.stack.document(config), "--trusted-root", self.root()]
        command = [CLIENTS / "sigstore-go-conformance", "sign-bundle", "--identity-token", self.token()]
        self(*command, *services, "--bundle", bundle, blob)
        return bundle

    def attest(self, config, statement):
        services = ["-signing-config", self.stack.document(config), "-trusted-root", self.root(), "-rekor", "-tsa"]
        command = [CLIENTS / "sigstore-go-signing", "-id-token", self.token(), *services, "-in-toto", statement]
        printed = self(*command).stdout
        bundle = self.bundle(f"in-toto-{config}")
        # The key comes first.
        bundle.write_text(printed[printed.index("{") :])
        return bundle

    def verify(self, blob, *bundles, email=EMAIL, ok=True, trust=None):
        trust = trust or ["-trustedrootJSONpath", self.root()]
        who = ["-expectedSAN", email, "-expectedIssuer", self.stack.issuer]
        for bundle in bundles:
            self(CLIENTS / "sigstore-go-verification", *trust, *who, "-artifact", blob, bundle, ok=ok)


class Js(Client):
    """The library by a program of ours, for the client's own has no signing config and verifies by TUF alone."""

    trusts = "NODE_EXTRA_CA_CERTS"
    modules = CLIENTS / "js/node_modules"
    node = modules / ".bin/node"

    def library(self, *arguments, ok=True):
        self(self.node, HERE / "js/keyless.js", *arguments, ok=ok, env={"NODE_PATH": str(self.modules)})

    def sign(self, config, file, kind="messageSignature"):
        bundle = self.bundle(f"{kind}-{config}")
        self.library("sign", self.stack.document(config), self.token(), kind, file, bundle)
        return bundle

    def attest(self, config, statement):
        return self.sign(config, statement, "dsseEnvelope")

    def verify(self, blob, *bundles, email=EMAIL, ok=True):
        self.library("verify", self.root(), email, self.stack.issuer, blob, *bundles, ok=ok)

    def command_line(self, *arguments, ok=True):
        """The client's own program, which takes the token from the environment of a CI."""
        env = {"CI": "true", "SIGSTORE_ID_TOKEN": self.token()}
        self(self.node, self.modules / ".bin/sigstore", *arguments, ok=ok, env=env)


class Java(Client):
    """sigstore-java, by a program of ours. It asks the certificate authority by gRPC over TLS only."""

    libraries = f"{CLIENTS}/java/*"
    password = "changeit"

    def keyless(self, *arguments, ok=True):
        made = self.made()
        store = {"trustStore": made / "trust.p12", "trustStorePassword": self.password}
        trust = [f"-Djavax.net.ssl.{name}={value}" for name, value in store.items()]
        # It lives for a second: no time to optimize.
        java = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", *trust]
        self(*java, "-cp", f"{self.libraries}:{made}", "Keyless", *arguments, ok=ok)

    def made(self):
        """The program, and the authorities that it trusts, made once a stack."""
        folder = self.stack.data.parent / "java"
        if not folder.exists():
            self("javac", "-cp", self.libraries, "-d", folder, HERE / "java/Keyless.java")
            command = ["keytool", "-importcert", "-noprompt", "-alias", "authority", "-storepass", self.password]
            self(*command, "-file", self.stack.cafile, "-keystore", folder / "trust.p12")
        return folder

    def sign(self, config, file, verb="sign"):
        bundle, token = self.bundle(f"{verb}-{config}"), self.work / "java-token"
        token.write_text(self.token())
        self.keyless(verb, self.root(), self.stack.document(config), token, file, bundle)
        return bundle

    def attest(self, config, statement):
        return self.sign(config, statement, "attest")

    def verify(self, blob, *bundles, email=EMAIL, ok=True):
        self.keyless("verify", self.root(), email, self.stack.issuer, blob, *bundles, ok=ok)
