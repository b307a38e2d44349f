use std::path::Path;

use anyhow::Context as _;
use sigstead_clock::Timestamp;

/// The values of a configuration that `up` or `init` writes.
pub(crate) struct GeneratedConfig<'a> {
    /// Its first line: who wrote it, and whose it is now.
    pub(crate) header: &'a str,
    pub(crate) database: &'a str,
    pub(crate) admin: String,
    /// The host of the log's URL, without port.
    pub(crate) host: String,
    /// Where each service listens, as `IP:port`.
    pub(crate) listen: PerService,
    /// Where clients reach each service, without a slash at the end.
    pub(crate) urls: PerService,
    pub(crate) oidc_url: String,
    pub(crate) log_since: Timestamp,
    pub(crate) ct_since: Timestamp,
    /// The file of the TUF repository's root, where the service does not make it itself.
    pub(crate) tuf_root: Option<&'a str>,
}

/// One text for each service.
pub(crate) struct PerService {
    pub(crate) ca: String,
    pub(crate) tsa: String,
    pub(crate) log: String,
    pub(crate) ct: String,
    pub(crate) trust: String,
}

/// Writes `sigstead.toml`: what `up` runs with, and what `sigstead ca|tsa|log|ct|trust --config` start from.
pub(crate) fn write_generated(file: &Path, values: &GeneratedConfig<'_>, mode: u32) -> anyhow::Result<()> {
    crate::data_dir::write_atomically(file, render(values).as_bytes(), mode)
        .with_context(|| format!("cannot write {}", file.display()))
}

fn render(values: &GeneratedConfig<'_>) -> String {
    let GeneratedConfig {
        header,
        database,
        admin,
        host,
        listen,
        urls,
        oidc_url,
        log_since,
        ct_since,
        tuf_root,
    } = values;
    let PerService { ca, tsa, log, ct, trust } = listen;
    let (_, ct_origin) = urls.ct.split_once("://").unwrap_or(("", &urls.ct));
    format!(
        include_str!("generated.toml"),
        header = header,
        // A path may hold what TOML escapes; nothing else here can.
        database = toml::Value::from(*database),
        admin = admin,
        ca = ca,
        ca_url = urls.ca,
        ct = ct,
        ct_url = urls.ct,
        ct_origin = ct_origin,
        tsa = tsa,
        tsa_url = urls.tsa,
        log = log,
        log_url = urls.log,
        host = host,
        log_since = log_since.to_rfc3339(),
        ct_since = ct_since.to_rfc3339(),
        trust = trust,
        trust_url = urls.trust,
        oidc_url = oidc_url,
        tuf_root = tuf_root.map(|file| format!("{TUF_ROOT}root = \"{file}\"\n")).unwrap_or_default(),
    )
}

const TUF_ROOT: &str = "# What people signed: the first root, and later the next one (docs/operations/rotate-root.md). The service \
                        takes it up by itself.\n";
