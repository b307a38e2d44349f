"""docs/operations/postgres.md: services, migrations and backups speak TLS to a database that takes nothing else, and know it by its certificate."""

import shutil

import pytest

from certificates import Authority
from clients.cosign import Cosign3
from page import Page, Reader, configure, mean
from stack import Postgres, Stack, wait_for

PAGE, BACKUP = Page("postgres.md"), Page("backup-and-restore.md")


@pytest.fixture
def certified(tmp_path):
    """The server, and who certified it."""
    folder, authority = tmp_path / "postgres", Authority(tmp_path, "database-ca")
    folder.mkdir()
    with Postgres(folder) as server:
        for name, made in zip(("cert", "key"), authority.issue("database", "127.0.0.1")):
            file = folder / made.name
            shutil.copy(made, file)
            shutil.chown(file, (folder / "data").stat().st_uid)
            file.chmod(0o600)
            server.sql(f"ALTER SYSTEM SET ssl_{name}_file = '{file}'")
        server.sql("ALTER SYSTEM SET ssl = on")
        (folder / "data" / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 trust\n")
        server.sql("SELECT pg_reload_conf()")
        wait_for(lambda: server.sql("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", ok=None).stdout == "t\n", "TLS")
        yield server, authority


def test_a_database_that_is_known_by_its_certificate(binary, certified, tmp_path, up_stack, blob, work, monkeypatch):
    server, authority = certified
    database = server.new_database()
    made = Stack.up(binary, tmp_path / "data", database)
    made.stop()
    monkeypatch.setenv("SIGSTEAD_DATABASE_URL", database)
    configure(made.document("sigstead.toml"), mean(PAGE.fragment("database_migrate"), {"tls/database-ca.pem": authority.pem}))
    reader = Reader(binary, made.data, path=[server.bin], SIGSTEAD_DATABASE_URL=database)
    status = PAGE.command("sigstead db status --config")
    reader(status)
    stranger = Authority(tmp_path, "stranger").pem
    assert "certificate" in reader(f"{status} --set postgres.ca={stranger}", ok=False)
    # It is certified for an address, not for this name.
    reader(status, ok=False, env={"SIGSTEAD_DATABASE_URL": database.replace("127.0.0.1", "localhost")})

    with Stack.alone(made, up_stack) as stack:
        cosign, bundle = Cosign3(stack, work), work / "bundle.json"
        cosign("sign-blob", *cosign.signing(), "--bundle", bundle, blob)
        cosign("verify-blob", *cosign.trust(), *cosign.identity(), "--bundle", bundle, blob)
        tls = server.sql("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'sigstead'")
        assert tls.stdout == "t\n"
        backup = {"/backups/2026-11-21": tmp_path / "backup"}
        reader(BACKUP.script("sigstead backup"), backup)
    name = database.rsplit("/", 1)[1]
    server.sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.sql(f"CREATE DATABASE {name}")
    assert BACKUP.told("nothing that is known") in reader(BACKUP.script("sigstead restore"), backup)
