"""CA, TSA, log and CT log all get new keys while clients sign and verify by the TUF root alone: nothing fails."""

import json
import re
import shlex
import threading

from balanced import Balanced
from clients.test_authorities import rfc3339
from clients.tuf_repository import Following
from page import Page, Reader, configure, mean
from stack import Program, Stack, free_port, run, wait_for


CERTIFICATES, KEYS = Page("rotate-certificates.md"), Page("rotate-log-keys.md")


class Clients:
    """They sign, and verify at once what they signed, until they are told to stop."""

    def __init__(self, stack, work, blob, count=2):
        self.stack, self.work, self.blob = stack, work, blob
        self.signed, self.failures, self.ended = [], [], threading.Event()
        self.threads = [threading.Thread(target=self.go_on, args=(number,)) for number in range(count)]

    def client(self, name):
        folder = self.work / name
        folder.mkdir()
        client = Following(self.stack, folder)
        client.initialize(self.stack.urls["trust"], self.stack.data / "tuf" / "1.root.json")
        return client

    def go_on(self, number):
        cosign, turn = self.client(f"client-{number}"), 0
        while not self.ended.is_set() and not self.failures:
            bundle = self.work / f"{number}-{turn}.json"
            turn += 1
            try:
                cosign("sign-blob", *cosign.signing(), "--bundle", bundle, self.blob)
                self.verify(cosign, bundle)
                self.signed.append(bundle)
            except AssertionError as failure:
                self.failures.append(str(failure))

    def verify(self, cosign, bundle):
        cosign("verify-blob", *cosign.identity(), "--bundle", bundle, self.blob)

    def see(self, count=3):
        """Waits until so many more signatures were made and verified."""
        seen = len(self.signed) + count
        wait_for(lambda: self.failures or len(self.signed) >= seen, "signatures", patience=120)
        assert not self.failures, self.failures[0]


def restart(stack, service):
    """One copy after the other."""
    for place, program in enumerate(stack.programs):
        if program.command[1] == service:
            before = program.output().count(" listens on ")
            assert program.stop() == 0, program.output()
            stack.programs[place] = Balanced.again(program)
            wait_for(lambda: stack.programs[place].output().count(" listens on ") > before, f"{service} again")


def published(stack):
    """The trusted root that TUF's clients get."""
    timestamp = json.loads(stack.get("trust", "/timestamp.json"))
    version = timestamp["signed"]["meta"]["snapshot.json"]["version"]
    snapshot = json.loads(stack.get("trust", f"/{version}.snapshot.json"))
    version = snapshot["signed"]["meta"]["targets.json"]["version"]
    targets = json.loads(stack.get("trust", f"/{version}.targets.json"))
    digest = targets["signed"]["targets"]["trusted_root.json"]["hashes"]["sha256"]
    return json.loads(stack.get("trust", f"/targets/{digest}.trusted_root.json"))


KINDS = ["certificateAuthorities", "timestampAuthorities", "tlogs", "ctlogs"]


def windows(stack, kind):
    """When each key or certificate of a kind counts."""
    return [entry.get("publicKey", entry)["validFor"] for entry in published(stack)[kind]]


