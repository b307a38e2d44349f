"""Clients that log with Rekor v2: a signing config of its own, timestamps from the TSA, the same trusted root."""

import base64
import hashlib
import json

import pytest

from clients.cosign import Cosign3
from merkle import leaf_hash, roots

REGISTRY = ["--allow-insecure-registry"]
STRANGER = "mallory@example.org"


class Cosign(Cosign3):
    def services(self):
        return [
            "--signing-config", self.stack.document("signing_config_rekor_v2.v0.2.json"),
            "--trusted-root", self.stack.document("trusted_root.json"),
        ]


@pytest.fixture
def cosign(stack, work):
    return Cosign(stack, work)


def test_images_and_attestations(cosign, image, work):
    cosign("sign", *REGISTRY, *cosign.signing(), image)
    cosign("verify", *REGISTRY, *cosign.trust(), *cosign.identity(), image)
    cosign("verify", *REGISTRY, *cosign.trust(), *cosign.identity(email=STRANGER), image, ok=False)
    predicate = work / "predicate.json"
    predicate.write_text('{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "app", "packages": []}')
    about = ["--type", "spdxjson"]
    cosign("attest", *REGISTRY, *cosign.signing(), *about, "--predicate", predicate, image)
    cosign("verify-attestation", *REGISTRY, *cosign.trust(), *cosign.identity(), *about, image)


def test_a_bundle_is_verified_offline_and_every_part_counts(cosign, stack, blob, work):
    bundle = work / "bundle.json"
    cosign("sign-blob", *cosign.signing(), "--bundle", bundle, blob)
    cosign("verify-blob", *cosign.trust(), *cosign.identity(), "--bundle", bundle, blob)
    content = json.loads(bundle.read_text())
    (entry,) = content["verificationMaterial"]["tlogEntries"]
    assert entry["kindVersion"] == {"kind": "hashedrekord", "version": "0.0.2"}
    assert "inclusionPromise" not in entry and "integratedTime" not in entry

    def refused(change):
        changed = json.loads(bundle.read_text())
        change(changed["verificationMaterial"]["tlogEntries"][0])
        (work / "changed.json").write_text(json.dumps(changed))
        cosign("verify-blob", *cosign.trust(), *cosign.identity(), "--bundle", work / "changed.json", blob, ok=False)

    def other_place(entry):
        entry["logIndex"] = entry["inclusionProof"]["logIndex"] = "100000"

    def unsigned(entry):
        note = entry["inclusionProof"]["checkpoint"]["envelope"]
        entry["inclusionProof"]["checkpoint"]["envelope"] = note.replace(note.split(" ")[-1], "A" * 92 + "\n")

    refused(other_place)
    refused(unsigned)
    blob.write_bytes(b"something else")
    cosign("verify-blob", *cosign.trust(), *cosign.identity(), "--bundle", bundle, blob, ok=False)


def test_a_key_pair(cosign, blob, work):
    cosign("generate-key-pair")
    bundle = work / "bundle.json"
    cosign("sign-blob", "--key", "cosign.key", *cosign.services(), "--bundle", bundle, blob)
    cosign("verify-blob", "--key", "cosign.pub", *cosign.trust(), "--bundle", bundle, blob)


@pytest.mark.parametrize("prefix", ["", "/api/v2"])
def test_the_tiles_are_the_log(prefix, cosign, stack, blob, work):
    cosign("sign-blob", *cosign.signing(), "--bundle", work / "bundle.json", blob)
    checkpoint = stack.get("log", f"{prefix}/checkpoint").decode()
    origin, size, root = checkpoint.split("\n")[:3]
    assert origin == "127.0.0.1" and 0 < int(size) < 256
    bundle = stack.get("log", f"{prefix}/tile/entries/000.p/{size}")
    bodies = []
    while bundle:
        length = int.from_bytes(bundle[:2])
        bodies.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    leaves = [leaf_hash(body) for body in bodies]
    assert base64.b64decode(root) == roots(leaves)[-1]
    assert stack.get("log", f"{prefix}/tile/0/000.p/{size}") == b"".join(leaves)
    digest = base64.b64encode(hashlib.sha256(blob.read_bytes()).digest())
    assert any(digest in body for body in bodies)
