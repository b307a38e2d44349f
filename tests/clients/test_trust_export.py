"""`sigstead trust export`: clients that are given nothing but what it wrote sign, and verify."""

import json
import shlex

import pytest

from clients.bundles import V1, Go, Java, Js, Python
from clients.cosign import EMAIL, environment
from conftest import CLIENTS
from stack import run


class Handed:
    """A stack as somebody sees it who has the exported files only."""

    def __init__(self, stack, client, folder, *source):
        self.stack, self.folder = stack, folder
        command = ["trust", "export", client, *(source or [stack.urls["trust"]]), "--output", folder]
        self.exported = run([stack.binary, *command])

    def __getattr__(self, name):
        return getattr(self.stack, name)

    def document(self, name):
        return self.folder / name

    def shell(self, script, work, ok=True):
        """Runs a script with the printed settings and no others."""
        home = {"HOME": str(work), "PATH": f"{CLIENTS}:/usr/bin:/bin", "SIGSTORE_ID_TOKEN": self.token("--email", EMAIL)}
        return run(["bash", "-euc", f"{self.exported.stdout}\n{script}"], cwd=work, env=environment(home), ok=ok)


def identity(stack, email=EMAIL):
    return shlex.join(["--certificate-identity", email, "--certificate-oidc-issuer", stack.issuer])


def test_cosign_3(stack, blob, work):
    handed = Handed(stack, "cosign", work / "handed")
    handed.shell(f"cosign sign-blob --bundle bundle {blob}", work)
    handed.shell(f"cosign verify-blob --bundle bundle {identity(stack)} {blob}", work)
    handed.shell(f"cosign verify-blob --bundle bundle {identity(stack, 'mallory@example.org')} {blob}", work, ok=False)


def test_cosign_2(stack, blob, work):
    handed = Handed(stack, "cosign2", work / "handed")
    assert "there is no file for Rekor v2" in handed.exported.stderr
    stamped = f"--timestamp-server-url {stack.urls['tsa']} --rfc3161-timestamp stamp"
    handed.shell(f"cosign2 sign-blob {stamped} --output-signature sig --output-certificate certificate {blob}", work)
    signed = "--signature sig --certificate certificate --rfc3161-timestamp stamp --use-signed-timestamps"
    chain = f"--timestamp-certificate-chain {handed.document('tsa.certchain.pem')}"
    handed.shell(f"cosign2 verify-blob {signed} {identity(stack)} {blob}", work)
    handed.shell(f"unset SIGSTORE_TSA_CERTIFICATE_FILE; cosign2 verify-blob {signed} {chain} {identity(stack)} {blob}", work)
    handed.shell(f"cosign2 verify-blob {signed} {identity(stack, 'mallory@example.org')} {blob}", work, ok=False)


@pytest.mark.parametrize("kind, client", [("python", Python), ("libraries", Go), ("libraries", Js)])
def test_libraries(kind, client, stack, blob, work):
    signs_and_verifies(client, Handed(stack, kind, work / "handed"), blob, work)


def test_over_tls(tls_stack, blob, work):
    handed = Handed(tls_stack, "libraries", work / "handed", tls_stack.urls["trust"], "--tls-ca", tls_stack.cafile)
    signs_and_verifies(Java, handed, blob, work)
    strange = ["trust", "export", "libraries", tls_stack.urls["trust"], "--output", work / "strange"]
    assert "was not reached" in run([tls_stack.binary, *strange], ok=False).stderr


def signs_and_verifies(client, handed, blob, work):
    client = client(handed, work)
    if isinstance(client, Python):
        # It is handed the one file that it reads.
        assert [file.name for file in handed.folder.iterdir()] == ["client_trust_config.json"]
    bundle = client.sign(V1, blob)
    client.verify(blob, bundle)
    client.verify(blob, bundle, email="mallory@example.org", ok=False)


def test_each_source_says_the_same(up_stack, work):
    """The service, the configuration and the document; and again the same."""
    config = ["--config", up_stack.data / "sigstead.toml"]
    sources = [[up_stack.urls["trust"]], config, [up_stack.document("client_trust_config.json")], config]
    for number, source in enumerate(sources):
        Handed(up_stack, "cosign2", work / str(number), *source)
    first, *others = [{file.name: file.read_bytes() for file in (work / str(n)).iterdir()} for n in range(len(sources))]
    assert len(first) == 4 and all(other == first for other in others)
    assert all(up_stack.get("trust", f"/{name}") == content for name, content in first.items())
    told = [run([up_stack.binary, "trust", "export", "policy-controller", *source]).stdout for source in sources]
    assert len(set(told)) == 1


def test_a_trusted_root_alone_is_enough_to_verify(up_stack, work):
    handed = Handed(up_stack, "cosign", work / "handed", up_stack.document("trusted_root.json"))
    assert [file.name for file in handed.folder.iterdir()] == ["trusted_root.json"]
    assert "no signing_config.v0.2.json" in handed.exported.stderr
    assert "COSIGN_SIGNING_CONFIG" not in handed.exported.stdout


def test_what_clients_refuse_is_not_handed_on(up_stack, work):
    root = json.loads(up_stack.document("trusted_root.json").read_text())
    del root["tlogs"][0]["logId"]
    (work / "broken.json").write_text(json.dumps(root))
    command = [up_stack.binary, "trust", "export", "policy-controller"]
    refused = run([*command, work / "broken.json"], ok=False)
    assert "tlogs[0].logId.keyId: missing" in refused.stderr and not refused.stdout
    refused = run([*command, "--timestamps", up_stack.document("trusted_root.json")], ok=False)
    assert "say who may sign" in refused.stderr
    timestamp = ["--tuf-root", f"{up_stack.urls['trust']}/timestamp.json"]
    assert "is no root, but timestamp" in run([*command, *timestamp, up_stack.urls["trust"]], ok=False).stderr
