use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use sigstead_clock::Timestamp;
use sigstead_crypto::Secret;
use sigstead_entry::v2::Algorithms;
use sigstead_log::{Duplicates, RekorLimits, Surface};

use super::raw::{self, RawConfig};

/// Certificates live this long unless the configuration says otherwise (Fulcio's ten minutes).
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

/// The configuration, checked; paths are absolute. Sections that the file leaves out are absent.
pub(crate) struct Config {
    file: PathBuf,
    dir: PathBuf,
    raw: RawConfig,
}

/// `[ca]`.
pub(crate) struct CaConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) key: String,
    pub(crate) chain: PathBuf,
    pub(crate) issuers: PathBuf,
    pub(crate) lifetime: Duration,
    /// Where to log precertificates, and the file with that log's public key.
    pub(crate) ct: Option<(String, PathBuf)>,
}

/// `[tsa]`.
pub(crate) struct TsaConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) key: String,
    pub(crate) chain: PathBuf,
}

/// `[log]`.
pub(crate) struct LogConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) key: String,
    pub(crate) hostname: String,
    /// Shards that another key signs for, by tree id.
    pub(crate) shard_keys: BTreeMap<i64, String>,
    pub(crate) surface: Surface,
    pub(crate) limits: RekorLimits,
    /// A webhook that is told of new entries, and its token.
    pub(crate) events: Option<(String, Option<Secret<String>>)>,
}

/// `[log_v2]`: served beside `[log]`.
pub(crate) struct LogV2Config {
    pub(crate) key: String,
    pub(crate) origin: String,
    pub(crate) dsse: bool,
    pub(crate) duplicates: Duplicates,
    pub(crate) algorithms: Algorithms,
}

/// A log in the trust root.
pub(crate) struct TrustedLog {
    pub(crate) url: String,
    pub(crate) public_key: PathBuf,
    pub(crate) since: Timestamp,
    /// Rekor v2: the name that is part of the log's id.
    pub(crate) origin: Option<String>,
}

/// `[ct]`.
pub(crate) struct CtConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) key: String,
    pub(crate) origin: String,
    pub(crate) roots: PathBuf,
}

/// `[trust]`, with what it tells of the other services.
pub(crate) struct TrustConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) operator: String,
    pub(crate) oidc_url: Option<String>,
    /// URL and chain file.
    pub(crate) ca: Option<(String, PathBuf)>,
    /// Endpoint URL and chain file.
    pub(crate) tsa: Option<(String, PathBuf)>,
    pub(crate) log: Option<TrustedLog>,
    pub(crate) log_v2: Option<TrustedLog>,
    pub(crate) ct: Option<TrustedLog>,
}

