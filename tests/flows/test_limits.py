"""Clients and identities that ask too much are told so, in the shape of each API; patient clients get through."""

import json
import time
import urllib.error
import urllib.request

import grpc
import pytest

from clients.cosign import Cosign3
from clients.test_rekor_cli import RekorCli
from conformance.protobuf import error_details, parse
from stack import Stack


@pytest.fixture
def limited(binary, tmp_path, monkeypatch):
    """A few requests a second of each client; behind loopback, which is a proxy."""
    settings = {"CLIENT_PER_SECOND": 5, "CLIENT_BURST": 40, "IDENTITY_PER_MINUTE": 2, "IDENTITY_BURST": 2}
    for name, value in settings.items():
        monkeypatch.setenv(f"SIGSTEAD_LIMITS__{name}", str(value))
    monkeypatch.setenv("SIGSTEAD_LIMITS__TRUSTED_PROXIES", '["127.0.0.0/8"]')
    with Stack.up(binary, tmp_path / "data") as stack:
        yield stack


def ask(url, client, headers=()):
    request = urllib.request.Request(url, headers={"X-Forwarded-For": client, **dict(headers)})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def exhaust(url, client):
    """Asks until it is refused."""
    for _ in range(200):
        status, headers, body = ask(url, client)
        if status != 200:
            return status, headers, body
    raise AssertionError(f"{url} refuses nobody")


def test_each_api_refuses_in_its_shape(limited):
    for service, path, expected in [
        ("log", "/api/v1/log", {"code": 429, "message": "too many requests; try again later"}),
        ("log", "/api/v2/checkpoint", {"code": 8, "message": "too many requests; try again later", "details": []}),
        ("ca", "/api/v2/trustBundle", {"code": 8, "message": "too many requests; try again later", "details": []}),
        ("tsa", "/api/v1/timestamp/certchain", {"code": 429, "message": "too many requests; try again later"}),
        ("ct", "/ct/v1/get-sth", None),
    ]:
        url = limited.service_url(service).rstrip("/") + path
        client = f"192.0.2.{len(path)}"
        status, headers, body = exhaust(url, client)
        assert (status, headers["Retry-After"]) == (429, "1"), url
        if expected:
            assert json.loads(body) == expected
        else:
            assert body == b"too many requests; try again later\n"
        assert ask(url, "198.51.100.9")[0] == 200, "another client"
        assert headers["X-Request-Id"]
    for _ in range(60):
        assert ask(limited.service_url("log") + "ping", "192.0.2.200")[0] == 200
        assert limited.get("admin", "/healthz")
    metrics = limited.get("admin", "/metrics").decode()
    assert 'sigstead_requests_limited_total{listener="the log (--log-port)",by="client"} 2' in metrics


def test_programs_are_told_when_to_come_again(limited):
    trust_bundle = "/dev.sigstore.fulcio.v2.CA/GetTrustBundle"
    with grpc.insecure_channel(limited.address("ca")) as channel:
        method = channel.unary_unary(trust_bundle, request_serializer=None, response_deserializer=None)
        with pytest.raises(grpc.RpcError) as refusal:
            for _ in range(200):
                method(b"", metadata=[("x-forwarded-for", "192.0.2.77")], timeout=20)
    assert refusal.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    wait = parse(error_details(refusal.value)["RetryInfo"][1][0])
    assert 0 < wait.get(1, [0])[0] + wait.get(2, [0])[0] / 1e9 <= 1, "a fifth of a second for the next request"


def test_a_client_that_waits_gets_through(limited, work):
    url = limited.service_url("log") + "api/v1/log"
    # rekor-cli says nothing of whom it asks for: it is the proxy itself.
    while ask(url, "")[0] == 200:
        pass
    rekor = RekorCli(limited, work)
    assert rekor.json("loginfo")["TreeID"], "it was told when to come again, and did"


def test_an_identity_gets_so_many_certificates(limited, work, blob):
    cosign = Cosign3(limited, work)
    for number in range(2):
        cosign("sign-blob", *cosign.signing(), "--bundle", work / f"{number}.json", blob)
    refused = cosign("sign-blob", *cosign.signing(), "--bundle", work / "refused.json", blob, ok=None)
    assert refused is not None and not (work / "refused.json").exists()
    metrics = limited.get("admin", "/metrics").decode()
    assert 'sigstead_requests_limited_total{listener="ca",by="identity"}' in metrics
    time.sleep(31)
    cosign("sign-blob", *cosign.signing(), "--bundle", work / "later.json", blob)
