use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::bail;

use super::{AuthoritiesSource, Config};

/// `[ct]`.
#[derive(Clone)]
pub(crate) struct CtConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) key: String,
    pub(crate) origin: String,
    /// Certificates of authorities whose certificates are taken, beside those of the own CA.
    pub(crate) roots: Option<PathBuf>,
    pub(crate) ca: Option<AuthoritiesSource>,
}

impl Config {
    /// `[ct]`, complete.
    pub(crate) fn ct(&self) -> anyhow::Result<CtConfig> {
        let raw = &self.raw.ct;
        let listen = self.needed_address(raw.listen.as_deref(), "ct.listen")?;
        let roots = raw.roots.as_deref().map(|file| self.path(file));
        let ca = self.names_a_ca().then(|| self.ca_authorities()).transpose()?;
        if roots.is_none() && ca.is_none() {
            bail!(self.missing("ct.roots"));
        }
        Ok(CtConfig {
            listen,
            key: self.key(raw.key.as_deref(), "ct.key")?,
            origin: self.needed(raw.origin.as_deref(), "ct.origin")?.to_owned(),
            roots,
            ca,
        })
    }
}
