use std::net::SocketAddr;
use std::path::PathBuf;

use super::Config;

/// `[tsa]`.
pub(crate) struct TsaConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) key: String,
    pub(crate) chain: PathBuf,
}

impl Config {
    /// `[tsa]`, complete.
    pub(crate) fn tsa(&self) -> anyhow::Result<TsaConfig> {
        let raw = &self.raw.tsa;
        Ok(TsaConfig {
            listen: self.needed_address(raw.listen.as_deref(), "tsa.listen")?,
            key: self.key(raw.key.as_deref(), "tsa.key")?,
            chain: self.needed_path(raw.chain.as_deref(), "tsa.chain")?,
        })
    }
}