impl Config {
    /// Reads `file`, the environment and `--set` flags.
    pub(crate) fn load(file: &Path, flags: &[String]) -> anyhow::Result<Self> {
        let file = std::path::absolute(file)?;
        let raw = raw::read(&file, flags)?;
        let dir = file.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self { file, dir, raw })
    }

    /// Where the database is: `postgres://…` or `sqlite:/absolute/path`.
    pub(crate) fn database(&self) -> anyhow::Result<Secret<String>> {
        let text = self.raw.database.as_deref().with_context(|| self.missing("database"))?;
        let url = self.secret(text, "database")?;
        Ok(Secret::new(match url.strip_prefix("sqlite:") {
            Some(path) => format!("sqlite:{}", self.dir.join(path).display()),
            None => url,
        }))
    }

    /// The folder that remembers, for each tree, the highest checkpoint ever signed.
    pub(crate) fn guard(&self) -> PathBuf {
        self.path(self.raw.guard.as_deref().unwrap_or(Path::new("rollback-guard")))
    }

    /// Where `/metrics`, `/healthz` and `/readyz` are served.
    pub(crate) fn admin_listen(&self) -> anyhow::Result<Option<SocketAddr>> {
        self.raw.admin.listen.as_deref().map(|text| self.address(text, "admin.listen")).transpose()
    }

    /// `[ca]`, complete.
    pub(crate) fn ca(&self) -> anyhow::Result<CaConfig> {
        let raw = &self.raw.ca;
        let ct = match &raw.ct_url {
            Some(url) => {
                Some((url.clone(), self.needed_path(self.raw.ct.public_key.as_deref(), "ct.public_key")?))
            }
            None => None,
        };
        Ok(CaConfig {
            listen: self.needed_address(raw.listen.as_deref(), "ca.listen")?,
            key: self.key(raw.key.as_deref(), "ca.key")?,
            chain: self.needed_path(raw.chain.as_deref(), "ca.chain")?,
            issuers: self.needed_path(raw.issuers.as_deref(), "ca.issuers")?,
            lifetime: raw.lifetime_secs.map_or(DEFAULT_LIFETIME, Duration::from_secs),
            ct,
        })
    }

    /// `[tsa]`, complete.
    pub(crate) fn tsa(&self) -> anyhow::Result<TsaConfig> {
        let raw = &self.raw.tsa;
        Ok(TsaConfig {
            listen: self.needed_address(raw.listen.as_deref(), "tsa.listen")?,
            key: self.key(raw.key.as_deref(), "tsa.key")?,
            chain: self.needed_path(raw.chain.as_deref(), "tsa.chain")?,
        })
    }

    /// `[log]`, complete.
    pub(crate) fn log(&self) -> anyhow::Result<LogConfig> {
        let raw = &self.raw.log;
        Ok(LogConfig {
            listen: self.needed_address(raw.listen.as_deref(), "log.listen")?,
            key: self.key(raw.key.as_deref(), "log.key")?,
            hostname: self.needed(raw.hostname.as_deref(), "log.hostname")?.to_owned(),
            shard_keys: self.shard_keys(&raw.shard_keys)?,
            surface: self.surface()?,
            events: self.events()?,
            limits: RekorLimits {
                body: raw.max_body_bytes.unwrap_or(RekorLimits::default().body),
                attestation: raw.max_attestation_bytes.unwrap_or(RekorLimits::default().attestation),
                search: raw.max_search_results.unwrap_or(RekorLimits::default().search),
            },
        })
    }

    fn events(&self) -> anyhow::Result<Option<(String, Option<Secret<String>>)>> {
        let raw = &self.raw.log;
        let Some(url) = &raw.events_url else { return Ok(None) };
        let is_usable = |parsed: url::Url| {
            matches!(parsed.scheme(), "http" | "https")
                && parsed.password().is_none()
                && parsed.query().is_none()
        };
        if !url::Url::parse(url).is_ok_and(is_usable) {
            let hint = "write an http or https URL without secrets; a token goes to log.events_token";
            bail!(self.wrong("log.events_url", url, hint));
        }
        let token = raw.events_token.as_deref().map(|text| self.reference(text, "log.events_token"));
        Ok(Some((url.clone(), token.transpose()?.map(Secret::new))))
    }

    fn surface(&self) -> anyhow::Result<Surface> {
        let raw = &self.raw.log;
        let mut surface = Surface::default();
        if let Some(operations) = &raw.operations {
            surface = surface.with_operations(operations).map_err(|unknown| {
                anyhow::anyhow!(self.wrong("log.operations", &unknown, "write createLogEntry, getLogInfo, …"))
            })?;
        }
        if let Some(kinds) = &raw.kinds {
            surface = surface.with_kinds(kinds.iter().cloned());
        }
        Ok(if raw.read_only { surface.read_only() } else { surface })
    }

    fn shard_keys(&self, raw: &BTreeMap<String, String>) -> anyhow::Result<BTreeMap<i64, String>> {
        let keys = raw.iter().map(|(tree_id, key)| {
            let name = format!("log.shard_keys.{tree_id}");
            let tree_id = tree_id
                .parse()
                .with_context(|| self.wrong(&name, key, "name the shard by its decimal tree id"))?;
            Ok((tree_id, self.key(Some(key), &name)?))
        });
        keys.collect()
    }

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

    /// `[trust]`, with the public parts of the services that the file names.
    pub(crate) fn trust(&self) -> anyhow::Result<TrustConfig> {
        let RawConfig { ca, tsa, log, log_v2, ct, trust, .. } = &self.raw;
        let authority = |url: Option<&str>, chain: Option<&Path>, key| match url {
            Some(url) => anyhow::Ok(Some((url.to_owned(), self.needed_path(chain, key)?))),
            None => Ok(None),
        };
        Ok(TrustConfig {
            listen: self.needed_address(trust.listen.as_deref(), "trust.listen")?,
            operator: self.raw.operator.clone().unwrap_or_else(|| "sigstead".to_owned()),
            oidc_url: trust.oidc_url.clone(),
            ca: authority(ca.url.as_deref(), ca.chain.as_deref(), "ca.chain")?,
            tsa: authority(tsa.url.as_deref(), tsa.chain.as_deref(), "tsa.chain")?,
            log: self.trusted_log((&log.url, &log.public_key, &log.since), None, "log")?,
            log_v2: self.trusted_log(
                (&log_v2.url, &log_v2.public_key, &log_v2.since),
                log_v2.origin.as_deref(),
                "log_v2",
            )?,
            ct: self.trusted_log((&ct.url, &ct.public_key, &ct.since), None, "ct")?,
        })
    }

    fn trusted_log(
        &self,
        (url, key, since): (&Option<String>, &Option<PathBuf>, &Option<String>),
        origin: Option<&str>,
        section: &str,
    ) -> anyhow::Result<Option<TrustedLog>> {
        let Some(url) = url.clone() else { return Ok(None) };
        let public_key = self.needed_path(key.as_deref(), &format!("{section}.public_key"))?;
        let since_key = format!("{section}.since");
        let since = self.needed(since.as_deref(), &since_key)?;
        let since = Timestamp::from_rfc3339(since)
            .with_context(|| self.wrong(&since_key, since, "write the time as 2026-01-31T12:00:00Z"))?;
        Ok(Some(TrustedLog { url, public_key, since, origin: origin.map(str::to_owned) }))
    }

    fn needed<'a>(&self, value: Option<&'a str>, key: &str) -> anyhow::Result<&'a str> {
        value.filter(|value| !value.is_empty()).with_context(|| self.missing(key))
    }

    fn needed_path(&self, value: Option<&Path>, key: &str) -> anyhow::Result<PathBuf> {
        value.map(|path| self.path(path)).with_context(|| self.missing(key))
    }

    fn needed_address(&self, value: Option<&str>, key: &str) -> anyhow::Result<SocketAddr> {
        self.address(self.needed(value, key)?, key)
    }

    fn address(&self, text: &str, key: &str) -> anyhow::Result<SocketAddr> {
        text.parse()
            .with_context(|| self.wrong(key, text, "write an IP address and a port, as 127.0.0.1:3000"))
    }

    /// A key URI; a relative `file:` path counts from the configuration's folder.
    fn key(&self, value: Option<&str>, key: &str) -> anyhow::Result<String> {
        let uri = self.needed(value, key)?;
        Ok(match uri.strip_prefix("file:") {
            Some(path) => format!("file:{}", self.dir.join(path).display()),
            None => uri.to_owned(),
        })
    }

    /// A URL that may stand here itself while it has no password; otherwise a reference.
    fn secret(&self, text: &str, key: &str) -> anyhow::Result<String> {
        if text.starts_with("env:") || text.starts_with("file:") {
            return self.reference(text, key);
        }
        if url::Url::parse(text).is_ok_and(|url| url.password().is_some()) {
            bail!(
                "{}: {key} has a password in plain text\n  hint: write {key} = \"env:NAME\" or \"file:PATH\"",
                self.file.display()
            );
        }
        Ok(text.to_owned())
    }

    /// What `env:NAME` or `file:PATH` refers to.
    fn reference(&self, text: &str, key: &str) -> anyhow::Result<String> {
        if let Some(name) = text.strip_prefix("env:") {
            return environment_secret(name).with_context(|| self.wrong(key, text, "set that variable"));
        }
        let path = text.strip_prefix("file:").with_context(|| {
            format!("{}: {key} is a secret\n  hint: write \"env:NAME\" or \"file:PATH\"", self.file.display())
        })?;
        let path = self.path(Path::new(path));
        let secret = std::fs::read_to_string(&path);
        Ok(secret.with_context(|| format!("{key}: cannot read {}", path.display()))?.trim().to_owned())
    }

    fn path(&self, path: &Path) -> PathBuf {
        self.dir.join(path)
    }

    fn missing(&self, key: &str) -> String {
        format!("{}: {key} is missing", self.file.display())
    }

    fn wrong(&self, key: &str, value: &str, fix: &str) -> String {
        format!("{}: {key} = \"{value}\" cannot be used\n  hint: {fix}", self.file.display())
    }
}

