"""Who was given which certificate: the audit trail by command line, by HTTP, and what the database lets nobody do to it."""

import contextlib
import json
import sqlite3
import urllib.error
import urllib.parse

import pytest

from clients.cosign import EMAIL, Cosign3
from conformance.signing_request import signing_request
from conformance.test_bad_input import post, sizes
from stack import Stack, run


@pytest.fixture
def audit(binary, stack):
    def audit(*conditions, ok=True):
        config = ["--config", stack.data / "sigstead.toml"]
        lines = run([binary, "ca", "audit", *config, "--json", *conditions], ok=ok).stdout.splitlines()
        return [json.loads(line) for line in lines]

    return audit


def sign(stack, work, blob):
    cosign = Cosign3(stack, work)
    cosign("sign-blob", *cosign.signing(), "--bundle", work / "bundle.json", blob)


def test_a_signature_of_cosign_is_in_the_trail(stack, audit, blob, work):
    sign(stack, work, blob)
    (found,) = audit("--san", EMAIL, "--limit", "1")
    assert (found["outcome"], found["issuer"], found["claims"]["email"]) == ("issued", stack.issuer, EMAIL)
    assert len(found["scts"]) == 1
    assert audit("--serial", found["serial"].upper()) == [found]
    assert audit("--san-prefix", "alice@", "--issuer", stack.issuer, "--outcome", "issued", "--limit", "1") == [found]
    assert audit("--san", "mallory@example.org", ok=False) == [], "nothing found is exit code 1"
    assert audit("--san", EMAIL, "--before", "2020-01-01T00:00:00Z", ok=False) == []


def test_the_api_is_closed_unless_it_is_opened(binary, up_stack, tmp_path, blob, work, monkeypatch):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        up_stack.get("admin", "/ca/audit")
    monkeypatch.setenv("SIGSTEAD_CA__AUDIT_API", "true")
    with Stack.up(binary, tmp_path / "data") as stack:
        sign(stack, work, blob)
        (found,) = json.loads(stack.get("admin", f"/ca/audit?san={urllib.parse.quote(EMAIL)}"))["issuances"]
        assert found["outcome"] == "issued"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            stack.get("ca", "/ca/audit")
    with sqlite3.connect(tmp_path / "data" / "sigstead.db") as database:
        with pytest.raises(sqlite3.IntegrityError, match="only added to"):
            database.execute("UPDATE issuance_intents SET san = 'mallory@example.org'")


@contextlib.contextmanager
def without(table, file):
    """The database has no such table for a while: what belongs there cannot be recorded."""

    def rename(old, new):
        with contextlib.closing(sqlite3.connect(file, timeout=20)) as database:
            database.execute(f"ALTER TABLE {old} RENAME TO {new}")

    rename(table, "away")
    yield
    rename("away", table)


def test_nothing_leaves_that_is_not_recorded(binary, tmp_path):
    """Without its intent nothing is signed, so that nothing is logged; without its outcome what was signed and logged stays here."""
    with Stack.up(binary, tmp_path / "data") as stack:
        file = stack.data / "sigstead.db"

        def asked():
            body, headers = signing_request(stack)
            status, _, text = post(stack, "ca", "/api/v2/signingCert", json.dumps(body), headers)
            assert ("BEGIN CERTIFICATE" in text) == (status == 200)
            return status

        def logged():
            return sizes(stack)[1]

        assert asked() == 200
        before = logged()
        with without("issuance_intents", file):
            assert (asked(), logged()) == (503, before)
        with without("issuance_outcomes", file):
            assert (asked(), logged()) == (503, before + 1)
        assert asked() == 200
        listed = ["ca", "audit", "--config", stack.data / "sigstead.toml", "--json", "--outcome", "open"]
        (unfinished,) = run([binary, *listed]).stdout.splitlines()
        assert json.loads(unfinished)["san"] == EMAIL
