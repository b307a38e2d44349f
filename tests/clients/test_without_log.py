"""A CA and a TSA, no transparency log: certificate chains and a signed timestamp are the proof."""

import time

import pytest

from clients.cosign import Cosign2, Cosign3
from stack import Stack

REGISTRY = ["--allow-insecure-registry"]


class WithoutLog3(Cosign3):
    def plain(self):
        return ["--use-signing-config=false", "--new-bundle-format=false", *self.trust()]

    def old_format(self):
        return ["--new-bundle-format=false"]


class WithoutLog2(Cosign2):
    def plain(self):
        return []

    def old_format(self):
        return []


def signed(version, stack, image, work):
    """cosign, which has signed with a timestamp, and the flags that verify it by certificate chains."""
    cosign = version(stack, work)
    urls = ["--fulcio-url", stack.urls["ca"], "--timestamp-server-url", stack.urls["tsa"]]
    token = ["--identity-token", cosign.token_file()]
    cosign("sign", *REGISTRY, *cosign.plain(), *token, *urls, "--tlog-upload=false", image)

    chain = stack.document("fulcio_v1.crt.pem").read_text()
    issuing, root = [f"{part}-----END CERTIFICATE-----\n" for part in chain.split("-----END CERTIFICATE-----\n")[:2]]
    (work / "intermediate.pem").write_text(issuing)
    (work / "root.pem").write_text(root)
    verify = ["verify", *REGISTRY, *cosign.old_format(), "--insecure-ignore-tlog"]
    return cosign, [*verify, "--ca-roots", work / "root.pem", "--ca-intermediates", work / "intermediate.pem"]


def stamped(stack, chain):
    """Flags and environment to verify timestamps with; cosign 2 prefers the variable to the flag."""
    sct = {"SIGSTORE_CT_LOG_PUBLIC_KEY_FILE": str(stack.document("ctfe.pub"))}
    return ["--use-signed-timestamps", "--timestamp-certificate-chain", chain], {**sct, "SIGSTORE_TSA_CERTIFICATE_FILE": str(chain)}


@pytest.mark.parametrize("version", [WithoutLog3, WithoutLog2])
def test_certificate_chain_and_timestamp(version, stack, image, work):
    cosign, verify = signed(version, stack, image, work)

    def verified(chain, identity, ok):
        flags, env = stamped(stack, chain)
        cosign(*verify, *flags, *identity, image, ok=ok, env=env)

    verified(stack.document("tsa.certchain.pem"), cosign.identity(), ok=True)
    verified(stack.document("tsa.certchain.pem"), cosign.identity(email="mallory@example.org"), ok=False)
    verified(stack.document("fulcio_v1.crt.pem"), cosign.identity(), ok=False)


@pytest.mark.parametrize("version", [WithoutLog3, WithoutLog2])
def test_a_certificate_that_has_ended_counts_by_its_timestamp(version, binary, tmp_path, monkeypatch, image, work):
    monkeypatch.setenv("SIGSTEAD_CA__LIFETIME_SECS", "10")
    with Stack.up(binary, tmp_path / "data") as stack:
        cosign, verify = signed(version, stack, image, work)
        time.sleep(11)
        flags, env = stamped(stack, stack.document("tsa.certchain.pem"))
        cosign(*verify, *flags, *cosign.identity(), image, env=env)
        assert "expired" in cosign(*verify, *cosign.identity(), image, ok=False, env=env).stderr
