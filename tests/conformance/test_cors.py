"""Browsers may ask what they may ask the originals."""

import http.client

import pytest

ORIGIN = {"Origin": "https://search.example.org"}


def ask(stack, service, method, path, headers):
    connection = http.client.HTTPConnection(stack.address(service), timeout=10)
    connection.request(method, path, headers={**ORIGIN, **headers})
    answer = connection.getresponse()
    answer.read()
    return answer


@pytest.mark.parametrize(
    "service, path, asked, granted",
    [
        ("ca", "/api/v2/signingCert", "content-type", True),
        # A token goes into the body, as with Fulcio.
        ("ca", "/api/v2/signingCert", "authorization", False),
        ("log", "/api/v1/log/entries", "x-anything", True),
        ("tsa", "/api/v1/timestamp", "x-anything", True),
    ],
)
def test_a_preflight_has_no_content(service, path, asked, granted, up_stack):
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": asked}
    answer = ask(up_stack, service, "OPTIONS", path, wanted)
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert (asked in answer.headers["Access-Control-Allow-Headers"].lower()) == granted


@pytest.mark.parametrize("service, path", [("ca", "/api/v2/trustBundle"), ("log", "/api/v1/log"), ("tsa", "/api/v1/timestamp/certchain")])
def test_every_origin_may_read(service, path, up_stack):
    answer = ask(up_stack, service, "GET", path, {})
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
