use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use sigstead_clock::Timestamp;

use super::raw::{RawConfig, RawEarlierKey};
use super::trust_tuf::TufConfig;
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
    /// Keys that signed for shards before, oldest first.
    pub(crate) earlier_logs: Vec<TrustedLog>,
    pub(crate) log_v2: Option<TrustedLog>,
    /// Rekor v2 logs that were frozen, oldest first.
    pub(crate) earlier_v2_logs: Vec<TrustedLog>,
    pub(crate) ct: Option<TrustedLog>,
    /// The others that the CA logs to.
    pub(crate) ct_logs: Vec<TrustedLog>,
    /// The TUF repository's URL, and a root of it.
    pub(crate) mirror: Option<(String, PathBuf)>,
}

/// A log in the trust root.
pub(crate) struct TrustedLog {
    pub(crate) url: String,
    pub(crate) public_key: PathBuf,
    pub(crate) since: Timestamp,
    /// What it signed later does not count.
    pub(crate) until: Option<Timestamp>,
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
            earlier_v2_logs: self.earlier_v2_logs()?,
            log: self.trusted_log((&log.url, &log.public_key, &log.since), None, "log")?,
            log_v2: self.trusted_log(
                (&log_v2.url, &log_v2.public_key, &log_v2.since),
                log_v2.origin.as_deref(),
                "log_v2",
            )?,
            ct: self.trusted_log((&ct.url, &ct.public_key, &ct.since), None, "ct")?,
            ct_logs: self.trusted_ct_logs()?,
            mirror: trust.url.clone().zip(self.tuf()?.map(TufConfig::into_root)),
        })
    }

    /// The shards of a v1 log have its URL, whichever key signs.
    fn earlier_logs(&self) -> anyhow::Result<Vec<TrustedLog>> {
        let log = &self.raw.log;
        let url = || anyhow::Ok(self.needed(log.url.as_deref(), "log.url")?.to_owned());
        log.earlier.iter().map(|one| self.earlier_log(url()?, one, "log.earlier")).collect()
    }

    /// Each v2 log has a URL and an origin of its own.
    fn earlier_v2_logs(&self) -> anyhow::Result<Vec<TrustedLog>> {
        let earlier = self.raw.log_v2.earlier.iter().map(|one| {
            let url = self.needed(one.url.as_deref(), "log_v2.earlier.url")?.to_owned();
            let origin = self.needed(one.origin.as_deref(), "log_v2.earlier.origin")?.to_owned();
            let log = self.earlier_log(url, one, "log_v2.earlier")?;
            Ok(TrustedLog { origin: Some(origin), ..log })
        });
        earlier.collect()
    }

    fn earlier_log(&self, url: String, one: &RawEarlierKey, section: &str) -> anyhow::Result<TrustedLog> {
        Ok(TrustedLog {
            url,
            public_key: self.needed_path(one.public_key.as_deref(), &format!("{section}.public_key"))?,
            since: self.time(one.since.as_deref(), &format!("{section}.since"))?,
            until: Some(self.time(one.until.as_deref(), &format!("{section}.until"))?),
            origin: None,
        })
    }

    pub(super) fn time(&self, text: Option<&str>, key: &str) -> anyhow::Result<Timestamp> {
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
        Ok(Some(TrustedLog { url, public_key, since, until: None, origin: origin.map(str::to_owned) }))
    }
}