def test_four_rotations_without_a_failure(binary, tmp_path, postgres, up_stack, work, blob):
    made = Stack.up(binary, tmp_path / "data", postgres.new_database())
    made.stop()
    with Balanced.start(binary, made, Stack.SERVICES, up_stack) as stack:
        data, reader = stack.data, Reader(binary, stack.data)
        counts = lambda: {kind: len(windows(stack, kind)) for kind in KINDS}
        before = counts()
        clients = Clients(stack, work, blob)
        for thread in clients.threads:
            thread.start()
        try:
            clients.see()
            # CA and TSA: announced now, in use when clients know them.
            since = rfc3339(60)
            for service in ("ca", "tsa"):
                folder = {f"/media/offline/{service}-root": tmp_path / f"{service}-root"}
                reader(CERTIFICATES.command(f"sigstead {service} init") + f" --since {since}", folder)
                listed = reader(CERTIFICATES.command(f"sigstead {service} list"))
                assert CERTIFICATES.told("to come") in listed and "may sign" in listed
            # The log's next shard and the next CT log have other keys; clients are told of them first.
            info = reader(KEYS.script("keys/log-2.key"), {"https://log.example.com": made.urls["log"]})
            active = json.loads(info[info.index("{") :])["treeID"]
            reader(KEYS.script("keys/ct-2.key"))
            config = data / "sigstead.toml"
            began = re.search(r'^since = "([^"]*)"', config.read_text(), re.M)[1]
            times = {"2026-11-21T09:00:00Z": rfc3339(0), "2025-01-01T00:00:00Z": began}
            shard = {"8301645098112432601": active, "2027-12-31T00:00:00Z": rfc3339(24 * 3600)}
            configure(config, mean(KEYS.fragment("shard_keys"), {**times, **shard}))
            old_ct, ct = made.service_url("ct").rstrip("/"), f"127.0.0.1:{free_port()}"
            places = {"10.0.0.8:6962": ct, "https://ct-2.example.com": f"http://{ct}", "https://ct.example.com": old_ct,
                      "2026-12-31T00:00:00Z": rfc3339(24 * 3600)}
            configure(config, mean(KEYS.fragment("[[ca.ct_logs]]"), {**times, **places}))
            ct_database = postgres.new_database()
            script = shlex.split(mean(KEYS.script("guard-ct-2"), {"postgres://sigstead@db.internal/ct_2": ct_database}))
            own = ["--set", "admin.listen=127.0.0.1:0"]
            second_ct = Program([binary, *script[1:], *own], tmp_path / "ct-2.log", cwd=data)
            wait_for(lambda: " listens on " in second_ct.output(), "the second CT log")
            stack.programs.append(second_ct)

            restart(stack, "trust")
            wait_for(lambda: counts() == {kind: count + 1 for kind, count in before.items()}, "all four in the trust root", patience=90)
            # Each with its window: the old ones end, after the new ones have begun; no new one has signed anything.
            for kind in KINDS:
                (old,) = [window for window in windows(stack, kind) if "end" in window]
                newest = max(window["start"] for window in windows(stack, kind))
                assert old["start"] < newest < old["end"], kind
            clients.see()
            restart(stack, "log")
            reader(KEYS.command("sigstead log rotate"))
            restart(stack, "ca")
            clients.see()
            wait_for(lambda: rfc3339(0) > since, "the time of the new CA and TSA", patience=120)
            clients.see(6)
        finally:
            clients.ended.set()
            for thread in clients.threads:
                thread.join()
        assert not clients.failures, clients.failures[0]

        verifier = clients.client("verifier")
        for bundle in (clients.signed[0], clients.signed[-1]):
            clients.verify(verifier, bundle)
        keys = [material(bundle) for bundle in (clients.signed[0], clients.signed[-1])]
        assert all(first != last for first, last in zip(*keys)), "every key that signed is another one"
        for tree, database in (("log", ""), ("ct", ""), ("ct", f" --set database={ct_database}")):
            assert KEYS.told("everything agrees") in reader(KEYS.command(f"sigstead {tree} audit") + database)


def material(bundle):
    """Who signed a bundle's certificate, its SCT, its timestamp, and its log entry."""
    verification = json.loads(bundle.read_text())["verificationMaterial"]
    work = bundle.parent / "material"
    work.write_text(verification["certificate"]["rawBytes"])
    run(["openssl", "base64", "-d", "-A", "-in", work, "-out", f"{work}.der"])
    text = run(["openssl", "x509", "-inform", "DER", "-in", f"{work}.der", "-noout", "-text"]).stdout
    authority = re.search(r"Authority Key Identifier:\s*(\S+)", text).group(1)
    ct = re.search(r"Log ID\s*: ([0-9A-F:\s]+)", text).group(1)
    work.write_text(verification["timestampVerificationData"]["rfc3161Timestamps"][0]["signedTimestamp"])
    run(["openssl", "base64", "-d", "-A", "-in", work, "-out", f"{work}.tsr"])
    run(["openssl", "ts", "-reply", "-in", f"{work}.tsr", "-token_out", "-out", f"{work}.p7"])
    token = run(["openssl", "pkcs7", "-inform", "DER", "-in", f"{work}.p7", "-print", "-noout"])
    serial = re.search(r"issuer_and_serial.*?serial: (\S+)", token.stdout, re.S).group(1)
    return authority, ct, serial, verification["tlogEntries"][0]["logId"]["keyId"]
