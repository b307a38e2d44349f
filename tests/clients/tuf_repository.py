"""TUF repositories in tests: clients that follow them, mirrors, clocks that go otherwise, and hands that hold the online keys."""

import glob
import hashlib
import json
import shutil
import sys
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata

from clients.cosign import EMAIL, Cosign3, environment
from stack import Program, answers, free_port, run, wait_for

CLIENT = Path(__file__).with_name("tuf_client.py")


def at(when):
    """Environment of a process whose clock is off by `when`, as `-400d`. Not for Go programs: they ask the kernel."""
    found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    assert found, "faketime is not installed; scripts/test installs it"
    return {"LD_PRELOAD": found[0], "FAKETIME": when, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


class Following(Cosign3):
    """cosign 3 after `cosign initialize`: no file is named."""

    def initialize(self, mirror, root, ok=True):
        return self("initialize", "--mirror", mirror, "--root", root, ok=ok)

    def services(self):
        return []

    def trust(self):
        return []

    def cached(self, name):
        """What it keeps of the repository."""
        return json.loads(next((self.work / ".sigstore" / "root").glob(f"*/{name}")).read_text())


class Following2(Following):
    """cosign 2, which still takes URLs."""

    name = "cosign2"

    def signing(self):
        urls = self.stack.urls
        return ["--identity-token", self.token_file(), "--fulcio-url", urls["ca"], "--rekor-url", urls["log"]]

    def trust(self):
        return ["--rekor-url", self.stack.urls["log"]]


class FollowingPython:
    """sigstore-python after `trust-instance`."""

    program = Path(sys.executable).with_name("sigstore")

    def __init__(self, stack, mirror, work):
        self.stack, self.mirror, self.work = stack, mirror, work
        work.mkdir(exist_ok=True)

    def __call__(self, *arguments, ok=True):
        here = {"HOME": str(self.work), "XDG_DATA_HOME": str(self.work / "data"), "XDG_CACHE_HOME": str(self.work / "cache")}
        return run([self.program, "--instance", self.mirror, *arguments], ok=ok, cwd=self.work, env=environment(here))

    def sign(self, blob, ok=True):
        token = self.stack.token("--email", EMAIL)
        self("sign", "--identity-token", token, "--overwrite", "--bundle", "bundle.json", blob, ok=ok)

    def verify(self, blob, email=EMAIL, ok=True):
        who = ["--cert-identity", email, "--cert-oidc-issuer", self.stack.issuer]
        self("verify", "identity", "--bundle", "bundle.json", *who, blob, ok=ok)

    def cached(self, name):
        """What it keeps of the repository."""
        return json.loads(next(self.work.glob(f"data/**/{name}")).read_text())


class PythonTuf:
    """python-tuf; the first call brings the root."""

    def __init__(self, mirror, folder):
        self.mirror, self.folder = mirror, folder

    def __call__(self, *root, name="trusted_root.json", ok=True, clock=None):
        command = [sys.executable, CLIENT, self.mirror, self.folder, name, *root]
        result = run(command, ok=ok, env=environment(clock))
        return json.loads(result.stdout) if ok else result.stderr


class Mirror:
    """A copy of a repository behind a plain web server."""

    def __init__(self, repository, folder):
        self.folder = Path(folder)
        shutil.copytree(repository, self.folder)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "http.server", port, "--bind", "127.0.0.1", "-d", self.folder]
        self.server = Program(command, self.folder.with_suffix(".log"))
        wait_for(lambda: answers(self.url), "the mirror")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop()

    def holds(self, files):
        """Replaces files by names; what it held."""
        before = {name: (self.folder / name).read_bytes() if (self.folder / name).exists() else None for name in files}
        for name, content in files.items():
            if content is None:
                (self.folder / name).unlink()
            else:
                (self.folder / name).write_bytes(content)
        return before


class Hand:
    """Signs metadata of a mirror as the holder of a data directory's keys could."""

    def __init__(self, data, mirror):
        self.data, self.mirror = Path(data), mirror
        self.root = Metadata.from_file(str(mirror.folder / "root.json"))

    def newest(self, role):
        if role == "timestamp":
            return self.mirror.folder / "timestamp.json"
        return max(self.mirror.folder.glob(f"*.{role}.json"), key=lambda file: int(file.name.split(".")[0]))

    def sign(self, role, change):
        """The next version of a role, changed."""
        metadata = Metadata.from_file(str(self.newest(role)))
        metadata.signed.version += 1
        change(metadata.signed)
        metadata.sign(self.key(role))
        name = "timestamp.json" if role == "timestamp" else f"{metadata.signed.version}.{role}.json"
        metadata.to_file(str(self.mirror.folder / name))
        return name

    def key(self, role):
        file = f"offline-keys/tuf-{role}.key" if role == "root" else f"keys/tuf-{role}.key"
        private = load_pem_private_key((self.data / file).read_bytes(), None)
        public = self.root.signed.keys[self.root.signed.roles[role].keyids[0]]
        return CryptoSigner(private, public)

    def publish(self, change=lambda targets: None):
        """New targets, and all that leads to them."""
        self.sign("targets", change)
        self.lead()

    def lead(self):
        """A new snapshot of the newest targets, and a timestamp."""
        for role, under in (("snapshot", "targets"), ("timestamp", "snapshot")):
            self.sign(role, lambda signed: self.vouch(signed, under))

    def vouch(self, signed, under):
        file = self.newest(under)
        meta = signed.snapshot_meta if under == "snapshot" else signed.meta["targets.json"]
        content = file.read_bytes()
        meta.version, meta.length = int(file.name.split(".")[0]), len(content)
        meta.hashes = {"sha256": sha256(content)}


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def signed_blob(cosign, blob):
    """Flags that verify it again."""
    cosign("sign-blob", *cosign.signing(), "--bundle", "bundle.json", blob)
    return ["verify-blob", *cosign.trust(), *cosign.identity(EMAIL), "--bundle", "bundle.json", blob]
