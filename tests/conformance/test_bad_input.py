"""The table of bad input, case by case, against running stacks."""

import http.client
import json
import re
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from conformance.log_entry import Signed
from conformance.signing_request import signing_request

CASES = tomllib.loads(Path(__file__).with_name("bad_input.toml").read_text())["case"]


@pytest.fixture(autouse=True)
def an_entry_in_each_log(stack):
    """Some cases ask about a log that has entries; a certificate is one in the CT log."""
    if sizes(stack)[1] == 0:
        test_a_right_request_is_granted(stack)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_bad_input_is_refused_and_changes_nothing(case, stack):
    signed = Signed()
    if "after" in case:
        status, _, text = send(stack, {**case, "entry": case["after"]}, signed)
        assert status == 201, text
    before = sizes(stack)
    status, headers, text = send(stack, case, signed)
    assert status == case["status"], text
    if "code" in case:
        assert json.loads(text)["code"] == case["code"], text
    if "says" in case:
        assert case["says"] in readable(text), text
    if "after" in case:
        names_the_entry_that_is_there(headers["location"], readable(text), stack)
    if "reason" in case:
        assert json.loads(text)["details"][0]["reason"] == case["reason"], text
    if case.get("empty"):
        assert text == "" and "content-type" not in headers
    assert sizes(stack) == before, "something was written"


def names_the_entry_that_is_there(location, message, stack):
    identity = location.removeprefix("/api/v1/log/entries/")
    assert re.fullmatch("[0-9a-f]{80}", identity) and message.endswith(identity)
    assert list(json.loads(stack.get("log", location))) == [identity]


def test_a_right_request_is_granted(stack):
    """The table's requests for certificates are refused for their one fault, not for another."""
    body, headers = signing_request(stack)
    status, _, text = post(stack, "ca", "/api/v2/signingCert", json.dumps(body), headers)
    assert status == 200 and len(json.loads(text)["signedCertificateEmbeddedSct"]["chain"]["certificates"]) == 3


def send(stack, case, signed):
    if "request" in case:
        body, headers = signing_request(stack, **case["request"])
        return post(stack, "ca", "/api/v2/signingCert", json.dumps(body), headers)
    if "entry" in case:
        headers = {"Content-Type": "application/json"}
        return post(stack, "log", "/api/v1/log/entries", json.dumps(signed.entry(**case["entry"])), headers)
    headers = {}
    if case.get("type", "application/json"):
        headers["Content-Type"] = case.get("type", "application/json")
    if "accept" in case:
        headers["Accept"] = case["accept"]
    return ask(stack, case["service"], case.get("method", "GET"), case["path"], body_of(case), headers)


def body_of(case):
    if "json" in case:
        return json.dumps(case["json"])
    if "hex" in case:
        return bytes.fromhex(case["hex"])
    if "size" in case:
        return b"a" * case["size"]
    return case.get("text")


def post(stack, service, path, body, headers):
    return ask(stack, service, "POST", path, body, headers)


def ask(stack, service, method, path, body, headers):
    address = urlsplit(stack.service_url(service))
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
    try:
        connection.request(method, path, body, headers)
    except (BrokenPipeError, ConnectionResetError):
        # The server may refuse a long body before all of it is sent; its answer is there all the same.
        pass
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
    connection.close()
    return found


def readable(text):
    """The message of a JSON error, or the text itself."""
    try:
        return json.loads(text)["message"]
    except (ValueError, KeyError, TypeError):
        return text


def sizes(stack):
    """How many entries the two logs have."""
    log = json.loads(stack.get("log", "/api/v1/log"))["treeSize"]
    return log, json.loads(stack.get("ct", "/ct/v1/get-sth"))["tree_size"]
