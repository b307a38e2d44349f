"""docs/operations/postgres.md: the schema is migrated on demand; the log behind PgBouncer with a standby for reads."""

import shlex
import shutil
import signal
from pathlib import Path

import pytest

from clients.cosign import Cosign3
from clients.test_rekor_cli import RekorCli, index_of, sha256
from page import Page, Reader, configure, mean
from stack import Postgres, Program, Stack, free_port, run, wait_for

PAGE = Page("postgres.md")
PGBOUNCER = Path("/usr/sbin/pgbouncer")


@pytest.fixture
def made(binary, tmp_path, postgres):
    """Keys, configuration and a database, with nothing running."""
    database = postgres.new_database()
    stack = Stack.up(binary, tmp_path / "data", database)
    stack.stop()
    stack.name = database.rsplit("/", 1)[1]
    return stack


@pytest.fixture
def pgbouncer(tmp_path, postgres):
    folder, port = tmp_path / "pgbouncer", free_port()
    folder.mkdir()
    folder.chmod(0o777)
    for parent in list(folder.parents)[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n* = host=127.0.0.1 port={postgres.port} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 3\n"
    )
    program = Program(postgres.as_user(PGBOUNCER, settings), folder / "log", cwd="/")
    yield f"127.0.0.1:{port}"
    program.stop()


class Standby(Postgres):
    """Follows another server."""

    def __init__(self, folder, primary):
        super().__init__(folder)
        self.primary = primary

    def __enter__(self):
        shutil.chown(self.folder, "postgres")
        for parent in list(self.folder.parents)[:3]:
            parent.chmod(parent.stat().st_mode | 0o011)
        source = ["-h", "127.0.0.1", "-p", self.primary.port, "-U", "postgres", "-R", "-X", "stream", "-c", "fast"]
        run(self.as_user(self.bin / "pg_basebackup", *source, "--no-sync", "-D", self.folder / "data"), cwd="/")
        self.start()
        return self


@pytest.fixture
def standby(tmp_path, postgres):
    folder = tmp_path / "standby"
    folder.mkdir()
    with Standby(folder, postgres) as server:
        yield server


def flags(stack, *settings):
    return ["--config", stack.document("sigstead.toml"), *(part for one in settings for part in ("--set", one))]


def test_the_schema_waits_for_who_migrates_it(binary, made, postgres):
    reader = Reader(binary, made.data, SIGSTEAD_DATABASE_URL=f"postgres://postgres@127.0.0.1:{postgres.port}/{made.name}")
    configure(made.document("sigstead.toml"), mean(PAGE.fragment("database_migrate"), {'ca = "tls/database-ca.pem"\n': ""}))

    def db(command, ok=True):
        words = f"sigstead db {command} --config sigstead.toml"
        return reader(PAGE.command(words), ok=ok)

    log = lambda *settings, ok=False: reader(f"sigstead log {shlex.join(map(str, flags(made, *settings)))}", ok=ok)
    wanted = PAGE.told("what this program wants")
    assert wanted in db("status")
    newest = int(postgres.sql("SELECT max(version) FROM _sqlx_migrations", made.name).stdout)
    # As before a version that takes one statement back.
    postgres.sql("DROP INDEX issuance_outcomes_denied; DELETE FROM _sqlx_migrations WHERE version = 10", made.name)
    assert "missing: 10 (denials)" in db("status", ok=False)
    assert "run sigstead db migrate" in log()
    assert "CREATE INDEX issuance_outcomes_denied" in reader(PAGE.command("sigstead db migrate --config sigstead.toml --dry-run"))
    assert "missing" in db("status", ok=False), "nothing was run"
    assert "-- 10 (denials)" in db("migrate")
    assert f"0 steps from version {newest}" in db("migrate")
    assert wanted in db("status")
    postgres.sql(f"INSERT INTO _sqlx_migrations SELECT {newest + 1}, 'later', now(), true, ''::bytea, 0", made.name)
    assert f"of a newer program: {newest + 1}" in db("status", ok=False)
    log("database_migrate=true")
    older = Program([binary, "log", *flags(made, "admin.listen=127.0.0.1:0")], made.data / "log", env=reader.env)
    wait_for(lambda: " listens on " in older.output(), "an older server that starts again")
    assert "newer than this program" in older.output()
    assert older.stop() == 0


def test_clients_behind_a_pooler_with_a_standby(binary, made, pgbouncer, standby, postgres, up_stack, blob, work, signed):
    pooled = f"database=postgres://postgres@{pgbouncer}/{made.name}"
    run([binary, "db", "status", *flags(made, pooled, "postgres.transaction_pooler=true")])
    configure(made.document("sigstead.toml"), f'database = "postgres://postgres@{pgbouncer}/{made.name}"\n[postgres]\n{PAGE.told("transaction_pooler")}\n')
    direct = {"postgres://sigstead@db.example.com/sigstead": f"postgres://postgres@127.0.0.1:{postgres.port}/{made.name}"}
    Reader(binary, made.data)(PAGE.script("postgres.transaction_pooler=false"), direct)
    replica = f"postgres.replica=postgres://postgres@127.0.0.1:{standby.port}/{made.name}"
    settings = [pooled, "postgres.transaction_pooler=true", replica, "admin.listen=127.0.0.1:0"]
    settings.append(f"ca.issuers={up_stack.data / 'issuers.yaml'}")
    programs = [
        Program([binary, service, *flags(made, *settings)], made.data.parent / f"{service}.log")
        for service in Stack.SERVICES
    ]
    stack = Stack(binary, made.data, {**made.urls, "issuer": up_stack.urls["issuer"]}, programs, up_stack)
    with stack:
        for program in programs:
            wait_for(lambda: " listens on " in program.output(), f"{program.command}")
        cosign, bundle = Cosign3(stack, work), work / "bundle.json"
        cosign("sign-blob", *cosign.signing(), "--bundle", bundle, blob)
        cosign("verify-blob", *cosign.trust(), *cosign.identity(), "--bundle", bundle, blob)
        rekor = RekorCli(stack, work)
        rekor("upload", *signed("first"), "--type", "hashedrekord")
        standby.sql("SELECT pg_wal_replay_pause()")
        for name in ("second", "third"):
            files = signed(name)
            index = index_of(rekor("upload", *files, "--type", "hashedrekord"))
            entry = rekor.json("get", "--log-index", index)
            assert rekor.json("get", "--uuid", entry["UUID"])["LogIndex"] == index, "just acknowledged"
            rekor("verify", *files, "--type", "hashedrekord")
        uuid = entry["UUID"]
        assert uuid not in rekor("search", "--sha", sha256(work / "third"), ok=None), "the standby is behind"
        standby.sql("SELECT pg_wal_replay_resume()")
        wait_for(lambda: uuid in rekor("search", "--sha", sha256(work / "third"), ok=None), "the standby")
        standby.server.stop(signal.SIGINT)
        assert uuid in rekor("search", "--sha", sha256(work / "third"))
    assert "everything agrees" in run([binary, "log", "audit", *flags(made)]).stdout


@pytest.fixture
def signed(work):
    """Makes files, each with a signature and the public key that verifies it."""

    def sign(name):
        run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", work / "key.pem"])
        run(["openssl", "ec", "-in", work / "key.pem", "-pubout", "-out", work / "pub.pem"])
        (work / name).write_bytes(name.encode())
        run(["openssl", "dgst", "-sha256", "-sign", work / "key.pem", "-out", work / "sig", work / name])
        return ["--artifact", work / name, "--signature", work / "sig", "--public-key", work / "pub.pem", "--pki-format", "x509"]

    return sign
