use std::net::SocketAddr;
use std::path::PathBuf;

use super::Config;

/// `[ct]`.
pub(crate) struct CtConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) key: String,
    pub(crate) origin: String,
    pub(crate) roots: PathBuf,
}

impl Config {
    /// `[ct]`, complete.
    pub(crate) fn ct(&self) -> anyhow::Result<CtConfig> {
        let raw = &self.raw.ct;
        Ok(CtConfig {
            listen: self.needed_address(raw.listen.as_deref(), "ct.listen")?,
            key: self.key(raw.key.as_deref(), "ct.key")?,
            origin: self.needed(raw.origin.as_deref(), "ct.origin")?.to_owned(),
            roots: self.needed_path(raw.roots.as_deref(), "ct.roots")?,
        })
    }
}
