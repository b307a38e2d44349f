"""Clients that know nothing but the TUF repository and one root: they sign, verify, and follow for a year."""

import json
import shutil
import stat
from pathlib import Path

import pytest
from tuf.api.metadata import Metadata

from clients.cosign import EMAIL
from clients.tuf_repository import Following, Following2, FollowingPython, Hand, Mirror, PythonTuf, at, signed_blob
from stack import Stack, free_port, run


def root_of(stack):
    return stack.data / "tuf" / "1.root.json"


@pytest.mark.parametrize("client", [Following, Following2])
def test_cosign_signs_and_verifies_by_the_repository_alone(client, stack, blob, work):
    cosign = client(stack, work)
    cosign.initialize(stack.urls["trust"], root_of(stack))
    verify = signed_blob(cosign, blob)
    cosign(*verify)
    stranger = [flag.replace(EMAIL, "mallory@example.org") if flag == EMAIL else flag for flag in verify]
    cosign(*stranger, ok=False)


def test_cosign_takes_the_first_root_from_the_mirror(up_stack, work):
    mirror = up_stack.urls["trust"]
    Following(up_stack, work).initialize(mirror, f"{mirror}/root.json")


def test_sigstore_python_trusts_an_instance(stack, blob, work):
    sigstore = FollowingPython(stack, stack.urls["trust"], work)
    sigstore.sign(blob, ok=False)
    sigstore("trust-instance", root_of(stack))
    sigstore.sign(blob)
    sigstore.verify(blob)
    sigstore.verify(blob, email="mallory@example.org", ok=False)


def test_a_plain_client_gets_every_file(stack, work):
    client = PythonTuf(stack.urls["trust"], work)
    client(root_of(stack))
    for name in ("trusted_root.json", "signing_config.v0.2.json", "signing_config_rekor_v2.v0.2.json"):
        assert Path(client(name=name)["file"]).read_bytes() == stack.get("trust", f"/{name}")
    # What policy-controller and cosign before 2.4 look for.
    for name, usage in [("fulcio_v1.crt.pem", "Fulcio"), ("rekor.pub", "Rekor"), ("ctfe.pub", "CTFE"), ("tsa.certchain.pem", "TSA")]:
        found = client(name=name)
        assert Path(found["file"]).read_bytes() == stack.get("trust", f"/{name}")
        assert found["custom"] == {"sigstore": {"status": "Active", "usage": usage}}


def test_older_clients_find_the_files_they_know(up_stack, blob, work):
    """Without trusted_root.json, cosign 2 goes by the files' usage, with the client that it had before."""
    with Mirror(up_stack.data / "tuf", work / "mirror") as mirror:
        Hand(up_stack.data, mirror).publish(lambda targets: targets.targets.pop("trusted_root.json"))
        cosign = Following2(up_stack, work)
        told = cosign.initialize(mirror.url, root_of(up_stack))
        assert "Root status" in told.stdout
        flags = [*cosign.signing(), "--output-signature", "sig", "--output-certificate", "certificate"]
        stamped = ["--timestamp-server-url", up_stack.urls["tsa"], "--rfc3161-timestamp", "stamp"]
        cosign("sign-blob", *flags, *stamped, blob)
        signature = ["--signature", "sig", "--certificate", "certificate", "--rfc3161-timestamp", "stamp"]
        signature += ["--use-signed-timestamps"]
        cosign("verify-blob", *cosign.trust(), *cosign.identity(), *signature, blob)
        cosign("verify-blob", *cosign.trust(), *cosign.identity("mallory@example.org"), *signature, blob, ok=False)


def test_a_year_with_a_service_that_is_seldom_started(binary, blob, work, tmp_path, monkeypatch):
    """`up` 400 days ago, 200 days ago, and now: two roots came by themselves, and the first one is enough for clients."""
    data, ports = tmp_path / "data", {name: free_port() for name in Stack.PORTS}
    first = tmp_path / "first.root.json"
    early = PythonTuf(f"http://127.0.0.1:{ports['trust']}", work / "early")
    for version, then in enumerate([at("-400d"), at("-200d")], start=1):
        with monkeypatch.context() as patched:
            for name, value in then.items():
                patched.setenv(name, value)
            with Stack.up(binary, data, ports=ports):
                if version == 1:
                    shutil.copy(data / "tuf" / "root.json", first)
                assert early(*[first] * (version == 1), clock=then)["root"] == version
        # Nobody signed it anew since.
        with Mirror(data / "tuf", work / f"left-{version}") as mirror:
            assert "ExpiredMetadataError" in PythonTuf(mirror.url, work / f"late-{version}")(first, ok=False)
    with Stack.up(binary, data, ports=ports) as stack:
        assert early()["root"] == 3
        for cosign in (Following(stack, work), Following2(stack, work)):
            cosign.initialize(stack.urls["trust"], first)
            assert cosign.cached("root.json")["signed"]["version"] == 3
            cosign(*signed_blob(cosign, blob))
        sigstore = FollowingPython(stack, stack.urls["trust"], work / "sigstore-python")
        sigstore("trust-instance", first)
        sigstore.sign(blob)
        sigstore.verify(blob)


def test_the_root_key_is_kept_apart_and_may_leave(binary, tmp_path):
    data = tmp_path / "data"
    with Stack.up(binary, data):
        key = data / "offline-keys" / "tuf-root.key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600 and stat.S_IMODE(key.parent.stat().st_mode) == 0o700
        assert not (data / "keys" / "tuf-root.key").exists()
    key.unlink()
    with Stack.up(binary, data) as stack:
        assert not key.exists(), "another root key was made"
        assert json.loads(stack.get("admin", "/readyz")) == {"status": "READY"}
        # New ports, new documents: they need no root key.
        assert Metadata.from_file(str(next(data.glob("tuf/2.targets.json")))).signed.version == 2


def test_the_clients_are_told(up_stack, binary):
    for client, words in [("cosign", "cosign initialize"), ("cosign2", "cosign initialize"), ("python", "trust-instance")]:
        printed = run([binary, "client", "env", client, "--data", up_stack.data]).stdout
        assert words in printed and up_stack.urls["trust"] in printed
    assert Path(up_stack.urls["tuf_root"]).read_bytes() == up_stack.get("trust", "/root.json")


def test_days_are_told_in_metrics_and_status(up_stack, binary):
    metrics = up_stack.get("admin", "/metrics").decode()
    status = run([binary, "trust", "status", "--config", up_stack.data / "sigstead.toml"]).stdout
    for role in ("root", "targets", "snapshot", "timestamp"):
        assert f'sigstead_tuf_end_seconds{{role="{role}"}}' in metrics
        assert role in status
