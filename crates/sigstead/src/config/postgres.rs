use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use sigstead_crypto::Secret;
use sigstead_store::{DatabaseTls, DatabaseTlsMode, Options, Timeouts};

use super::Config;

/// `[postgres]` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawPostgres {
    connections: Option<u32>,
    acquire_timeout_ms: Option<u64>,
    statement_timeout_ms: Option<u64>,
    lock_timeout_ms: Option<u64>,
    idle_in_transaction_timeout_ms: Option<u64>,
    transaction_pooler: bool,
    replica: Option<String>,
    sslmode: Option<String>,
    ca: Option<PathBuf>,
    client_certificate: Option<PathBuf>,
    client_key: Option<String>,
}

/// Most connections of one process: Postgres has a process for each.
const MOST_CONNECTIONS: u32 = 1024;

impl Config {
    /// `[postgres]`: how the database is used.
    pub(crate) fn database_options(&self) -> anyhow::Result<Options> {
        let (raw, default) = (&self.raw.postgres, Options::default());
        let connections = raw.connections.unwrap_or(default.connections);
        if !(1..=MOST_CONNECTIONS).contains(&connections) {
            let fix = format!("write a number from 1 to {MOST_CONNECTIONS}");
            bail!(self.wrong("postgres.connections", &connections.to_string(), &fix));
        }
        Ok(Options {
            connections,
            acquire_timeout: raw.acquire_timeout_ms.map_or(default.acquire_timeout, Duration::from_millis),
            transaction_pooler: raw.transaction_pooler,
            timeouts: self.database_timeouts()?,
            tls: self.database_tls()?,
        })
    }

    /// Whether services bring an older schema up to date when they start.
    pub(crate) fn migrates(&self) -> bool {
        self.raw.database_migrate.unwrap_or(true)
    }

    /// A copy that searches and old entries are read from.
    pub(crate) fn replica(&self) -> anyhow::Result<Option<Secret<String>>> {
        let Some(text) = &self.raw.postgres.replica else { return Ok(None) };
        if self.database()?.expose().starts_with("sqlite:") {
            bail!(self.wrong("postgres.replica", "…", "only a Postgres database has replicas; leave it out"));
        }
        self.secret(text, "postgres.replica").map(|url| Some(Secret::new(url)))
    }

    fn database_timeouts(&self) -> anyhow::Result<Timeouts> {
        let (raw, default) = (&self.raw.postgres, Timeouts::default());
        let named = [raw.statement_timeout_ms, raw.lock_timeout_ms, raw.idle_in_transaction_timeout_ms];
        if raw.transaction_pooler && named.iter().any(Option::is_some) {
            bail!(
                "{}: postgres.…_timeout_ms cannot be set on a pooler's connections, which are others' too\n  \
                 hint: ALTER ROLE … SET statement_timeout = '60s', and lock_timeout, idle_in_transaction_session_timeout",
                self.file().display()
            );
        }
        // 0 is none, as in Postgres.
        let timeout = |millis: Option<u64>, default| match millis {
            None => default,
            Some(0) => None,
            Some(millis) => Some(Duration::from_millis(millis)),
        };
        Ok(Timeouts {
            statement: timeout(raw.statement_timeout_ms, default.statement),
            lock: timeout(raw.lock_timeout_ms, default.lock),
            idle_in_transaction: timeout(raw.idle_in_transaction_timeout_ms, default.idle_in_transaction),
        })
    }

    /// Who names a CA wants the server to be checked.
    fn database_tls(&self) -> anyhow::Result<DatabaseTls> {
        let raw = &self.raw.postgres;
        let mode = raw.sslmode.as_deref().or(raw.ca.is_some().then_some("verify-full"));
        let mode = mode.map(|text| {
            let fix = "write disable, prefer, require, verify-ca or verify-full";
            text.parse::<DatabaseTlsMode>().ok().with_context(|| self.wrong("postgres.sslmode", text, fix))
        });
        let client = match &raw.client_certificate {
            None => None,
            Some(certificate) => {
                let key = self.key_file(raw.client_key.as_deref(), "postgres.client_key")?;
                Some((self.path(certificate), key))
            }
        };
        Ok(DatabaseTls { mode: mode.transpose()?, ca: raw.ca.as_deref().map(|ca| self.path(ca)), client })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> (tempfile::TempDir, Config) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("sigstead.toml");
        std::fs::write(&file, format!("database = \"postgres://u@h/d\"\n[postgres]\n{text}")).unwrap();
        let config = Config::load(&file, &[]).unwrap();
        (dir, config)
    }

    #[test]
    fn a_ca_means_that_the_server_is_checked() {
        let (dir, config) = config("ca = \"db.pem\"\nlock_timeout_ms = 0\nconnections = 3");
        let options = config.database_options().unwrap();
        assert!(matches!(options.tls.mode, Some(DatabaseTlsMode::VerifyFull)));
        assert_eq!(options.tls.ca.unwrap(), dir.path().join("db.pem"));
        assert_eq!((options.connections, options.timeouts.lock), (3, None));
        assert_eq!(options.timeouts.statement, Timeouts::default().statement);
        assert!(config.migrates());
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        for (text, told) in [
            ("connections = 0", "postgres.connections = \"0\""),
            ("sslmode = \"tls\"", "postgres.sslmode = \"tls\""),
            ("client_certificate = \"c.pem\"", "client_key is missing"),
            ("client_certificate = \"c.pem\"\nclient_key = \"env:KEY\"", "file:PATH"),
            ("transaction_pooler = true\nlock_timeout_ms = 5", "ALTER ROLE"),
        ] {
            let (_dir, config) = config(text);
            let error = format!("{:#}", config.database_options().unwrap_err());
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
