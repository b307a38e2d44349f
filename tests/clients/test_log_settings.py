"""What `sigstead.toml` says of what the log takes, keeps and answers, and what clients meet then."""

import base64
import hashlib
import json
import urllib.error
import urllib.request

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from clients.test_rekor_cli import RekorCli, index_of, signed_statement
from faults.load import PUBLIC_PEM, entry
from stack import Stack, run


@pytest.fixture
def start(binary, tmp_path, monkeypatch):
    """`up` with settings of one section, over the same data each time."""

    def start(section="LOG", **settings):
        for name, value in settings.items():
            monkeypatch.setenv(f"SIGSTEAD_{section}__{name.upper()}", value if isinstance(value, str) else json.dumps(value))
        return Stack.up(binary, tmp_path / "data")

    return start


def post(stack, path, body):
    request = urllib.request.Request(stack.service_url("log") + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


def test_a_log_takes_and_keeps_no_more_than_its_operator_wants(start, work):
    kinds, operations = ["hashedrekord", "intoto"], ["createLogEntry", "getLogEntryByIndex", "searchIndex", "getLogInfo", "getPublicKey"]
    limits = {"max_search_results": 2, "max_attestation_bytes": 10, "max_body_bytes": 10_000}
    add = lambda artifact: post(stack, "api/v1/log/entries", entry(artifact))
    with start(kinds=kinds, operations=operations, **limits) as stack:
        for artifact in (b"one", b"two", b"three"):
            assert add(artifact)[0] == 201
        key = {"publicKey": {"format": "x509", "content": base64.b64encode(PUBLIC_PEM).decode()}}
        status, found = post(stack, "api/v1/index/retrieve", key)
        assert (status, len(found)) == (200, 2), "the oldest"
        assert add(b"x" * 10_000)[0] == 201, "only its digest is sent"
        status, refused = post(stack, "api/v1/log/entries", {**entry(b"long"), "more": "x" * 10_000})
        assert (status, refused["message"]) == (413, "Request Entity Too Large. Limit set to 10000")
        rekor = RekorCli(stack, work)
        _, flags = signed_statement(work, 64 * "ab")
        index = index_of(rekor("upload", *flags, "--type", "intoto"))
        assert "attestation" not in json.loads(stack.get("log", f"/api/v1/log/entries?logIndex={index}")).popitem()[1]
        rekor("upload", *flags, "--type", "dsse", ok=False)
        with pytest.raises(urllib.error.HTTPError) as off:
            stack.get("log", "/api/v1/log/proof?lastSize=2")
        assert off.value.code == 501
    with start(read_only=True, operations=[*operations, "getLogEntryByUUID"]) as stack:
        rekor = RekorCli(stack, work)
        assert "Create Entry API not enabled in this Rekor instance" in str(add(b"four"))
        assert rekor.json("get", "--log-index", "1")["LogIndex"] == 1
        assert len(json.loads(stack.get("log", "/api/search?kind=hashedrekord&limit=10"))["entries"]) == 6, "v1's five, v2's one"


def spki(key):
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


# Names of `log_v2.algorithms`: the key, and the hash that it signs.
WAYS = {
    "PKIX_ECDSA_P256_SHA_256": (lambda: ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()),
    "PKIX_ECDSA_P384_SHA_384": (lambda: ec.generate_private_key(ec.SECP384R1()), hashes.SHA384()),
    "PKIX_ECDSA_P521_SHA_512": (lambda: ec.generate_private_key(ec.SECP521R1()), hashes.SHA512()),
    "PKIX_RSA_PKCS1V15_2048_SHA256": (lambda: rsa.generate_private_key(65537, 2048), hashes.SHA256()),
    "PKIX_RSA_PKCS1V15_3072_SHA256": (lambda: rsa.generate_private_key(65537, 3072), hashes.SHA256()),
    "PKIX_RSA_PKCS1V15_4096_SHA256": (lambda: rsa.generate_private_key(65537, 4096), hashes.SHA256()),
    "PKIX_ED25519": (ed25519.Ed25519PrivateKey.generate, hashes.SHA512()),
}


class Signed:
    """A message signed in one of the ways, as requests for Rekor v2."""

    def __init__(self, way):
        make, self.hash = WAYS[way]
        self.key, self.way = make(), way
        self.message = way.encode()
        self.digest = hashlib.new(self.hash.name, self.message).digest()

    def verifier(self):
        return {"publicKey": {"rawBytes": base64.b64encode(spki(self.key)).decode()}, "keyDetails": self.way}

    def signature(self, message):
        match self.key:
            case ec.EllipticCurvePrivateKey():
                how = [ec.ECDSA(self.hash)]
            case rsa.RSAPrivateKey():
                how = [padding.PKCS1v15(), self.hash]
            case _:
                how = []
        return base64.b64encode(self.key.sign(message, *how)).decode()

    def hashedrekord(self):
        signature = {"content": self.signature(self.message), "verifier": self.verifier()}
        return {"hashedRekordRequestV002": {"digest": base64.b64encode(self.digest).decode(), "signature": signature}}

    def dsse(self):
        signed = self.signature(b"DSSEv1 4 text %d %s" % (len(self.message), self.message))
        payload = base64.b64encode(self.message).decode()
        envelope = {"payload": payload, "payloadType": "text", "signatures": [{"sig": signed}]}
        return {"dsseRequestV002": {"envelope": envelope, "verifiers": [self.verifier()]}}


def add_v2(stack, request):
    return post(stack, "api/v2/log/entries", request)[0]


def test_rekor_v2_takes_the_keys_that_its_operator_wants(binary, start, work):
    """What was taken is found by its digest, of whichever algorithm, and by its key."""
    signed = {way: Signed(way) for way in WAYS}
    with start("LOG_V2", dsse=True) as stack:
        for way, of in signed.items():
            expected = 400 if way == "PKIX_ED25519" else 201
            assert (add_v2(stack, of.hashedrekord()), add_v2(stack, of.dsse())) == (expected, expected), way
        for way, of in signed.items():
            search = [binary, "log", "search", "--url", stack.urls["log"], "--json"]
            (work / "key.pem").write_bytes(
                of.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            )
            taken = way != "PKIX_ED25519"
            for how in (["--digest", f"{of.hash.name}:{of.digest.hex()}"], ["--key", work / "key.pem"], ["--key", hashlib.sha256(spki(of.key)).hexdigest()]):
                found = [json.loads(line) for line in run([*search, "--kind", "hashedrekord", *how], ok=taken).stdout.splitlines()]
                assert [(one["log"], one["kind"]) for one in found] == [("rekor-v2", "hashedrekord")] * taken, (way, how)
    with start("LOG_V2", algorithms="rekor-tiles-2.2") as stack:
        assert add_v2(stack, signed["PKIX_ED25519"].dsse()) == 201
    with start("LOG_V2", algorithms="PKIX_ECDSA_P384_SHA_384, PKIX_ED25519_PH", dsse=False, duplicates="conflict") as stack:
        for way in WAYS:
            assert add_v2(stack, signed[way].hashedrekord()) == (201 if "P384" in way else 400), way
        assert add_v2(stack, signed["PKIX_ECDSA_P384_SHA_384"].dsse()) == 400
        twice = signed["PKIX_ECDSA_P384_SHA_384"].hashedrekord()
        assert [add_v2(stack, twice) for _ in range(2)] == [201, 409]
