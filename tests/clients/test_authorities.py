"""Keys and certificates of CA and TSA: under an organization's own root, self-made, and changed while clients sign."""

import json
import threading
import time
import urllib.error
import urllib.request

import pytest

from clients.bundles import V1, Python
from clients.cosign import EMAIL, Cosign2, Cosign3
from clients.test_openssl_ts import stamp
from clients.test_pkcs11 import MODULE, Token
from organization import Operator, Organization
from page import Page, Reader
from stack import Stack, run, wait_for


@pytest.fixture
def organization(tmp_path):
    return Organization(tmp_path / "organization")


@pytest.fixture
def made(binary, tmp_path):
    """The data folder of an `up` that has stopped, without the authorities that it made."""
    data = tmp_path / "data"
    Stack.up(binary, data).stop()
    for service in ("ca", "tsa"):
        (data / f"{service}-authorities.toml").unlink()
        (data / f"{service}-chain.pem").unlink()
        (data / f"keys/{service}.key").unlink()
    return data


@pytest.fixture
def hsm(tmp_path, monkeypatch):
    """A token, with the URI of a key that it does not have yet."""
    Token(tmp_path, monkeypatch)
    return f"pkcs11:token=sigstead%20test;object=issuing;id=%07?module-path={MODULE}&pin-source=env:HSM_PIN"


@pytest.mark.parametrize("version", [Cosign3, Cosign2])
def test_under_the_organizations_root(version, binary, made, organization, hsm, work, blob):
    """The CA's key in a token, the TSA's in a file, both chains of three up to a root that openssl made."""
    operate = Operator(binary, made)
    for service, key in (("ca", ["--key", hsm]), ("tsa", ["--key-kind", "p384"])):
        csr = organization.folder / f"{service}.csr"
        name = ["--subject", f"CN=Example {service},O=Example"]
        told = operate(service, "init", "--csr", csr, *key, *name)
        assert "was made" in told and f"{service} import" in told
        signed = organization.sign(csr, f"{service}.pem")
        operate(service, "import", *key[:2] if service == "ca" else [], signed, *organization.chain())
    text = organization.openssl("x509", "-in", "tsa.pem", "-noout", "-text")
    assert "Extended Key Usage: critical\n                Time Stamping\n" in text
    text = organization.openssl("x509", "-in", "ca.pem", "-noout", "-text")
    assert "CA:TRUE, pathlen:0" in text and "Code Signing" in text

    with Stack.up(binary, made) as stack:
        cosign = version(stack, work)
        bundle = ["--bundle", work / "b.json"] + (["--new-bundle-format"] if version is Cosign2 else [])
        if version is Cosign2:
            cosign("sign-blob", *cosign.signing(), "--output-certificate", work / "c.pem", "--output-signature", work / "s", blob)
            cosign("verify-blob", *cosign.trust(), *cosign.identity(), "--certificate", work / "c.pem", "--signature", work / "s", blob)
        else:
            cosign("sign-blob", *cosign.signing(), *bundle, blob)
            cosign("verify-blob", *cosign.trust(), *cosign.identity(), *bundle, blob)
        run(["openssl", "ts", "-query", "-data", blob, "-sha256", "-out", work / "q.tsq"])
        (work / "r.tsr").write_bytes(stamp(stack, work / "q.tsq"))
        run(["openssl", "ts", "-verify", "-in", work / "r.tsr", "-queryfile", work / "q.tsq",
             "-CAfile", organization.folder / "root.pem", "-untrusted", stack.document("tsa.certchain.pem")])


