use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use sigstead_clock::Timestamp;

use super::raw::RawConfig;
use super::{AuthoritiesSource, Config};

/// `[trust]`, with what it tells of the other services.
pub(crate) struct TrustConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) operator: String,
    pub(crate) oidc_url: Option<String>,
    /// URL and certificates.
    pub(crate) ca: Option<(String, AuthoritiesSource)>,
    /// Endpoint URL and certificates.
    pub(crate) tsa: Option<(String, AuthoritiesSource)>,
    pub(crate) log: Option<TrustedLog>,
    /// Keys that signed for shards before, oldest first, each with its last moment.
    pub(crate) earlier_logs: Vec<(TrustedLog, Timestamp)>,
    pub(crate) log_v2: Option<TrustedLog>,
    pub(crate) ct: Option<TrustedLog>,
    /// The others that the CA logs to.
    pub(crate) ct_logs: Vec<TrustedLog>,
}

/// A log in the trust root.
pub(crate) struct TrustedLog {
    pub(crate) url: String,
    pub(crate) public_key: PathBuf,
    pub(crate) since: Timestamp,
    /// Rekor v2: the name that is part of the log's id.
    pub(crate) origin: Option<String>,
}

impl Config {
    /// `[trust]`, with the public parts of the services that the file names.
    pub(crate) fn trust(&self) -> anyhow::Result<TrustConfig> {
        let RawConfig { ca, tsa, log, log_v2, ct, trust, .. } = &self.raw;
        Ok(TrustConfig {
            listen: self.needed_address(trust.listen.as_deref(), "trust.listen")?,
            operator: self.raw.operator.clone().unwrap_or_else(|| "sigstead".to_owned()),
            oidc_url: trust.oidc_url.clone(),
            ca: ca.url.clone().map(|url| anyhow::Ok((url, self.ca_authorities()?))).transpose()?,
            tsa: tsa.url.clone().map(|url| anyhow::Ok((url, self.tsa_authorities()?))).transpose()?,
            earlier_logs: self.earlier_logs()?,
            log: self.trusted_log((&log.url, &log.public_key, &log.since), None, "log")?,
            log_v2: self.trusted_log(
                (&log_v2.url, &log_v2.public_key, &log_v2.since),
                log_v2.origin.as_deref(),
                "log_v2",
            )?,
            ct: self.trusted_log((&ct.url, &ct.public_key, &ct.since), None, "ct")?,
            ct_logs: self.trusted_ct_logs()?,
        })
    }

    fn earlier_logs(&self) -> anyhow::Result<Vec<(TrustedLog, Timestamp)>> {
        let log = &self.raw.log;
        let earlier = log.earlier.iter().map(|one| {
            let url = self.needed(log.url.as_deref(), "log.url")?.to_owned();
            let public_key = self.needed_path(one.public_key.as_deref(), "log.earlier.public_key")?;
            let since = self.time(one.since.as_deref(), "log.earlier.since")?;
            let until = self.time(one.until.as_deref(), "log.earlier.until")?;
            Ok((TrustedLog { url, public_key, since, origin: None }, until))
        });
        earlier.collect()
    }

    fn time(&self, text: Option<&str>, key: &str) -> anyhow::Result<Timestamp> {
        let text = self.needed(text, key)?;
        Timestamp::from_rfc3339(text)
            .with_context(|| self.wrong(key, text, "write the time as 2026-01-31T12:00:00Z"))
    }

    pub(super) fn trusted_log(
        &self,
        (url, key, since): (&Option<String>, &Option<PathBuf>, &Option<String>),
        origin: Option<&str>,
        section: &str,
    ) -> anyhow::Result<Option<TrustedLog>> {
        let Some(url) = url.clone() else { return Ok(None) };
        let public_key = self.needed_path(key.as_deref(), &format!("{section}.public_key"))?;
        let since = self.time(since.as_deref(), &format!("{section}.since"))?;
        Ok(Some(TrustedLog { url, public_key, since, origin: origin.map(str::to_owned) }))
    }
}
