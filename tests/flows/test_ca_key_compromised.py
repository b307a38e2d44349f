"""A thief has the CA's key and signs in somebody's name; docs/operations/ca-key-compromised.md ends it and finds what was made."""

import base64
import json
import re
import shutil
import sqlite3
import time

from cryptography.x509 import load_der_x509_certificate

from clients.cosign import EMAIL, Cosign2, Cosign3
from clients.test_authorities import chains, rfc3339
from page import Page, Reader
from stack import Program, Stack, free_port, wait_for

PAGE = Page("ca-key-compromised.md")
VICTIM = "victim@example.org"


def thief(stack, folder):
    """A CA of their own with the stolen key, which logs in the same CT log as it must."""
    shutil.copytree(stack.data, folder, ignore=shutil.ignore_patterns("*.db*", "lock", "rollback-guard"))
    address = f"127.0.0.1:{free_port()}"
    settings = [f"ca.listen={address}", "admin.listen=127.0.0.1:0", "database=sqlite:thief.db"]
    flags = [part for setting in settings for part in ("--set", setting)]
    program = Program([stack.binary, "ca", "--config", folder / "sigstead.toml", *flags], folder.with_suffix(".log"))
    wait_for(lambda: " listens on " in program.output(), "the thief's CA")
    return Stack(stack.binary, stack.data, {**stack.urls, "ca": f"http://{address}"}, [program], stack)


def sign(stack, folder, blob, name, ok=True):
    """By URLs, so that it can be the thief's CA; the bundle, or what cosign told."""
    folder.mkdir(exist_ok=True)
    cosign, bundle = Cosign2(stack, folder), folder / "bundle.json"
    token = cosign.token_file("--email", name)
    flags = ["--identity-token", token, "--fulcio-url", stack.urls["ca"], "--rekor-url", stack.urls["log"]]
    result = cosign("sign-blob", *flags, "--new-bundle-format", "--bundle", bundle, blob, ok=ok)
    return bundle if ok else result.stdout + result.stderr


def in_the_trail_s_place(data, forged):
    """A copy of the database in which an older certificate has the serial number of a forged one, and one outcome is missing."""
    with sqlite3.connect(data / "sigstead.db") as database, sqlite3.connect(data / "changed.db") as copy:
        database.backup(copy)
        for (trigger,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            copy.execute(f"DROP TRIGGER {trigger}")
        der = base64.b64decode(json.loads(forged.read_text())["verificationMaterial"]["certificate"]["rawBytes"])
        serial = load_der_x509_certificate(der).serial_number.to_bytes(20, "big")
        older, newer = copy.execute("SELECT serial FROM issuance_intents ORDER BY at_ms").fetchall()
        copy.execute("DELETE FROM issuance_outcomes WHERE serial = ?", newer)
        for table in ("issuance_intents", "issuance_outcomes"):
            copy.execute(f"UPDATE {table} SET serial = ? WHERE serial = ?", (serial, *older))


def test_the_page(binary, tmp_path, work, blob):
    with Stack.up(binary, tmp_path / "data") as stack, thief(stack, tmp_path / "thief") as stolen:
        verifier = Cosign3(stack, work)

        def verifies(bundle, name=EMAIL, ok=True):
            verifier("verify-blob", *verifier.trust(), *verifier.identity(name), "--bundle", bundle, blob, ok=ok)

        before = sign(stack, work / "before", blob, EMAIL)
        time.sleep(1)
        moment = rfc3339(0)
        time.sleep(1)
        after = sign(stack, work / "after", blob, EMAIL)
        forged = sign(stolen, work / "forged", blob, VICTIM)
        verifies(forged, VICTIM)

        reader = Reader(binary, stack.data)
        at = {"2026-11-20T18:00:00Z": moment}
        told = reader(PAGE.script("--stolen"), at)
        assert f"ca-1 ends at {moment}" in told
        ended = lambda: json.loads(stack.document("trusted_root.json").read_text())["certificateAuthorities"][0]["validFor"].get("end")
        wait_for(lambda: ended() == moment, "the trust root")
        wait_for(lambda: chains(stack) == [], "the end of the CA that runs")
        assert "503" in sign(stack, work / "none", blob, EMAIL, ok=False)

        reader(PAGE.script("ca init"), {"/media/offline/ca-root": tmp_path / "root", "2026-11-21T09:00:00Z": rfc3339(0)})
        wait_for(lambda: "may sign" in reader(PAGE.command("sigstead ca list")), "the new authority")
        wait_for(lambda: len(json.loads(stack.get("trust", "/trusted_root.json"))["certificateAuthorities"]) == 2, "the trust root")

        found = reader(PAGE.script("ca reconcile"), at, ok=False)
        assert VICTIM in found and "UNKNOWN" in found and EMAIL not in found, found
        in_the_trail_s_place(stack.data, forged)
        changed = reader(PAGE.script("ca reconcile").strip() + " --all --set database=sqlite:changed.db", at, ok=False)
        trail = {name: state for state, name in re.findall(r"Z +(\w+(?: \w+)?) +(\S+@\S+)", changed)}
        assert trail == {VICTIM: "DIFFERS", EMAIL: "not concluded"}, changed
        issued = reader(PAGE.script("ca audit"), at)
        assert EMAIL in issued and VICTIM not in issued
        assert issued.count("issued") == 1, "of before the moment there is another"
        signed = reader(PAGE.script("log search"), {**at, "you@example.com": VICTIM})
        assert "hashedrekord" in signed or "dsse" in signed

        new = sign(stack, work / "new", blob, EMAIL)
        listed = reader(PAGE.command("sigstead ca list"))
        assert PAGE.told("ended") in listed and PAGE.told("may sign") in listed
        told = stack.get("trust", "/" + PAGE.told("fulcio_v1")).decode()
        chain = lambda name: stack.document(f"{name}-chain.pem").read_text().strip()
        assert chain("ca-2") in told and chain("ca") not in told
        verifies(before)
        verifies(new)
        verifies(after, ok=False)
        verifies(forged, VICTIM, ok=False)
