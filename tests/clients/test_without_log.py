"""A CA and a TSA, no transparency log: certificate chains and a signed timestamp are the proof."""

import pytest

from clients.cosign import Cosign2, Cosign3

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


@pytest.mark.parametrize("version", [WithoutLog3, WithoutLog2])
def test_certificate_chain_and_timestamp(version, stack, image, work):
    cosign = version(stack, work)
    urls = ["--fulcio-url", stack.urls["ca"], "--timestamp-server-url", stack.urls["tsa"]]
    token = ["--identity-token", cosign.token_file()]
    cosign("sign", *REGISTRY, *cosign.plain(), *token, *urls, "--tlog-upload=false", image)

    chain = stack.document("fulcio_v1.crt.pem").read_text()
    issuing, root = [f"{part}-----END CERTIFICATE-----\n" for part in chain.split("-----END CERTIFICATE-----\n")[:2]]
    (work / "intermediate.pem").write_text(issuing)
    (work / "root.pem").write_text(root)
    verify = ["verify", *REGISTRY, *cosign.old_format(), "--insecure-ignore-tlog", "--use-signed-timestamps"]
    authority = ["--ca-roots", work / "root.pem", "--ca-intermediates", work / "intermediate.pem"]
    sct = {"SIGSTORE_CT_LOG_PUBLIC_KEY_FILE": str(stack.document("ctfe.pub"))}

    def verified(chain, identity, ok):
        # cosign 2 prefers the variable to the flag.
        env = {**sct, "SIGSTORE_TSA_CERTIFICATE_FILE": str(chain)}
        cosign(*verify, *authority, "--timestamp-certificate-chain", chain, *identity, image, ok=ok, env=env)

    verified(stack.document("tsa.certchain.pem"), cosign.identity(), ok=True)
    verified(stack.document("tsa.certchain.pem"), cosign.identity(email="mallory@example.org"), ok=False)
    verified(stack.document("fulcio_v1.crt.pem"), cosign.identity(), ok=False)
