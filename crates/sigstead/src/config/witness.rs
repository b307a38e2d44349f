use anyhow::bail;
use sigstead_crypto::VerifierKey;

use super::Config;

/// `[witness]`: served beside `[log]`.
pub(crate) struct WitnessConfig {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) logs: Vec<VerifierKey>,
}

impl Config {
    /// `[witness]`, complete; `None` if the file has none.
    pub(crate) fn witness(&self) -> anyhow::Result<Option<WitnessConfig>> {
        let raw = &self.raw.witness;
        if raw.key.is_none() {
            return Ok(None);
        }
        let mut logs = Vec::new();
        for text in &raw.logs {
            match VerifierKey::parse(text) {
                Ok(key) if !key.is_cosigner() => logs.push(key),
                Ok(_) => bail!(self.wrong("witness.logs", text, "this key cosigns; write the key of a log")),
                Err(error) => bail!(self.wrong("witness.logs", text, &error.to_string())),
            }
        }
        Ok(Some(WitnessConfig {
            key: self.key(raw.key.as_deref(), "witness.key")?,
            name: self.needed(raw.name.as_deref(), "witness.name")?.to_owned(),
            logs,
        }))
    }
}
