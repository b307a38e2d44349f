"""Rekor v2 over gRPC, on the port of its JSON: the same entries, the same refusals."""

import base64
import hashlib
import json
from urllib.parse import urlsplit

import grpc
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from conformance.protobuf import error_details, field, parse, varint
from conformance.test_bad_input import ask

P256 = 5


@pytest.fixture
def key():
    return ec.generate_private_key(ec.SECP256R1())


def request(key, digest, signed=None):
    """HashedRekordRequestV002 in a CreateEntryRequest, and the same as JSON."""
    signature = key.sign(signed or digest, ec.ECDSA(hashes.SHA256()))
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    verifier = field(1, field(1, der)) + varint(3 << 3) + varint(P256)
    digest = hashlib.sha256(digest).digest()
    message = field(1, field(1, digest) + field(2, field(1, signature) + field(2, verifier)))
    b64 = lambda data: base64.b64encode(data).decode()
    as_json = {"publicKey": {"rawBytes": b64(der)}, "keyDetails": "PKIX_ECDSA_P256_SHA_256"}
    as_json = {"digest": b64(digest), "signature": {"content": b64(signature), "verifier": as_json}}
    return message, json.dumps({"hashedRekordRequestV002": as_json})


def call(stack, message, path="/dev.sigstore.rekor.v2.Rekor/CreateEntry"):
    with grpc.insecure_channel(urlsplit(stack.urls["log"]).netloc) as channel:
        return channel.unary_unary(path, request_serializer=None, response_deserializer=None)(message, timeout=20)


def size(stack):
    return int(stack.get("log", "/checkpoint").split(b"\n")[1])


def test_an_entry_is_the_same_over_grpc_and_json(stack, key):
    message, as_json = request(key, b"an artifact")
    answer = call(stack, message)
    after = size(stack)
    headers = {"Content-Type": "application/json"}
    status, _, text = ask(stack, "log", "POST", "/api/v2/log/entries", as_json, headers)
    entry = json.loads(text)
    assert status == 201 and size(stack) == after, "it was there already"
    for bytes_of in ("canonicalizedBody", "logId"):
        value = entry[bytes_of]["keyId"] if bytes_of == "logId" else entry[bytes_of]
        assert base64.b64decode(value) in answer
    assert entry["inclusionProof"]["checkpoint"]["envelope"].split("\n")[0].encode() in answer
    assert call(stack, b"", "/grpc.health.v1.Health/Check") == b"\x08\x01"


@pytest.mark.parametrize(
    "name, code",
    [("nothing", "INVALID_ARGUMENT"), ("junk", "INTERNAL"), ("another digest", "INVALID_ARGUMENT"), ("too long", "RESOURCE_EXHAUSTED")],
)
def test_bad_calls_are_refused_and_change_nothing(stack, key, name, code):
    before = size(stack)
    message = {
        "nothing": lambda: b"",
        "junk": lambda: b"\xff" * 11,
        "another digest": lambda: request(key, b"one", signed=b"other")[0],
        "too long": lambda: field(1, field(1, bytes(5 << 20))),
    }[name]()
    with pytest.raises(grpc.RpcError) as refusal:
        call(stack, message)
    assert refusal.value.code().name == code, refusal.value
    if code == "INVALID_ARGUMENT":
        violation = parse(error_details(refusal.value)["BadRequest"][1][0])
        assert violation[1] == [b"hashed_rekord_request_v002"]
    assert size(stack) == before


def test_other_requests_are_told_apart(stack):
    path = "/dev.sigstore.rekor.v2.Rekor/CreateEntry"
    status, _, text = ask(stack, "log", "POST", path, "{}", {"Content-Type": "application/json"})
    assert status == 415 and json.loads(text)["code"] == 3
    with pytest.raises(grpc.RpcError) as refusal:
        call(stack, b"", "/dev.sigstore.rekor.v2.Rekor/Nothing")
    assert refusal.value.code().name == "UNIMPLEMENTED"
