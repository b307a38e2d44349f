"""An organization with a CA of its own, and the operator of a sigstead under it."""

from stack import run


class Organization:
    """An organization's own CA, of a root and an intermediate without extended key usages, made with openssl."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", "root.key")
        self.openssl("req", "-x509", "-key", "root.key", "-subj", "/O=Example/CN=Example root", "-days", "3650", "-out", "root.pem",
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072", "-out", "policy.key")
        self.openssl("req", "-new", "-key", "policy.key", "-subj", "/O=Example/CN=Example policy CA", "-out", "policy.csr",
                     "-addext", "basicConstraints=critical,CA:true,pathlen:1", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.sign("policy.csr", "policy.pem", by="root")

    def openssl(self, *arguments, ok=True):
        return run(["openssl", *arguments], cwd=self.folder, ok=ok).stdout

    def sign(self, request, certificate, by="policy", days=365, extensions=None):
        """Signs what the request asks for, as it asks for it, unless it is told otherwise."""
        how = ["-copy_extensions", "copyall"]
        if extensions is not None:
            (self.folder / "extensions.cnf").write_text(extensions)
            how = ["-extfile", "extensions.cnf"]
        self.openssl("x509", "-req", "-in", request, "-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-days", str(days),
                     "-out", certificate, *how)
        return self.folder / certificate

    def chain(self):
        return [self.folder / "root.pem", self.folder / "policy.pem"]


class Operator:
    """Runs `sigstead ca …` and `sigstead tsa …` with a configuration."""

    def __init__(self, binary, data):
        self.binary, self.data = binary, data

    def __call__(self, service, command, *arguments, ok=True):
        result = run([self.binary, service, command, "--config", self.data / "sigstead.toml", *arguments], ok=ok)
        return result.stdout + result.stderr
