"""The table of bad gRPC calls, case by case, against running stacks, with the client that most languages share."""

import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conformance.protobuf import create_signing_certificate_request, error_details, field, parse
from conformance.signing_request import signing_request
from conformance.test_bad_input import ask, sizes

CASES = tomllib.loads(Path(__file__).with_name("bad_grpc.toml").read_text())["case"]
CERTIFICATE_SIGNING_REQUEST = 3
RIGHT_KEY = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_bad_calls_are_refused_and_change_nothing(case, stack):
    before = sizes(stack)
    compression = grpc.Compression.Gzip if case.get("compressed") else None
    with pytest.raises(grpc.RpcError) as refusal:
        call(stack, case["rpc"], message_of(stack, case), case.get("metadata", {}), compression)
    assert refusal.value.code().name == case["code"], refusal.value
    assert case.get("says", "") in refusal.value.details()
    assert told_programs(refusal.value) == (case.get("reason"), case.get("field")), refusal.value
    assert sizes(stack) == before, "something was written"
    assert b"BEGIN CERTIFICATE" in call(stack, "GetTrustBundle", b"")


@pytest.mark.parametrize("beside", [None, "authorization", "oidcidentitytoken"])
@pytest.mark.parametrize("csr", [None, "right"], ids=["key", "CSR"])
def test_a_right_request_is_granted(stack, csr, beside):
    """The table's requests are refused for their one fault, not for another."""
    body, headers = signing_request(stack, csr=csr)
    token = headers["Authorization"].removeprefix("Bearer ")
    message = create_signing_certificate_request(body, "" if beside else token)
    metadata = {beside: token} if beside else {}
    before = sizes(stack)
    answer = call(stack, "CreateSigningCertificate", message, metadata)
    # The second choice of the answer: the SCT is in the certificate.
    assert answer[:1] == field(2, b"")[:1]
    pem = answer[answer.index(b"-----BEGIN") :]
    certificate = x509.load_pem_x509_certificate(pem)
    [sct] = certificate.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps).value
    assert int.from_bytes(sct.extension_bytes[3:]) == before[1]
    assert pem.count(b"-----BEGIN CERTIFICATE-----") == 3


def test_configuration_and_health_answer(stack):
    assert stack.issuer.encode() in call(stack, "GetConfiguration", b"")
    assert call(stack, "/grpc.health.v1.Health/Check", b"") == b"\x08\x01"


@pytest.mark.parametrize(
    "method, media_type, body, status, grpc_status",
    [
        ("GET", "application/grpc", b"", 501, None),
        ("PUT", "application/grpc", bytes(5), 501, None),
        ("POST", "application/json", b"{}", 415, None),
        ("POST", "text/plain", bytes(5), 415, None),
        ("POST", "application/grpc", b"", 200, "13"),
        ("POST", "application/grpc", bytes(4), 200, "13"),
        ("POST", "application/grpc", b"\0\0\0\0\5abc", 200, "13"),
        ("POST", "application/grpc", b"\2\0\0\0\0", 200, "13"),
        ("POST", "application/grpc", b"\0\xff\xff\xff\xff", 200, "8"),
    ],
)
def test_bad_frames_are_refused(stack, method, media_type, body, status, grpc_status):
    """What no gRPC client can be made to send, over HTTP/1.1: other requests, and frames that lie."""
    headers = {"Content-Type": media_type, "TE": "trailers"}
    found, sent, _ = ask(stack, "ca", method, "/dev.sigstore.fulcio.v2.CA/GetTrustBundle", body, headers)
    assert (found, sent.get("grpc-status")) == (status, grpc_status)


@pytest.mark.parametrize(
    "message, at_fault",
    [
        (b"", "public_key.content"),
        (field(1, field(2, b"junk")), "public_key.content"),
        (field(1, field(2, RIGHT_KEY)) + field(2, b"junk"), "signed_email_address"),
        (field(3, b"junk"), "certificate_signing_request"),
    ],
)
def test_v1beta_has_its_own_names(stack, message, at_fault):
    _, headers = signing_request(stack)
    metadata = {"oidcidentitytoken": headers["Authorization"].removeprefix("Bearer ")}
    with pytest.raises(grpc.RpcError) as refusal:
        call(stack, "/dev.sigstore.fulcio.v1beta.CA/CreateSigningCertificate", message, metadata)
    assert told_programs(refusal.value) == (None, at_fault), refusal.value


def told_programs(refusal):
    """The cause and the field at fault, if the details name them."""
    details = error_details(refusal)
    reason = details["ErrorInfo"][1][0].decode() if "ErrorInfo" in details else None
    at_fault = [parse(violation)[1][0].decode() for violation in details.get("BadRequest", {}).get(1, [])]
    return reason, *(at_fault or [None])


def call(stack, rpc, message, metadata=None, compression=None):
    path = rpc if rpc.startswith("/") else f"/dev.sigstore.fulcio.v2.CA/{rpc}"
    with grpc.insecure_channel(urlsplit(stack.service_url("ca")).netloc) as channel:
        method = channel.unary_unary(path, request_serializer=None, response_deserializer=None)
        return method(message, metadata=list((metadata or {}).items()), timeout=20, compression=compression)


def message_of(stack, case):
    if "request" in case:
        body, headers = signing_request(stack, **case["request"])
        return create_signing_certificate_request(body, headers.get("Authorization", "").removeprefix("Bearer "))
    if "size" in case:
        return field(CERTIFICATE_SIGNING_REQUEST, b"a" * case["size"])
    return bytes.fromhex(case.get("hex", ""))
