"""The CT log's two read APIs, held against each other and against RFC 6962 computed here."""

import base64
import datetime
import gzip
import hashlib
import json
import urllib.error
import urllib.parse
import urllib.request

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from conformance.signing_request import signing_request
from conformance.test_bad_input import post
from merkle import leaf_hash, root_from_inclusion, roots
from stack import wait_for

ISSUED = 5


@pytest.fixture
def issued(stack):
    """Certificates that were just issued, each logged as a precertificate."""
    certificates = []
    for _ in range(ISSUED):
        body, headers = signing_request(stack)
        _, _, text = post(stack, "ca", "/api/v2/signingCert", json.dumps(body), headers)
        pem = json.loads(text)["signedCertificateEmbeddedSct"]["chain"]["certificates"][0]
        certificates.append(x509.load_pem_x509_certificate(pem.encode()))
    return certificates


def ct(stack, path):
    return json.loads(stack.get("ct", f"/ct/v1/{path}"))


def leaf_inputs(stack, size):
    entries = []
    while len(entries) < size:
        entries += ct(stack, f"get-entries?start={len(entries)}&end={size - 1}")["entries"]
    return [base64.b64decode(entry["leaf_input"]) for entry in entries]


def test_the_signed_tree_head_is_of_the_entries(stack, issued):
    head = ct(stack, "get-sth")
    root = roots([leaf_hash(leaf) for leaf in leaf_inputs(stack, head["tree_size"])])[-1]
    assert base64.b64decode(head["sha256_root_hash"]) == root
    signed = b"\0\1" + head["timestamp"].to_bytes(8) + head["tree_size"].to_bytes(8) + root
    key = serialization.load_pem_public_key(stack.document("ct.pub").read_bytes())
    signature = base64.b64decode(head["tree_head_signature"])
    assert signature[:2] == b"\4\3"
    key.verify(signature[4:], signed, ec.ECDSA(hashes.SHA256()))


def test_every_entry_is_proven(stack, issued):
    size = ct(stack, "get-sth")["tree_size"]
    leaves = [leaf_hash(leaf) for leaf in leaf_inputs(stack, size)]
    for index, leaf in enumerate(leaves[-ISSUED:], start=size - ISSUED):
        hash_of = urllib.parse.quote(base64.b64encode(leaf).decode())
        proof = ct(stack, f"get-proof-by-hash?hash={hash_of}&tree_size={size}")
        path = [base64.b64decode(text) for text in proof["audit_path"]]
        assert proof["leaf_index"] == index
        assert root_from_inclusion(index, size, leaf, path) == roots(leaves)[-1]
        again = ct(stack, f"get-entry-and-proof?leaf_index={index}&tree_size={size}")
        assert again["audit_path"] == proof["audit_path"]


def test_an_issued_certificate_is_the_logged_one(stack, issued):
    """The SCT in a certificate names an index; the entry there is that certificate's."""
    [sct] = issued[0].extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps).value
    index = int.from_bytes(sct.extension_bytes[3:])
    leaf = leaf_inputs(stack, index + 1)[index]
    assert issued[0].tbs_precertificate_bytes in leaf
    entry = ct(stack, f"get-entries?start={index}&end={index}")["entries"][0]
    extra = base64.b64decode(entry["extra_data"])
    length = int.from_bytes(extra[:3])
    precertificate = x509.load_der_x509_certificate(extra[3 : 3 + length])
    assert precertificate.serial_number == issued[0].serial_number
    assert precertificate.extensions.get_extension_for_class(x509.PrecertPoison).critical


def test_both_read_apis_show_one_tree(stack, issued):
    size = ct(stack, "get-sth")["tree_size"]
    origin, checkpoint_size, root = stack.get("ct", "/checkpoint").decode().split("\n")[:3]
    leaves = [leaf_hash(leaf) for leaf in leaf_inputs(stack, size)]
    assert int(checkpoint_size) == size and base64.b64decode(root) == roots(leaves)[-1]
    assert stack.service_url("ct").endswith(f"{origin}/")
    full, width = divmod(size, 256)
    if width:
        assert stack.get("ct", f"/tile/0/{full:03}.p/{width}") == b"".join(leaves[full * 256 :])
        data = stack.get("ct", f"/tile/data/{full:03}.p/{width}")
        # A record is the time-stamped entry of its leaf, the precertificate, and the issuers' fingerprints.
        assert leaf_inputs(stack, size)[full * 256][2:] == data[: len(leaf_inputs(stack, size)[full * 256]) - 2]
    with pytest.raises(urllib.error.HTTPError):
        stack.get("ct", f"/tile/0/{full:03}.p/{width + 1}")
    issuer = base64.b64decode(ct(stack, "get-roots")["certificates"][0])
    assert stack.get("ct", f"/issuer/{hashlib.sha256(issuer).hexdigest()}") == issuer


