"""Fulcio's gRPC messages, encoded here: bytes that no generated code would make can be made too; errors, decoded."""

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


def parse(message):
    """The values of a message's fields, by number."""
    fields, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at, value, shift = at + 1, value | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                return value

    while at < len(message):
        tag = number()
        value = number()
        if tag & 7 == 2:
            at, value = at + value, message[at : at + value]
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def error_details(refusal):
    """The details of a refusal (google.rpc.Status): their fields by the names of their messages."""
    metadata = dict(refusal.trailing_metadata())
    status = parse(metadata.get("grpc-status-details-bin", b""))
    if status:
        assert (status[1], status[2]) == ([refusal.code().value[0]], [refusal.details().encode()])
    details = (parse(detail) for detail in status.get(3, []))
    return {detail[1][0].decode().removeprefix("type.googleapis.com/google.rpc."): parse(detail[2][0]) for detail in details}


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