@pytest.mark.parametrize("kind, between", [("p384", 2), ("rsa3072", 0)])
def test_kinds_of_key_and_lengths_of_chains(kind, between, binary, made, organization, work, blob):
    """A CA with a P-384 key in a chain of four, and one with an RSA key right under the root: every client takes both."""
    operate = Operator(binary, made)
    above = ["root"]
    for name in ("outer", "inner")[:between]:
        organization.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", f"{name}.key")
        organization.openssl("req", "-new", "-key", f"{name}.key", "-subj", f"/O=Example/CN=Example {name} CA", "-out", f"{name}.csr",
                             "-addext", "basicConstraints=critical,CA:true", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        organization.sign(f"{name}.csr", f"{name}.pem", by=above[-1])
        above.append(name)
    csr = organization.folder / "ca.csr"
    operate("ca", "init", "--csr", csr, "--key-kind", kind)
    signed = organization.sign(csr, "ca.pem", by=above[-1])
    operate("ca", "import", signed, *(organization.folder / f"{name}.pem" for name in above))
    root, password = organization.folder / "tsa-root", organization.folder / "password"
    password.write_text("correct horse\n")
    init = ["tsa", "init", "--root", root, "--root-key-kind", kind]
    operate(*init, "--root-password", f"file:{password}")
    organization.openssl("pkey", "-in", root / "root.key", "-passin", f"file:{password}", "-noout")
    assert "password" in operate(*init, ok=False), "the root's key is encrypted"
    of_root = organization.openssl("x509", "-in", root / "root.pem", "-noout", "-text")
    assert {"p384": "ASN1 OID: secp384r1", "rsa3072": "Public-Key: (3072 bit)"}[kind] in of_root

    with Stack.up(binary, made) as stack:
        assert [len(chain) for chain in chains(stack)] == [2 + between]
        for version in (Cosign3, Cosign2):
            cosign, bundle = version(stack, work), ["--bundle", work / f"{version.name}.json"]
            cosign("sign-blob", *cosign.signing(), *bundle, blob)
            cosign("verify-blob", *cosign.trust(), *cosign.identity(), *bundle, blob)
        client = Python(stack, work)
        client.sigstore(V1, "sign", "--identity-token", stack.token("--email", EMAIL), "--bundle", "python.json", blob)
        client.verify(blob, "python.json")


WRONG = [
    ("ca", "keyUsage=critical,keyCertSign\nextendedKeyUsage=codeSigning", "certificate 1 of the chain is not a CA"),
    ("ca", "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign", "certificate 1 of the chain does not have the extended key usage codeSigning"),
    ("ca", "basicConstraints=critical,CA:true\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning", "certificate 1 of the chain may not sign certificates"),
    ("tsa", "extendedKeyUsage=timeStamping", "must have timeStamping as its single extended key usage, critical"),
    ("tsa", "extendedKeyUsage=critical,timeStamping,codeSigning", "must have timeStamping as its single extended key usage, critical"),
    ("tsa", "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,keyAgreement", "may not sign"),
    ("tsa", "basicConstraints=critical,CA:true\nextendedKeyUsage=critical,timeStamping", "must not be a CA"),
]


@pytest.mark.parametrize("service, extensions, told", WRONG)
def test_what_is_wrong_with_a_certificate_is_told(service, extensions, told, binary, made, organization):
    operate = Operator(binary, made)
    csr = organization.folder / "a.csr"
    operate(service, "init", "--csr", csr)
    wrong = organization.sign(csr, "a.pem", extensions=extensions)
    assert told in operate(service, "import", wrong, *organization.chain(), ok=False)
    assert not (made / f"{service}-authorities.toml").exists()


def test_what_is_wrong_with_a_chain_is_told(binary, made, organization, tmp_path):
    operate = Operator(binary, made)
    csr = organization.folder / "a.csr"
    operate("ca", "init", "--csr", csr)
    good = organization.sign(csr, "a.pem")
    refused = lambda *files: operate("ca", "import", *files, ok=False)
    assert "the last certificate of the chain is not self-signed" in refused(good)
    assert "none of the certificates is for this key" in refused(*organization.chain())
    assert "1 of the certificates have no place in the chain" in refused(good, organization.folder / "root.pem")
    assert "does not hold certificates" in refused(csr)
    expired = organization.sign(csr, "expired.pem", days=-1)
    assert "certificate 1 of the chain is not valid at this time" in refused(expired, *organization.chain())
    other = Organization(tmp_path / "other")
    assert "is not signed by the one after it" in refused(good, other.folder / "policy.pem", other.folder / "root.pem")
    organization.openssl("req", "-new", "-key", "policy.key", "-subj", "/CN=Deep", "-out", "deep.csr",
                         "-addext", "basicConstraints=critical,CA:true", "-addext", "keyUsage=critical,keyCertSign")
    deep = organization.sign("deep.csr", "deep.pem")
    (organization.folder / "deep.key").write_text((organization.folder / "policy.key").read_text())
    deeper = organization.sign(csr, "deeper.pem", by="deep")
    assert "certificate 3 of the chain allows 1 intermediates below it" in refused(deeper, deep, *organization.chain())
    assert not (made / "ca-authorities.toml").exists()
    assert "is installed" in operate("ca", "import", *reversed(organization.chain()), good)
    assert "there is an authority ca-1 already" in operate("ca", "import", "--name", "ca-1", good, ok=False)


def chains(stack):
    with urllib.request.urlopen(stack.urls["ca"] + "/api/v2/trustBundle") as answer:
        return [chain["certificates"] for chain in json.load(answer)["chains"]]


def trusted(stack):
    with urllib.request.urlopen(stack.urls["trust"] + "/trusted_root.json") as answer:
        return json.load(answer)


def known(stack):
    """How many CAs the file of the trust root names, which clients are given here."""
    return len(json.loads(stack.document("trusted_root.json").read_text())["certificateAuthorities"])


def rfc3339(seconds_from_now):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds_from_now))


