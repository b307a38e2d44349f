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
        r#"# Written by `sigstead up` at every start. Copy it before you change it.
# Relative paths count from this file's folder. Any key can be overridden: `--set ca.listen=…` or SIGSTEAD_CA__LISTEN=….
operator = "sigstead"
# sqlite:FILE or postgres://…; with a password: "env:NAME" or "file:PATH".
database = "{database}"
# Remembers the highest checkpoint that was signed here, so that an older database is noticed.
guard = "rollback-guard"

[admin]
listen = "{admin}"

[ca]
listen = "{ca}"
url = "http://{ca}"
key = "file:keys/ca.key"
chain = "ca-chain.pem"
# Fulcio's issuer configuration, as it is.
issuers = "issuers.yaml"
lifetime_secs = 600
ct_url = "http://{ct}"

[tsa]
listen = "{tsa}"
url = "http://{tsa}/api/v1/timestamp"
key = "file:keys/tsa.key"
chain = "tsa-chain.pem"

[log]
listen = "{log}"
url = "http://{log}"
key = "file:keys/log.key"
public_key = "log.pub"
# The first part of the log's origin; clients want the host of `url`.
hostname = "{host}"
since = "{log_since}"
# Everything can be read, nothing is added.
read_only = false
# Only some operations or kinds, by Rekor's names: operations = ["getLogInfo"], kinds = ["hashedrekord", "dsse"].
max_body_bytes = 33554432
# Larger attestations are not kept; their entries are.
max_attestation_bytes = 102400
max_search_results = 100000
# A webhook for CloudEvents about new entries: events_url = "https://…", events_token = "env:NAME".
# A shard that another key signs for: [log.shard_keys] "TREE ID" = "file:keys/old.key".

# Rekor v2, on the same port. Without this section there is only v1.
[log_v2]
url = "http://{log}"
key = "file:keys/log-v2.key"
public_key = "log-v2.pub"
# Clients want the host of `url`, without port.
origin = "{host}"
since = "{log_since}"
# "existing": the entry that is there, with a fresh proof. "conflict": 409.
duplicates = "existing"
# rekor-tiles-head, rekor-tiles-2.2 or a list of key details.
algorithms = "rekor-tiles-head"
# Entries of kind dsse 0.0.2, which rekor-tiles took until 2.2.
dsse = false

[ct]
listen = "{ct}"
url = "http://{ct}"
key = "file:keys/ct.key"
public_key = "ct.pub"
origin = "{ct}"
# Certificates from these authorities are accepted.
roots = "ca-chain.pem"
since = "{ct_since}"

[trust]
listen = "{trust}"
url = "http://{trust}"
oidc_url = "{oidc_url}"
"#
    );
    crate::data_dir::write_atomically(file, text.as_bytes(), 0o600)
        .with_context(|| format!("cannot write {}", file.display()))
}
