"""Fulcio's gRPC messages, encoded here: bytes that no generated code would make can be made too."""

import base64


def field(number, content):
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value):
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def create_signing_certificate_request(body, token):
    """From the same request's JSON body."""
    message = field(1, field(1, token.encode())) if token else b""
    if request := body.get("publicKeyRequest"):
        public_key = field(2, request["publicKey"]["content"].encode())
        proof = base64.b64decode(request["proofOfPossession"])
        message += field(2, field(1, public_key) + field(2, proof))
    if csr := body.get("certificateSigningRequest"):
        message += field(3, base64.b64decode(csr))
    return message
