use std::path::Path;

use anyhow::Context as _;
use sigstead_clock::Timestamp;

/// The values that `up` fills into the configuration it writes.
pub(crate) struct GeneratedConfig<'a> {
    pub(crate) database: &'a str,
    pub(crate) admin: String,
    pub(crate) host: String,
    pub(crate) listen: ServiceAddresses,
    pub(crate) oidc_url: String,
    pub(crate) log_since: Timestamp,
    pub(crate) ct_since: Timestamp,
}

/// Where each service listens, as `IP:port`.
pub(crate) struct ServiceAddresses {
    pub(crate) ca: String,
    pub(crate) tsa: String,
    pub(crate) log: String,
    pub(crate) ct: String,
    pub(crate) trust: String,
}

/// Writes `sigstead.toml` into the data directory: what `up` runs with, and what
/// `sigstead ca|tsa|log|ct|trust --config` can start from.
pub(crate) fn write_generated(file: &Path, values: &GeneratedConfig<'_>) -> anyhow::Result<()> {
    let GeneratedConfig { database, admin, host, listen, oidc_url, log_since, ct_since } = values;
    let ServiceAddresses { ca, tsa, log, ct, trust } = listen;
    let (log_since, ct_since) = (log_since.to_rfc3339(), ct_since.to_rfc3339());
    let text = format!(
        include_str!("generated.toml"),
        database = database,
        admin = admin,
        ca = ca,
        ct = ct,
        tsa = tsa,
        log = log,
        host = host,
        log_since = log_since,
        ct_since = ct_since,
        trust = trust,
        oidc_url = oidc_url
    );
    crate::data_dir::write_atomically(file, text.as_bytes(), 0o600)
        .with_context(|| format!("cannot write {}", file.display()))
}
