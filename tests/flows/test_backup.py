"""Backups while clients sign, a database that is lost, and one that is older than what was signed."""

import json
import re
import shutil

import pytest

from clients.cosign import Cosign3
from stack import Program, Stack, run, wait_for


class Site:
    """A stack that can be stopped, and whose database can be lost."""

    def __init__(self, binary, folder, postgres):
        self.binary, self.data, self.postgres = binary, folder / "data", postgres
        self.database = postgres.new_database() if postgres else None

    def up(self):
        return Stack.up(self.binary, self.data, self.database)

    def lose_database(self):
        if self.postgres:
            name = self.database.rsplit("/", 1)[1]
            self.postgres.sql(f"DROP DATABASE {name} WITH (FORCE)")
            self.postgres.sql(f"CREATE DATABASE {name}")
        else:
            for file in self.data.glob("sigstead.db*"):
                file.unlink()

    def sigstead(self, command, *arguments, ok=True, config="sigstead.toml"):
        tools = str(self.postgres.bin) + ":" if self.postgres else ""
        env = {"PATH": f"{tools}/usr/bin:/bin"}
        result = run([self.binary, command, "--config", self.data / config, *arguments], ok=ok, env=env)
        return result.stdout + result.stderr


@pytest.fixture(params=["SQLite", "Postgres"])
def site(request, binary, tmp_path):
    return Site(binary, tmp_path, request.getfixturevalue("postgres") if request.param == "Postgres" else None)


def signs(stack, work, blob, name):
    cosign = Cosign3(stack, work)
    cosign("sign-blob", *cosign.signing(), "--bundle", work / name, blob)


def test_a_lost_database_comes_back(site, work, blob, tmp_path):
    with site.up() as stack:
        signs(stack, work, blob, "before.json")
        told = site.sigstead("backup", "--to", tmp_path / "backup")
        assert "entries" in told and "kept apart" in told
        assert "is there already" in site.sigstead("backup", "--to", tmp_path / "backup", ok=False)
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0
    told = site.sigstead("restore", "--from", tmp_path / "backup", ok=False)
    assert ("already exists" if site.postgres else "is there already") in told, "nothing is written over"
    site.lose_database()
    told = site.sigstead("restore", "--from", tmp_path / "backup")
    assert "is back" in told and "nothing that is known to have been signed is missing" in told
    assert "everything agrees" in told
    with site.up() as stack:
        cosign = Cosign3(stack, work)
        issuer = ["--certificate-identity", "alice@example.org", "--certificate-oidc-issuer-regexp", "^http://127"]
        cosign("verify-blob", *cosign.trust(), *issuer, "--bundle", work / "before.json", blob)
        signs(stack, work, blob, "after.json")
    (tmp_path / "backup" / "manifest.json").unlink()
    assert "was interrupted" in site.sigstead("restore", "--from", tmp_path / "backup", ok=False)


def test_an_old_backup_is_refused_and_the_loss_accepted(site, work, blob, tmp_path):
    with site.up() as stack:
        signs(stack, work, blob, "before.json")
        site.sigstead("backup", "--to", tmp_path / "backup")
        signs(stack, work, blob, "lost.json")
    site.lose_database()
    told = site.sigstead("restore", "--from", tmp_path / "backup", ok=False)
    assert "the rest is lost" in told and "docs/operations/database-lost.md" in told
    refused = run([site.binary, "log", "--config", site.data / "sigstead.toml"], ok=False)
    assert "entries of a tree of which" in refused.stderr

    told = site.sigstead("restore", "--verify", "--accept-loss")
    assert "the next shard follows" in told and "give [ct] another url, origin and key" in told
    # The CT log goes on under another name with another key; Rekor v2 is left out.
    config, key = site.data / "sigstead.toml", site.data / "keys/ct-2.key"
    run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key])
    run(["openssl", "pkey", "-in", key, "-pubout", "-out", site.data / "ct-2.pub"])
    text = re.sub(r"\[log_v2\].*?(?=\n\[)", "", config.read_text(), flags=re.S)
    text = text.replace("keys/ct.key", "keys/ct-2.key").replace('"ct.pub"', '"ct-2.pub"')

    def services(text):
        config.write_text(text)
        started = {name: Program([site.binary, name, "--config", config, "--set", "admin.listen=127.0.0.1:0"], tmp_path / f"{name}.log")
                   for name in ("ct", "log")}
        for name, program in started.items():
            wait_for(lambda: " listens on " in program.output() or program.process.poll() is not None, name)
        return started

    running = services(text)
    assert running["log"].stop() == 0 and running["ct"].process.wait(timeout=30) != 0
    assert "has ended" in running["ct"].output(), "a second history under one name is refused"
    running = services(re.sub(r'(\[ct\][^\[]*?origin = ")', r"\1second-", text))
    try:
        url = re.findall(r"the log listens on (\S+)", running["log"].output())[-1]
        info = json.loads(run(["curl", "-fsS", f"{url}/api/v1/log"]).stdout)
        assert [shard["treeSize"] for shard in info["inactiveShards"]] == [2] and info["treeSize"] == 1
        signed = json.loads(run(["curl", "-fsS", f"{url}/api/v1/log/entries?logIndex=1"]).stdout)
        assert next(iter(signed.values()))["verification"]["inclusionProof"]["treeSize"] == 2
        assert all(program.process.poll() is None for program in running.values())
    finally:
        for program in running.values():
            program.stop()
    assert "the rest is lost" not in site.sigstead("restore", "--verify")


def test_what_others_have_seen_counts(site, work, blob, tmp_path):
    """The server's own memory is gone with its machine: a checkpoint that somebody kept shows what is missing."""
    with site.up() as stack:
        signs(stack, work, blob, "before.json")
        site.sigstead("backup", "--to", tmp_path / "backup")
        signs(stack, work, blob, "lost.json")
        (work / "seen.note").write_text(json.loads(stack.get("log", "/api/v1/log"))["signedTreeHead"])
    shutil.rmtree(site.data / "rollback-guard")
    site.lose_database()
    assert "nothing that is known" in site.sigstead("restore", "--from", tmp_path / "backup")
    told = site.sigstead("restore", "--verify", "--checkpoint", work / "seen.note", ok=False)
    assert "the rest is lost" in told
    run([site.binary, "log", "audit", "--config", site.data / "sigstead.toml", "--checkpoint", work / "seen.note"], ok=False)
    run([site.binary, "log", "audit", "--config", site.data / "sigstead.toml"])
