//! `sigstead.toml` as it is written: every key optional, unknown keys refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use toml::{Table, Value};

use super::ca_ct::RawCtLog;
use super::limits::RawLimits;
use super::postgres::RawPostgres;
use super::tls::RawTls;
use super::trust_tuf::RawTuf;

/// Variables that start so override keys: `SIGSTEAD_CA__LISTEN` is `listen` in `[ca]`.
const ENVIRONMENT_PREFIX: &str = "SIGSTEAD_";
/// Keys outside sections; other variables without `__` are flags of commands, not keys.
const TOP_LEVEL: [&str; 4] = ["operator", "database", "database_migrate", "guard"];

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawConfig {
    pub(crate) operator: Option<String>,
    pub(crate) database: Option<String>,
    pub(crate) database_migrate: Option<bool>,
    pub(crate) guard: Option<PathBuf>,
    pub(crate) admin: RawListener,
    pub(crate) ca: RawCa,
    pub(crate) tsa: RawTsa,
    pub(crate) log: RawLog,
    pub(crate) log_v2: RawLogV2,
    pub(crate) ct: RawCt,
    pub(crate) trust: RawTrust,
    pub(super) postgres: RawPostgres,
    pub(super) limits: RawLimits,
    pub(crate) trees: RawTrees,
    pub(crate) witness: RawWitness,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawListener {
    pub(crate) listen: Option<String>,
    pub(super) tls: Option<RawTls>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawCa {
    pub(crate) listen: Option<String>,
    pub(super) tls: Option<RawTls>,
    pub(crate) url: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) chain: Option<PathBuf>,
    pub(crate) authorities: Option<PathBuf>,
    pub(crate) issuers: Option<PathBuf>,
    pub(crate) policy: Option<PathBuf>,
    pub(crate) lifetime_secs: Option<u64>,
    pub(super) client_algorithms: Option<Vec<String>>,
    pub(crate) audit_api: bool,
    pub(crate) ct_url: Option<String>,
    pub(super) ct_logs: Vec<RawCtLog>,
    pub(crate) ct_needed: Option<usize>,
    pub(crate) ct_deadline_ms: Option<u64>,
    pub(crate) sct: Option<String>,
    pub(crate) ct_ca: Option<PathBuf>,
    pub(crate) ct_client_certificate: Option<PathBuf>,
    pub(crate) ct_client_key: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawTsa {
    pub(crate) listen: Option<String>,
    pub(super) tls: Option<RawTls>,
    pub(crate) url: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) chain: Option<PathBuf>,
    pub(crate) authorities: Option<PathBuf>,
    pub(crate) default_policy: Option<String>,
    pub(crate) accepted_policies: Vec<String>,
    pub(crate) takes_extensions: bool,
    pub(crate) sends_chain: bool,
    pub(crate) refusals: Option<String>,
    pub(crate) ntp_servers: Vec<String>,
    pub(crate) ntp_asked: Option<usize>,
    pub(crate) ntp_needed: Option<usize>,
    pub(crate) ntp_timeout_secs: Option<u64>,
    pub(crate) ntp_period_secs: Option<u64>,
    pub(crate) ntp_max_offset_ms: Option<u64>,
    pub(crate) ntp_on_drift: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawLog {
    pub(crate) listen: Option<String>,
    pub(super) tls: Option<RawTls>,
    pub(crate) url: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) public_key: Option<PathBuf>,
    pub(crate) hostname: Option<String>,
    pub(crate) shard_keys: BTreeMap<String, String>,
    pub(crate) earlier: Vec<RawEarlierKey>,
    pub(crate) read_only: bool,
    pub(crate) operations: Option<Vec<String>>,
    pub(crate) kinds: Option<Vec<String>>,
    pub(crate) max_body_bytes: Option<usize>,
    pub(crate) max_attestation_bytes: Option<usize>,
    pub(crate) max_search_results: Option<u32>,
    pub(crate) events_url: Option<String>,
    pub(crate) events_token: Option<String>,
    pub(crate) events_ca: Option<PathBuf>,
    pub(crate) since: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawEarlierKey {
    /// Rekor v2.
    pub(crate) url: Option<String>,
    /// Rekor v2.
    pub(crate) origin: Option<String>,
    pub(crate) public_key: Option<PathBuf>,
    pub(crate) since: Option<String>,
    pub(crate) until: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawLogV2 {
    pub(crate) url: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) public_key: Option<PathBuf>,
    pub(crate) origin: Option<String>,
    pub(crate) since: Option<String>,
    pub(crate) dsse: Option<bool>,
    pub(crate) duplicates: Option<String>,
    pub(crate) algorithms: Option<String>,
    pub(crate) witness_policy: Option<PathBuf>,
    pub(crate) witness_ca: Option<PathBuf>,
    pub(crate) witness_timeout_ms: Option<u64>,
    pub(crate) witness_missing: Option<String>,
    pub(crate) earlier: Vec<RawEarlierKey>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawWitness {
    pub(crate) key: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) logs: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawCt {
    pub(crate) listen: Option<String>,
    pub(super) tls: Option<RawTls>,
    pub(crate) url: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) public_key: Option<PathBuf>,
    pub(crate) origin: Option<String>,
    pub(crate) roots: Option<PathBuf>,
    pub(crate) since: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawTrust {
    pub(crate) listen: Option<String>,
    pub(super) tls: Option<RawTls>,
    pub(crate) url: Option<String>,
    pub(crate) oidc_url: Option<String>,
    pub(super) tuf: Option<RawTuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawTrees {
    pub(crate) max_batch: Option<usize>,
    pub(crate) max_waiting: Option<usize>,
    pub(crate) tile_cache_bytes: Option<u64>,
    pub(crate) entry_cache_bytes: Option<u64>,
}

/// Reads the file, then lays the environment and the `--set section.key=value` flags over it.
pub(super) fn read(file: &Path, flags: &[String]) -> anyhow::Result<RawConfig> {
    let text = std::fs::read_to_string(file).with_context(|| {
        format!(
            "cannot read the configuration {}\n  hint: `sigstead init` writes one, and `sigstead up` into its data directory",
            file.display()
        )
    })?;
    let mut table: Table = text.parse().with_context(|| format!("{} is not valid TOML", file.display()))?;
    for (key, value) in environment() {
        overlay(&mut table, &key, &value)?;
    }
    for flag in flags {
        let (key, value) =
            flag.split_once('=').with_context(|| format!("--set {flag}: expected section.key=value"))?;
        overlay(&mut table, key, value)?;
    }
    Value::Table(table)
        .try_into()
        .with_context(|| format!("{} (with environment and flags laid over it)", file.display()))
}

/// `SIGSTEAD_CA__LISTEN=…` as `ca.listen`, `SIGSTEAD_DATABASE=…` as `database`.
fn environment() -> Vec<(String, String)> {
    let mut keys: Vec<_> = std::env::vars()
        .filter_map(|(name, value)| {
            let key = name.strip_prefix(ENVIRONMENT_PREFIX)?.to_ascii_lowercase().replace("__", ".");
            (key.contains('.') || TOP_LEVEL.contains(&key.as_str())).then_some((key, value))
        })
        .collect();
    keys.sort();
    keys
}

fn overlay(table: &mut Table, key: &str, value: &str) -> anyhow::Result<()> {
    // A bare number, boolean or list keeps its type; everything else is text.
    let value = match value.parse::<Value>() {
        Ok(value @ (Value::Integer(_) | Value::Boolean(_) | Value::Array(_))) => value,
        _ => Value::String(value.to_owned()),
    };
    let (sections, key) = key.rsplit_once('.').map_or((None, key), |(sections, key)| (Some(sections), key));
    let mut inner = table;
    for section in sections.into_iter().flat_map(|sections| sections.split('.')) {
        let Value::Table(next) = inner.entry(section).or_insert_with(|| Value::Table(Table::new())) else {
            bail!("{section} is not a section of the configuration");
        };
        inner = next;
    }
    inner.insert(key.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_lie_over_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("sigstead.toml");
        std::fs::write(&file, "operator = \"a\"\n[ca]\nlisten = \"127.0.0.1:1\"\n").unwrap();
        let flags = ["ca.listen=127.0.0.1:2".to_owned(), "ca.lifetime_secs=300".to_owned()];
        let raw = read(&file, &flags).unwrap();
        assert_eq!(raw.operator.as_deref(), Some("a"));
        assert_eq!(raw.ca.listen.as_deref(), Some("127.0.0.1:2"));
        assert_eq!(raw.ca.lifetime_secs, Some(300));
    }

    #[test]
    fn an_unknown_key_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("sigstead.toml");
        std::fs::write(&file, "[ca]\nlissen = \"127.0.0.1:1\"\n").unwrap();
        let error = format!("{:#}", read(&file, &[]).unwrap_err());
        assert!(error.contains("lissen") && error.contains("sigstead.toml"), "{error}");
    }
}