def test_rotation_under_load(binary, tmp_path, work, blob):
    """CA and TSA get new certificates under new roots while clients sign: nothing fails, and everything verifies."""
    with Stack.up(binary, tmp_path / "data") as stack:
        operate = Operator(binary, stack.data)
        cosign = Cosign3(stack, work)
        signing, rounds, failures, stop = [*cosign.signing()], [], [], threading.Event()

        def sign(worker):
            number = 0
            while not stop.is_set():
                bundle = work / f"{worker}-{number}.json"
                try:
                    cosign("sign-blob", *signing, "--bundle", bundle, blob)
                    rounds.append(bundle)
                except AssertionError as failure:
                    failures.append(str(failure))
                number += 1

        workers = [threading.Thread(target=sign, args=(worker,)) for worker in range(2)]
        for worker in workers:
            worker.start()
        since = rfc3339(14)
        for service in ("ca", "tsa"):
            operate(service, "init", "--root", tmp_path / f"{service}-root", "--since", since)
        wait_for(lambda: len(chains(stack)) == 2 and len(trusted(stack)["timestampAuthorities"]) == 2, "the new chains")
        first, second = chains(stack)
        assert (stack.data / "ca-1-chain.pem").exists() is False and first[0] in (stack.data / "ca-chain.pem").read_text()
        assert len(trusted(stack)["certificateAuthorities"]) == 2, "clients know it before it signs"
        wait_for(lambda: chains(stack)[0] == second, "the new certificate's time")
        before = len(rounds)
        wait_for(lambda: len(rounds) > before + 4, "signatures under the new certificate")
        stop.set()
        for worker in workers:
            worker.join()
        assert not failures, failures[0]

        for bundle in rounds:
            cosign("verify-blob", *cosign.trust(), *cosign.identity(), "--bundle", bundle, blob)
        issuers = {authority(cosign, bundle) for bundle in (rounds[0], rounds[-1])}
        assert len(issuers) == 2, "both certificates were used"

        listed = operate("ca", "list")
        assert "ca-1" in listed and "ca-2" in listed and "may sign" in listed
        assert "without ca-2 nothing signs" in operate("ca", "retire", "ca-2", "--at", rfc3339(100 * 3600), ok=False)
        # The old key was stolen before anything was signed with it: none of it counts any more.
        end = rfc3339(-3600)
        operate("ca", "retire", "ca-1", "--at", end)
        ended = lambda root: root["certificateAuthorities"][0]["validFor"]["end"] == end
        wait_for(lambda: ended(trusted(stack)) and len(chains(stack)) == 1, "the end of ca-1")
        wait_for(lambda: ended(json.loads(stack.document("trusted_root.json").read_text())), "the file")
        cosign("verify-blob", *cosign.trust(), *cosign.identity(), "--bundle", rounds[0], blob, ok=False)
        cosign("verify-blob", *cosign.trust(), *cosign.identity(), "--bundle", rounds[-1], blob)


def authority(cosign, bundle):
    """The key identifier of the authority that issued a bundle's certificate."""
    certificate = json.loads(bundle.read_text())["verificationMaterial"]["certificate"]["rawBytes"]
    der = cosign.work / "c.b64"
    der.write_text(certificate + "\n")
    run(["openssl", "base64", "-d", "-A", "-in", der, "-out", cosign.work / "c.der"])
    return run(["openssl", "x509", "-inform", "DER", "-in", cosign.work / "c.der", "-noout", "-ext", "authorityKeyIdentifier"]).stdout


