"""The table of bad gRPC calls, case by case, against running stacks, with the client that most languages share."""

import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import grpc
import pytest
from cryptography import x509

from conformance.protobuf import create_signing_certificate_request, field
from conformance.signing_request import signing_request
from conformance.test_bad_input import ask, sizes

CASES = tomllib.loads(Path(__file__).with_name("bad_grpc.toml").read_text())["case"]
CERTIFICATE_SIGNING_REQUEST = 3


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_bad_calls_are_refused_and_change_nothing(case, stack):
    before = sizes(stack)
    compression = grpc.Compression.Gzip if case.get("compressed") else None
    with pytest.raises(grpc.RpcError) as refusal:
        call(stack, case["rpc"], message_of(stack, case), case.get("metadata", {}), compression)
    assert refusal.value.code().name == case["code"], refusal.value
    assert case.get("says", "") in refusal.value.details()
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
