use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use sigstead_serve::Rate;

use super::{AuthoritiesSource, CaCtConfig, Config};

/// Certificates live this long unless the configuration says otherwise (Fulcio's ten minutes).
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

/// `[ca]`.
pub(crate) struct CaConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) authorities: AuthoritiesSource,
    pub(crate) issuers: PathBuf,
    /// The issuance policy; without one every identity gets a certificate.
    pub(crate) policy: Option<PathBuf>,
    pub(crate) lifetime: Duration,
    /// How many certificates one identity gets.
    pub(crate) identity_rate: Option<Rate>,
    /// Whether the audit trail is served on the admin port.
    pub(crate) audit_api: bool,
    /// Where certificates are logged.
    pub(crate) ct: Option<CaCtConfig>,
}

impl Config {
    /// `[ca]`, complete.
    pub(crate) fn ca(&self) -> anyhow::Result<CaConfig> {
        let raw = &self.raw.ca;
        if raw.audit_api {
            self.admin_listen()?
                .with_context(|| self.missing("admin.listen (ca.audit_api is served there)"))?;
        }
        let authorities = self.ca_authorities()?;
        if !authorities.names_a_key() {
            bail!(self.missing("ca.key"));
        }
        Ok(CaConfig {
            listen: self.needed_address(raw.listen.as_deref(), "ca.listen")?,
            authorities,
            issuers: self.needed_path(raw.issuers.as_deref(), "ca.issuers")?,
            policy: raw.policy.as_deref().map(|path| self.path(path)),
            lifetime: raw.lifetime_secs.map_or(DEFAULT_LIFETIME, Duration::from_secs),
            identity_rate: self.identity_rate()?,
            audit_api: raw.audit_api,
            ct: self.ca_ct()?,
        })
    }

    /// What `[ca]` signs with.
    pub(crate) fn ca_authorities(&self) -> anyhow::Result<AuthoritiesSource> {
        let raw = &self.raw.ca;
        self.authorities("ca", (raw.authorities.as_deref(), raw.key.as_deref(), raw.chain.as_deref()))
    }

    /// Whether `[ca]` says what it signs with: to those who only look at its certificates.
    pub(super) const fn names_a_ca(&self) -> bool {
        self.raw.ca.authorities.is_some() || self.raw.ca.chain.is_some()
    }
}