def test_an_authority_for_some_tokens_and_warnings(binary, tmp_path, work, blob):
    """Of two CAs at once one signs for the tokens of one issuer; an end that is near is a warning, not a failure."""
    with Stack.up(binary, tmp_path / "data") as stack:
        operate = Operator(binary, stack.data)
        cosign = Cosign3(stack, work)
        general = work / "general.json"
        cosign("sign-blob", *cosign.signing(), "--bundle", general, blob)
        operate("ca", "init", "--root", tmp_path / "root", "--since", rfc3339(0), "--for-issuer", stack.issuer)
        wait_for(lambda: len(chains(stack)) == known(stack) == 2, "the second CA")
        special = work / "special.json"
        cosign("sign-blob", *cosign.signing(), "--bundle", special, blob)
        assert authority(cosign, general) != authority(cosign, special)
        for bundle in (general, special):
            cosign("verify-blob", *cosign.trust(), *cosign.identity(), "--bundle", bundle, blob)

        def health():
            with urllib.request.urlopen(stack.urls["admin"] + "/healthz") as answer:
                return json.load(answer)

        assert "warnings" not in health()
        operate("tsa", "retire", "tsa-1", "--at", rfc3339(10 * 24 * 3600), "--leave-none")
        wait_for(lambda: "ends in" in health().get("warnings", {}).get("tsa-authorities", ""), "the warning")
        with urllib.request.urlopen(stack.urls["admin"] + "/metrics") as answer:
            assert 'sigstead_authority_end_seconds{service="tsa"}' in answer.read().decode()
        # A file that is broken changes nothing.
        (stack.data / "ca-authorities.toml").write_text("[[authority]]\nname = 1\n")
        wait_for(lambda: "cannot be used; the old one stays" in stack.programs[0].output(), "the refusal in the log")
        cosign("sign-blob", *cosign.signing(), "--bundle", special, blob)


def test_one_that_is_announced_takes_nothing_away(binary, tmp_path, work, blob):
    """For some tokens or for all: until its time has come the one before it signs, and is not retired by mistake."""
    with Stack.up(binary, tmp_path / "data") as stack:
        operate = Operator(binary, stack.data)
        cosign = Cosign3(stack, work)
        bundle = work / "bundle.json"
        operate("ca", "init", "--root", tmp_path / "root", "--for-issuer", stack.issuer)
        wait_for(lambda: len(chains(stack)) == 2, "the announcement")
        cosign("sign-blob", *cosign.signing(), "--bundle", bundle, blob)
        cosign("verify-blob", *cosign.trust(), *cosign.identity(), "--bundle", bundle, blob)
        operate("ca", "init", "--root", tmp_path / "root")
        assert "without ca-1 nothing signs" in operate("ca", "retire", "ca-1", ok=False)
        operate("ca", "init", "--root", tmp_path / "root", "--since", rfc3339(0), "--for-issuer", stack.issuer)
        assert "without ca-1 nothing signs" in operate("ca", "retire", "ca-1", ok=False), "for others"
        operate("ca", "init", "--root", tmp_path / "root", "--since", rfc3339(0))
        operate("ca", "retire", "ca-1")
        first = (stack.data / "ca-chain.pem").read_text()
        wait_for(lambda: known(stack) == 5 and all(chain[0] not in first for chain in chains(stack)), "the end of ca-1")
        cosign("sign-blob", *cosign.signing(), "--bundle", bundle, blob)


def test_who_has_nothing_to_sign_with_is_not_ready(binary, tmp_path):
    with Stack.up(binary, tmp_path / "data") as stack:

        def failures():
            try:
                return json.loads(stack.get("admin", "/readyz")).get("failures", {})
            except urllib.error.HTTPError as refusal:
                return json.load(refusal)["failures"]

        assert failures() == {}
        for service in ("ca", "tsa"):
            Operator(binary, stack.data)(service, "retire", f"{service}-1", "--at", rfc3339(-60), "--leave-none")
        neither = {"ca-authorities": "no certificate signs now", "tsa-authorities": "no certificate signs now"}
        wait_for(lambda: failures() == neither, "the end of both")
        Operator(binary, stack.data)("tsa", "init", "--root", tmp_path / "root", "--since", rfc3339(0))
        wait_for(lambda: set(failures()) == {"ca-authorities"}, "the next TSA")


def test_a_tsa_whose_only_key_was_stolen_stops(binary, tmp_path, blob, work):
    page = Page("rotate-certificates.md")
    run(["openssl", "ts", "-query", "-data", blob, "-sha256", "-out", work / "q.tsq"])
    with Stack.up(binary, tmp_path / "data") as stack:
        stamp(stack, work / "q.tsq")
        retire = page.script("tsa retire").strip() + " --leave-none"
        Reader(binary, stack.data)(retire, {"2026-11-20T18:00:00Z": rfc3339(-60)})

        def refused():
            try:
                return not stamp(stack, work / "q.tsq")
            except urllib.error.HTTPError as error:
                return error.code >= 500

        wait_for(refused, "the end of the TSA that runs")
