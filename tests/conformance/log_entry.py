"""Entries for the log that are right but for one thing."""

import hashlib
import json
import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from conformance.signing_request import b64, public_pem


class Signed:
    """A message nobody logged yet, with its signature; each entry made from it is about the same leaf."""

    def __init__(self):
        self.key, self.message, self.signatures = ec.generate_private_key(ec.SECP256R1()), os.urandom(32), {}

    def signature(self, data):
        """The first signature over `data` is kept: ECDSA makes another one each time."""
        return self.signatures.setdefault(data, self.key.sign(data, ec.ECDSA(hashes.SHA256())))

    def entry(self, kind="hashedrekord", **fault):
        return self.hashedrekord(**fault) if kind == "hashedrekord" else self.dsse(**fault)

    def hashedrekord(self, pem="right", signed="right"):
        data = self.message if signed == "right" else b"another message"
        digest = hashlib.sha256(self.message).hexdigest()
        spec = {
            "data": {"hash": {"algorithm": "sha256", "value": digest}},
            "signature": {"content": b64(self.signature(data)), "publicKey": {"content": b64(self.pem(pem))}},
        }
        return {"kind": "hashedrekord", "apiVersion": "0.0.1", "spec": spec}

    def dsse(self, pem="right", signed="right"):
        frame = b"" if signed == "without frame" else f"DSSEv1 4 text {len(self.message)} ".encode()
        signature = self.signature(frame + self.message)
        envelope = {"payload": b64(self.message), "payloadType": "text", "signatures": [{"sig": b64(signature)}]}
        proposed = {"envelope": json.dumps(envelope), "verifiers": [b64(self.pem(pem))]}
        return {"kind": "dsse", "apiVersion": "0.0.1", "spec": {"proposedContent": proposed}}

    def pem(self, how):
        right = public_pem(self.key)
        match how:
            case "right":
                return right
            case "CRLF":
                return right.replace(b"\n", b"\r\n")
            case "blank lines":
                return b"\n\n" + right + b"\n"
            case "one line":
                lines = right.decode().split("\n")
                return "\n".join([lines[0], "".join(lines[1:-2]), *lines[-2:]]).encode()
            case "other key":
                return public_pem(ec.generate_private_key(ec.SECP256R1()))
            case "private":
                return right.replace(b"PUBLIC", b"PRIVATE")
        raise AssertionError(f"no such PEM: {how}")