def test_full_data_tiles_are_sent_compressed_or_not(stack):
    """Enough certificates to fill a bundle; what is sealed is the same bytes, gzip-compressed."""
    while ct(stack, "get-sth")["tree_size"] < 256:
        body, headers = signing_request(stack)
        post(stack, "ca", "/api/v2/signingCert", json.dumps(body), headers)
    plain = stack.get("ct", "/tile/data/000")
    request = urllib.request.Request(f"{stack.service_url('ct')}tile/data/000", headers={"Accept-Encoding": "gzip"})

    def is_compressed():
        with urllib.request.urlopen(request) as answer:
            if answer.headers["Content-Encoding"] is None:
                return False
            assert gzip.decompress(answer.read()) == plain
            return True

    # Bundles are sealed beside the appends, soon after they are full.
    wait_for(is_compressed, "the sealed bundle")
    assert len(stack.get("ct", "/tile/0/000")) == 8192


def test_growth_is_consistent(stack, issued):
    size = ct(stack, "get-sth")["tree_size"]
    root_of = roots([leaf_hash(leaf) for leaf in leaf_inputs(stack, size)])
    first = size - ISSUED
    proof = [base64.b64decode(text) for text in ct(stack, f"get-sth-consistency?first={first}&second={size}")["consistency"]]
    assert consistent(first, size, proof, root_of[first], root_of[size])
    assert not consistent(first, size, proof, root_of[first], root_of[first])
    assert ct(stack, f"get-sth-consistency?first={size}&second={size}")["consistency"] == []


def submit(stack, endpoint, chain):
    """Status and text of a submission; the chain in DER."""
    body = json.dumps({"chain": [base64.b64encode(der).decode() for der in chain]})
    status, _, text = post(stack, "ct", f"/ct/v1/{endpoint}", body, {"Content-Type": "application/json"})
    return status, text


def certified(stack):
    """A certificate and its issuers, in DER."""
    body, headers = signing_request(stack)
    _, _, text = post(stack, "ca", "/api/v2/signingCert", json.dumps(body), headers)
    pems = json.loads(text)["signedCertificateEmbeddedSct"]["chain"]["certificates"]
    return [x509.load_pem_x509_certificate(pem.encode()).public_bytes(serialization.Encoding.DER) for pem in pems]


def test_a_duplicate_gets_the_first_promise(stack):
    chain = certified(stack)
    status, first = submit(stack, "add-chain", chain)
    assert status == 200
    size = ct(stack, "get-sth")["tree_size"]
    # The root may be left out; the entry is the same.
    for again in (chain, chain[:2]):
        status, text = submit(stack, "add-chain", again)
        promise, kept = json.loads(text), json.loads(first)
        assert status == 200 and [promise[name] for name in ("timestamp", "extensions", "id")] == [
            kept[name] for name in ("timestamp", "extensions", "id")
        ]
    assert ct(stack, "get-sth")["tree_size"] == size


def stranger():
    """A self-signed authority that nobody accepted, for code signing."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stranger")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    builder = builder.add_extension(x509.BasicConstraints(True, None), True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CODE_SIGNING]), False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_chains_that_do_not_hold_are_refused(stack):
    leaf, issuing, root = certified(stack)
    size = ct(stack, "get-sth")["tree_size"]
    for endpoint, chain, why in [
        ("add-chain", [issuing, leaf, root], "not issued by the next one"),
        ("add-chain", [leaf, root], "not issued by the next one"),
        ("add-chain", [leaf, issuing, root, stranger()], "not issued by the next one"),
        ("add-chain", [stranger()], "accepted root"),
        ("add-chain", [root], "alone"),
        ("add-chain", [root, root], "not for code signing"),
        ("add-pre-chain", [leaf, issuing, root], "no critical poison"),
        ("add-chain", [leaf] * 9, "1 to 8 certificates"),
    ]:
        status, text = submit(stack, endpoint, chain)
        assert status == 400 and why in text, (why, text)
    [precertificate] = [
        base64.b64decode(entry["extra_data"])
        for entry in ct(stack, f"get-entries?start={size - 1}&end={size - 1}")["entries"]
    ]
    poisoned = precertificate[3 : 3 + int.from_bytes(precertificate[:3])]
    status, text = submit(stack, "add-chain", [poisoned, issuing, root])
    assert status == 400 and "poisoned" in text
    assert ct(stack, "get-sth")["tree_size"] == size


def consistent(first, second, proof, first_root, second_root):
    """RFC 9162 §2.1.4.2."""
    from merkle import node_hash

    path = list(proof) if first & (first - 1) else [first_root, *proof]
    old = new = path[0]
    position, last = first - 1, second - 1
    while position % 2:
        position, last = position // 2, last // 2
    for sibling in path[1:]:
        if last == 0:
            return False
        if position % 2 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while position % 2 == 0 and position:
                position, last = position // 2, last // 2
        else:
            new = node_hash(new, sibling)
        position, last = position // 2, last // 2
    return old == first_root and new == second_root and last == 0
