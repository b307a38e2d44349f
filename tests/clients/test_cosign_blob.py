"""cosign 3 signs files into bundles; what verifies offline, and what must not verify any more."""

import base64
import copy
import json

import pytest

from clients.cosign import Cosign3

# Nothing answers there: a verifier that goes online fails.
OFFLINE = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}


def flip(text):
    """The same base64 text with one bit of its middle byte turned."""
    raw = bytearray(base64.b64decode(text))
    raw[len(raw) // 2] ^= 1
    return base64.b64encode(raw).decode()


def signed(stack, blob, work):
    cosign = Cosign3(stack, work)
    cosign("sign-blob", *cosign.signing(), "--bundle", "bundle.json", blob)
    return cosign, json.loads((work / "bundle.json").read_text())


def verify(cosign, bundle, blob, ok=True):
    (cosign.work / "checked.json").write_text(json.dumps(bundle))
    flags = [*cosign.trust(), *cosign.identity(), "--use-signed-timestamps", "--bundle", "checked.json"]
    return cosign("verify-blob", *flags, blob, ok=ok, env=OFFLINE)


def entry(bundle):
    return bundle["verificationMaterial"]["tlogEntries"][0]


def tamper_signature(bundle):
    bundle["messageSignature"]["signature"] = flip(bundle["messageSignature"]["signature"])


def tamper_certificate(bundle):
    certificate = bundle["verificationMaterial"]["certificate"]
    certificate["rawBytes"] = flip(certificate["rawBytes"])


def tamper_promise(bundle):
    promise = entry(bundle)["inclusionPromise"]
    promise["signedEntryTimestamp"] = flip(promise["signedEntryTimestamp"])


def tamper_proof(bundle):
    proof = entry(bundle)["inclusionProof"]
    proof["hashes"] = [flip(proof["hashes"][0]), *proof["hashes"][1:]]


def tamper_root(bundle):
    proof = entry(bundle)["inclusionProof"]
    proof["rootHash"] = flip(proof["rootHash"])


def tamper_checkpoint(bundle):
    checkpoint = entry(bundle)["inclusionProof"]["checkpoint"]
    lines = checkpoint["envelope"].split("\n")
    lines[1] = str(int(lines[1]) + 1)
    checkpoint["envelope"] = "\n".join(lines)


def tamper_timestamp(bundle):
    stamp = bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"][0]
    stamp["signedTimestamp"] = flip(stamp["signedTimestamp"])


def tamper_body(bundle):
    entry(bundle)["canonicalizedBody"] = flip(entry(bundle)["canonicalizedBody"])


def test_a_bundle_verifies_offline(stack, blob, work):
    cosign, bundle = signed(stack, blob, work)
    verify(cosign, bundle, blob)


TAMPERED = [
    tamper_signature,
    tamper_certificate,
    tamper_promise,
    tamper_proof,
    tamper_root,
    tamper_checkpoint,
    tamper_timestamp,
    tamper_body,
]


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda tamper: tamper.__name__)
def test_a_tampered_bundle_is_refused(tamper, stack, blob, work):
    # The second entry of a log has a proof with hashes to tamper with, whoever ran before.
    signed(stack, blob, work)
    cosign, bundle = signed(stack, blob, work)
    changed = copy.deepcopy(bundle)
    tamper(changed)
    assert changed != bundle
    verify(cosign, changed, blob, ok=False)
    verify(cosign, bundle, blob)


def test_another_file_is_refused(stack, blob, work):
    cosign, bundle = signed(stack, blob, work)
    other = work / "other"
    other.write_text("not what was signed")
    verify(cosign, bundle, other, ok=False)
