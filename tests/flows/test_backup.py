"""Backups while clients sign, a database that is lost, and one that is older than what was signed."""

import json
import re
import shutil
import time

import pytest

from clients.cosign import EMAIL, Cosign3
from clients.test_authorities import rfc3339
from page import Page, Reader, configure, mean
from stack import Stack


BACKUP, LOST = Page("backup-and-restore.md"), Page("database-lost.md")
CONFIG = "--config sigstead.toml"


class Site:
    """A stack that can be stopped, and whose database can be lost; its operator does what pages say."""

    def __init__(self, binary, folder, postgres):
        self.binary, self.data, self.postgres = binary, folder / "data", postgres
        self.database = postgres.new_database() if postgres else None

    def up(self):
        stack = Stack.up(self.binary, self.data, self.database)
        self.operator = Reader(self.binary, self.data, path=[self.postgres.bin] if self.postgres else [])
        return stack

    def lose_database(self):
        if self.postgres:
            name = self.database.rsplit("/", 1)[1]
            self.postgres.sql(f"DROP DATABASE {name} WITH (FORCE)")
            self.postgres.sql(f"CREATE DATABASE {name}")
        else:
            for file in self.data.glob("sigstead.db*"):
                file.unlink()

    def backs_up(self, folder, ok=True):
        return self.operator(BACKUP.script("sigstead backup"), {"/backups/2026-11-21": folder}, ok)

    def restores(self, folder, ok=True):
        return self.operator(BACKUP.script("sigstead restore"), {"/backups/2026-11-21": folder}, ok)

    def verifies(self, *flags, ok=True):
        return self.operator(" ".join([BACKUP.command("sigstead restore --config sigstead.toml --verify"), *flags]), ok=ok)


@pytest.fixture(params=["SQLite", "Postgres"])
def site(request, binary, tmp_path):
    return Site(binary, tmp_path, request.getfixturevalue("postgres") if request.param == "Postgres" else None)


def signs(stack, work, blob, name, config="signing_config.v0.2.json"):
    cosign = Cosign3(stack, work)
    services = ["--signing-config", stack.document(config), *cosign.trust()]
    cosign("sign-blob", "--identity-token", cosign.token_file(), *services, "--bundle", work / name, blob)


def verifies(stack, work, blob, *names):
    cosign = Cosign3(stack, work)
    issuer = ["--certificate-identity", EMAIL, "--certificate-oidc-issuer-regexp", "^http://127"]
    for name in names:
        cosign("verify-blob", *cosign.trust(), *issuer, "--bundle", work / name, blob)


def test_a_lost_database_comes_back(site, work, blob, tmp_path):
    with site.up() as stack:
        signs(stack, work, blob, "before.json")
        told = site.backs_up(tmp_path / "backup")
        assert "entries" in told and "kept apart" in told
        assert "is there already" in site.backs_up(tmp_path / "backup", ok=False)
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0
    told = site.restores(tmp_path / "backup", ok=False)
    assert ("already exists" if site.postgres else "is there already") in told, "nothing is written over"
    site.lose_database()
    told = site.restores(tmp_path / "backup")
    assert "is back" in told and BACKUP.told("nothing that is known") in told
    assert "everything agrees" in told
    with site.up() as stack:
        signs(stack, work, blob, "after.json")
        verifies(stack, work, blob, "before.json", "after.json")
    (tmp_path / "backup" / "manifest.json").unlink()
    assert "was interrupted" in site.restores(tmp_path / "backup", ok=False)


def test_an_old_backup_is_refused_and_the_loss_accepted(site, work, blob, tmp_path, up_stack):
    with site.up() as made:
        signs(made, work, blob, "before.json")
        signs(made, work, blob, "before-v2.json", "signing_config_rekor_v2.v0.2.json")
        site.backs_up(tmp_path / "backup")
        signs(made, work, blob, "lost.json")
        signs(made, work, blob, "lost-v2.json", "signing_config_rekor_v2.v0.2.json")
    site.lose_database()
    told = site.restores(tmp_path / "backup", ok=False)
    assert "the rest is lost" in told and "docs/operations/database-lost.md" in told
    shape = re.sub(r"\d+", r"\\d+", LOST.told("entries are here"))
    assert re.search(shape, site.operator(LOST.command("sigstead restore --config sigstead.toml --verify"), ok=False))
    assert "entries of a tree of which" in site.operator(f"sigstead log {CONFIG}", ok=False)

    told = site.operator(LOST.script("--accept-loss"))
    assert "the next shard follows" in told and "give [ct] another url, origin and key" in told
    assert list((site.data / "rollback-guard").glob(LOST.told(".lost").replace("ID", "*")))
    assert "has ended" in site.operator(f"sigstead ct {CONFIG}", ok=False), "a second history under one name is refused"
    site.operator(LOST.script("openssl genpkey"))
    configuration = (site.data / "sigstead.toml").read_text()
    (began,) = set(re.findall(r'^\[(?:log_v2|ct)\].*?^since = "(.*?)"', configuration, re.M | re.S))
    port = {name: made.address(name).split(":")[1] for name in ("log", "ct")}
    # What was promised within this second counts for neither log.
    time.sleep(1)
    meaning = {"2026-11-21T09:00:00Z": rfc3339(0), "2025-01-01T00:00:00Z": began}
    for name in port:
        meaning |= {f"https://{name}.example.com": f"http://127.0.0.1:{port[name]}", f"https://{name}-2.example.com": f"http://localhost:{port[name]}"}
    meaning |= {"log.example.com": "127.0.0.1", "log-2.example.com": "localhost", "ct-2.example.com": "localhost-ct"}
    configure(site.data / "sigstead.toml", mean(LOST.fragment("[[ca.ct_logs]]"), meaning))

    with Stack.alone(made, up_stack) as stack:
        stack.fetch()
        signs(stack, work, blob, "after.json")
        signs(stack, work, blob, "after-v2.json", "signing_config_rekor_v2.v0.2.json")
        verifies(stack, work, blob, *(f"{when}{kind}.json" for when in ("before", "lost", "after") for kind in ("", "-v2")))
        info = json.loads(stack.get("log", "/api/v1/log"))
        assert [shard["treeSize"] for shard in info["inactiveShards"]] == [2] and info["treeSize"] == 2
        signed = json.loads(stack.get("log", "/api/v1/log/entries?logIndex=1"))
        assert next(iter(signed.values()))["verification"]["inclusionProof"]["treeSize"] == 2
    assert LOST.told("nothing that is known") in site.operator(LOST.command("sigstead restore --config sigstead.toml --verify"))


def test_what_others_have_seen_counts(site, work, blob, tmp_path):
    """The server's own memory is gone with its machine: a checkpoint that somebody kept shows what is missing."""
    with site.up() as stack:
        signs(stack, work, blob, "before.json")
        site.backs_up(tmp_path / "backup")
        signs(stack, work, blob, "lost.json")
        (work / "seen.note").write_text(json.loads(stack.get("log", "/api/v1/log"))["signedTreeHead"])
    shutil.rmtree(site.data / "rollback-guard")
    site.lose_database()
    assert BACKUP.told("nothing that is known") in site.restores(tmp_path / "backup")
    flag = BACKUP.told("--checkpoint").replace("FILE", str(work / "seen.note"))
    assert "the rest is lost" in site.verifies(flag, ok=False)
    site.operator(f"sigstead log audit {CONFIG} {flag}", ok=False)
    site.operator(f"sigstead log audit {CONFIG}")
