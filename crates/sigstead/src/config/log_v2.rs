use anyhow::bail;
use sigstead_entry::v2::Algorithms;
use sigstead_log::Duplicates;

use super::Config;

/// `[log_v2]`: served beside `[log]`.
pub(crate) struct LogV2Config {
    pub(crate) key: String,
    pub(crate) origin: String,
    pub(crate) dsse: bool,
    pub(crate) duplicates: Duplicates,
    pub(crate) algorithms: Algorithms,
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
        }))
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
