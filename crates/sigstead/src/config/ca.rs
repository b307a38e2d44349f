use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;

use super::{CaCtConfig, Config};

/// Certificates live this long unless the configuration says otherwise (Fulcio's ten minutes).
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

/// `[ca]`.
pub(crate) struct CaConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) key: String,
    pub(crate) chain: PathBuf,
    pub(crate) issuers: PathBuf,
    pub(crate) lifetime: Duration,
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
        Ok(CaConfig {
            listen: self.needed_address(raw.listen.as_deref(), "ca.listen")?,
            key: self.key(raw.key.as_deref(), "ca.key")?,
            chain: self.needed_path(raw.chain.as_deref(), "ca.chain")?,
            issuers: self.needed_path(raw.issuers.as_deref(), "ca.issuers")?,
            lifetime: raw.lifetime_secs.map_or(DEFAULT_LIFETIME, Duration::from_secs),
            audit_api: raw.audit_api,
            ct: self.ca_ct()?,
        })
    }
}