#[expect(clippy::disallowed_methods, reason = "the configuration is the one reader of the environment")]
fn environment_secret(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> (tempfile::TempDir, Config) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("sigstead.toml");
        std::fs::write(&file, text).unwrap();
        let config = Config::load(&file, &[]).unwrap();
        (dir, config)
    }

    #[test]
    fn paths_count_from_the_file() {
        let (dir, config) = config(
            "database = \"sqlite:a.db\"\n[tsa]\nlisten = \"127.0.0.1:1\"\nkey = \"file:k/tsa.key\"\nchain = \"tsa.pem\"\n",
        );
        let tsa = config.tsa().unwrap();
        assert_eq!(tsa.chain, dir.path().join("tsa.pem"));
        assert_eq!(tsa.key, format!("file:{}/k/tsa.key", dir.path().display()));
        assert_eq!(config.database().unwrap().expose(), &format!("sqlite:{}/a.db", dir.path().display()));
    }

    #[test]
    fn a_password_in_plain_text_is_refused() {
        let (_dir, config) = config("database = \"postgres://u:p@127.0.0.1/d\"\n");
        let error = config.database().err().unwrap().to_string();
        assert!(error.contains("plain text") && !error.contains("u:p"), "{error}");
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let (_dir, config) = config("[log]\nlisten = \"here\"\n[ct]\n");
        assert!(config.log().err().unwrap().to_string().contains("log.listen = \"here\""));
        assert!(config.ct().err().unwrap().to_string().contains("ct.listen is missing"));
    }
}
