use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use serde::Deserialize;
use sigstead_trust::tuf::Lifetimes;

use super::Config;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTuf {
    pub(super) folder: Option<PathBuf>,
    pub(super) root: Option<PathBuf>,
    targets_key: Option<String>,
    snapshot_key: Option<String>,
    timestamp_key: Option<String>,
    targets_days: Option<u64>,
    snapshot_days: Option<u64>,
    timestamp_days: Option<u64>,
}

/// `[trust.tuf]`.
pub(crate) struct TufConfig {
    pub(crate) folder: PathBuf,
    /// Where people leave a root that they signed; the service puts it into the folder.
    pub(crate) root: Option<PathBuf>,
    /// Without them, the folder is served as it is.
    pub(crate) keys: Option<TufKeys>,
    pub(crate) lifetimes: Lifetimes,
}

impl TufConfig {
    /// A file with a root that clients can start from.
    pub(super) fn into_root(self) -> PathBuf {
        self.root.unwrap_or_else(|| self.folder.join("root.json"))
    }
}

/// Key URIs.
pub(crate) struct TufKeys {
    /// Without it, people sign targets.
    pub(crate) targets: Option<String>,
    pub(crate) snapshot: String,
    pub(crate) timestamp: String,
}

impl Config {
    /// `[trust.tuf]`, complete; `None` if the file has none.
    pub(crate) fn tuf(&self) -> anyhow::Result<Option<TufConfig>> {
        let Some(raw) = &self.raw.trust.tuf else { return Ok(None) };
        let is_publisher =
            [&raw.targets_key, &raw.snapshot_key, &raw.timestamp_key].into_iter().any(Option::is_some);
        let keys = || {
            let targets = &raw.targets_key;
            anyhow::Ok(TufKeys {
                targets: targets
                    .as_ref()
                    .map(|key| self.key(Some(key), "trust.tuf.targets_key"))
                    .transpose()?,
                snapshot: self.key(raw.snapshot_key.as_deref(), "trust.tuf.snapshot_key")?,
                timestamp: self.key(raw.timestamp_key.as_deref(), "trust.tuf.timestamp_key")?,
            })
        };
        Ok(Some(TufConfig {
            folder: self.needed_path(raw.folder.as_deref(), "trust.tuf.folder")?,
            root: raw
                .root
                .as_deref()
                .map(|file| self.needed_path(Some(file), "trust.tuf.root"))
                .transpose()?,
            keys: is_publisher.then(keys).transpose()?,
            lifetimes: Lifetimes {
                targets: self.days(raw.targets_days.unwrap_or(180), "trust.tuf.targets_days")?,
                snapshot: self.days(raw.snapshot_days.unwrap_or(21), "trust.tuf.snapshot_days")?,
                timestamp: self.days(raw.timestamp_days.unwrap_or(7), "trust.tuf.timestamp_days")?,
            },
        }))
    }

    fn days(&self, days: u64, key: &str) -> anyhow::Result<Duration> {
        match (1..=MOST_DAYS).contains(&days) {
            true => Ok(Duration::from_secs(days * 24 * 3600)),
            false => {
                bail!(self.wrong(key, &days.to_string(), &format!("write a number from 1 to {MOST_DAYS}")))
            }
        }
    }
}

/// Ten years: as long as the roots that `up` makes.
const MOST_DAYS: u64 = 3650;

#[cfg(test)]
mod tests {
    use super::*;

    fn tuf(text: &str) -> anyhow::Result<Option<TufConfig>> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("sigstead.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(&file, &[]).unwrap().tuf()
    }

    #[test]
    fn a_repository_is_published_with_keys_and_served_without() {
        assert!(tuf("[trust]\nlisten = \"127.0.0.1:1\"\n").unwrap().is_none());
        let served = tuf("[trust.tuf]\nfolder = \"tuf\"\n").unwrap().unwrap();
        assert!(served.keys.is_none());
        let keys = "snapshot_key = \"file:s\"\ntimestamp_key = \"pkcs11:t\"\n";
        let published = tuf(&format!("[trust.tuf]\nfolder = \"tuf\"\n{keys}")).unwrap().unwrap();
        let keys = published.keys.unwrap();
        assert_eq!((keys.targets, keys.timestamp.as_str()), (None, "pkcs11:t"));
        assert!(keys.snapshot.starts_with("file:/"), "{}", keys.snapshot);
    }

    #[test]
    fn what_is_missing_or_cannot_be_meant_is_named() {
        for (text, told) in [
            ("[trust.tuf]\n", "trust.tuf.folder is missing"),
            ("[trust.tuf]\nfolder = \"t\"\ntargets_key = \"file:t\"\n", "trust.tuf.snapshot_key is missing"),
            ("[trust.tuf]\nfolder = \"t\"\ntimestamp_days = 0\n", "trust.tuf.timestamp_days = \"0\""),
            ("[trust.tuf]\nfolder = \"t\"\ntargets_days = 4000\n", "trust.tuf.targets_days = \"4000\""),
        ] {
            let error = tuf(text).err().unwrap().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
