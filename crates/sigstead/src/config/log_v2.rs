use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use sigstead_entry::v2::Algorithms;
use sigstead_log::Duplicates;
use sigstead_tlog::OnMissing;

use super::{CallConfig, Config};

/// As the original waits for its witnesses.
const WITNESS_TIMEOUT_MS: u64 = 1000;

/// `[log_v2]`: served beside `[log]`.
pub(crate) struct LogV2Config {
    pub(crate) key: String,
    pub(crate) origin: String,
    pub(crate) dsse: bool,
    pub(crate) duplicates: Duplicates,
    pub(crate) algorithms: Algorithms,
    pub(crate) witnesses: Option<WitnessesConfig>,
}

/// Who is asked to cosign checkpoints.
pub(crate) struct WitnessesConfig {
    pub(crate) policy: PathBuf,
    /// How long a witness is waited for.
    pub(crate) patience: Duration,
    /// What follows when too few cosign.
    pub(crate) missing: OnMissing,
    /// How they are reached over TLS.
    pub(crate) call: CallConfig,
}

impl Config {
    /// `[log_v2]`, complete; `None` if the file has none.
    pub(crate) fn log_v2(&self) -> anyhow::Result<Option<LogV2Config>> {
        let raw = &self.raw.log_v2;
        if raw.key.is_none() {
            return Ok(None);
        }
        let duplicates = match raw.duplicates.as_deref() {
            None | Some("existing") => Duplicates::Existing,
            Some("conflict") => Duplicates::Conflict,
            Some(other) => {
                bail!(self.wrong("log_v2.duplicates", other, "write \"existing\" or \"conflict\""))
            }
        };
        Ok(Some(LogV2Config {
            key: self.key(raw.key.as_deref(), "log_v2.key")?,
            origin: self.needed(raw.origin.as_deref(), "log_v2.origin")?.to_owned(),
            dsse: raw.dsse.unwrap_or(false),
            duplicates,
            algorithms: self.algorithms(raw.algorithms.as_deref())?,
            witnesses: self.witnesses()?,
        }))
    }

    fn witnesses(&self) -> anyhow::Result<Option<WitnessesConfig>> {
        let raw = &self.raw.log_v2;
        let Some(policy) = &raw.witness_policy else { return Ok(None) };
        let missing = match raw.witness_missing.as_deref() {
            None | Some("publish") => OnMissing::Publish,
            Some("wait") => OnMissing::Wait,
            Some(other) => {
                bail!(self.wrong("log_v2.witness_missing", other, "write \"publish\" or \"wait\""))
            }
        };
        let patience = match raw.witness_timeout_ms.unwrap_or(WITNESS_TIMEOUT_MS) {
            0 => bail!(self.wrong("log_v2.witness_timeout_ms", "0", "write a number of milliseconds")),
            millis => Duration::from_millis(millis),
        };
        let call = self.call_with_ca(raw.witness_ca.as_deref());
        Ok(Some(WitnessesConfig { policy: self.path(policy), patience, missing, call }))
    }

    /// A preset, or names of key details.
    fn algorithms(&self, text: Option<&str>) -> anyhow::Result<Algorithms> {
        match text {
            None | Some("rekor-tiles-head") => Ok(Algorithms::head()),
            Some("rekor-tiles-2.2") => Ok(Algorithms::tiles_2_2()),
            Some(list) => Algorithms::named(list.split(',').map(str::trim)).map_err(|unknown| {
                let hint = "write rekor-tiles-head, rekor-tiles-2.2 or names as PKIX_ECDSA_P256_SHA_256, PKIX_ED25519_PH";
                anyhow::anyhow!(self.wrong("log_v2.algorithms", unknown, hint))
            }),
        }
    }
}
