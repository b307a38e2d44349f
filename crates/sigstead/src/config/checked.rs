use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use sigstead_crypto::Secret;

use super::absolute_key;
use super::raw::{self, RawConfig};

/// The configuration, checked; paths are absolute. Sections that the file leaves out are absent.
pub(crate) struct Config {
    file: PathBuf,
    dir: PathBuf,
    pub(super) raw: RawConfig,
}

impl Config {
    /// Reads `file`, the environment and `--set` flags.
    pub(crate) fn load(file: &Path, flags: &[String]) -> anyhow::Result<Self> {
        let file = std::path::absolute(file)?;
        let raw = raw::read(&file, flags)?;
        let dir = file.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self { file, dir, raw })
    }

    /// The file that was read, absolute.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Its folder, from which paths count.
    pub(crate) fn folder(&self) -> &Path {
        &self.dir
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

    pub(super) fn needed<'a>(&self, value: Option<&'a str>, key: &str) -> anyhow::Result<&'a str> {
        value.filter(|value| !value.is_empty()).with_context(|| self.missing(key))
    }

    pub(super) fn needed_path(&self, value: Option<&Path>, key: &str) -> anyhow::Result<PathBuf> {
        value.map(|path| self.path(path)).with_context(|| self.missing(key))
    }

    pub(super) fn needed_address(&self, value: Option<&str>, key: &str) -> anyhow::Result<SocketAddr> {
        self.address(self.needed(value, key)?, key)
    }

    pub(super) fn address(&self, text: &str, key: &str) -> anyhow::Result<SocketAddr> {
        text.parse()
            .with_context(|| self.wrong(key, text, "write an IP address and a port, as 127.0.0.1:3000"))
    }

    /// A key URI; relative paths in it, of the key and of its secrets, count from the configuration's folder.
    pub(super) fn key(&self, value: Option<&str>, key: &str) -> anyhow::Result<String> {
        Ok(absolute_key(&self.dir, self.needed(value, key)?))
    }

    /// A URL that may stand here itself while it has no password; otherwise a reference.
    pub(super) fn secret(&self, text: &str, key: &str) -> anyhow::Result<String> {
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
    pub(super) fn reference(&self, text: &str, key: &str) -> anyhow::Result<String> {
        if let Some(name) = text.strip_prefix("env:") {
            return environment_variable(name).with_context(|| self.wrong(key, text, "set that variable"));
        }
        let path = text.strip_prefix("file:").with_context(|| {
            format!("{}: {key} is a secret\n  hint: write \"env:NAME\" or \"file:PATH\"", self.file.display())
        })?;
        let path = self.path(Path::new(path));
        let secret = std::fs::read_to_string(&path);
        Ok(secret.with_context(|| format!("{key}: cannot read {}", path.display()))?.trim().to_owned())
    }

    pub(super) fn path(&self, path: &Path) -> PathBuf {
        self.dir.join(path)
    }

    pub(super) fn missing(&self, key: &str) -> String {
        format!("{}: {key} is missing", self.file.display())
    }

    pub(super) fn wrong(&self, key: &str, value: &str, fix: &str) -> String {
        format!("{}: {key} = \"{value}\" cannot be used\n  hint: {fix}", self.file.display())
    }
}

/// What an environment variable holds.
#[expect(clippy::disallowed_methods, reason = "the configuration is the one reader of the environment")]
pub(crate) fn environment_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::super::AuthoritiesSource;
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
        let AuthoritiesSource::One(Some(key), chain) = tsa.authorities else { panic!("one authority") };
        assert_eq!(chain, dir.path().join("tsa.pem"));
        assert_eq!(key, format!("file:{}/k/tsa.key", dir.path().display()));
        assert_eq!(config.database().unwrap().expose(), &format!("sqlite:{}/a.db", dir.path().display()));
    }

    #[test]
    fn paths_of_secrets_count_from_the_file_too() {
        let (dir, config) = config("");
        let key = |uri| config.key(Some(uri), "ca.key").unwrap();
        let dir = dir.path().display();
        let encrypted = key("file:ca.key?password-source=file:ca.password");
        assert_eq!(encrypted, format!("file:{dir}/ca.key?password-source=file:{dir}/ca.password"));
        assert_eq!(key("file:/ca.key?password-source=env:P"), "file:/ca.key?password-source=env:P");
        let in_a_token = "pkcs11:object=ca?module-path=/m.so&pin-source=file:/run/pin";
        assert_eq!(key(in_a_token), in_a_token);
    }

    #[test]
    fn a_password_in_plain_text_is_refused() {
        let (_dir, config) = config("database = \"postgres://u:p@127.0.0.1/d\"\n");
        let error = config.database().err().unwrap().to_string();
        assert!(error.contains("plain text") && !error.contains("u:p"), "{error}");
    }

    #[test]
    fn trees_have_limits() {
        let (_dir, config) = config("[trees]\nentry_cache_bytes = 1\nmax_waiting = 0\n");
        assert!(config.trees().unwrap_err().to_string().contains("trees.max_waiting = \"0\""));
        let (_dir, config) = self::config("[trees]\nentry_cache_bytes = 1\n");
        let limits = config.trees().unwrap();
        assert_eq!((limits.entry_cache, limits.queue), (1, sigstead_tlog::Limits::default().queue));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let (_dir, config) = config("[log]\nlisten = \"here\"\n[ct]\n");
        assert!(config.log().err().unwrap().to_string().contains("log.listen = \"here\""));
        assert!(config.ct().err().unwrap().to_string().contains("ct.listen is missing"));
    }
}
