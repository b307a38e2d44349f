use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use super::Config;
use crate::data_dir::write_atomically;

/// Where the keys and chains of a CA or TSA are named.
#[derive(Debug, Clone)]
pub(crate) enum AuthoritiesSource {
    /// One, in the configuration itself: key URI and chain file. Who only looks at the chain needs no key.
    One(Option<String>, PathBuf),
    /// Any number, in a file of their own.
    File(PathBuf),
}

/// The file of authorities: which there are, and when each signs. The commands `init`, `import` and `retire` write it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthoritiesFile {
    #[serde(default)]
    pub(crate) authority: Vec<AuthorityEntry>,
}

/// `[[authority]]`. Times are RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthorityEntry {
    pub(crate) name: String,
    /// Absent when it does not sign any more and its key is destroyed; clients go on believing its chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    pub(crate) chain: PathBuf,
    /// From when on it signs.
    pub(crate) since: String,
    /// Until when what it signed counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<String>,
    /// A CA that signs for the tokens of some issuers only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) token_issuers: Vec<String>,
    /// Others have the key: clients that cannot tell when something was signed are not given the chain.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) stolen: bool,
}

const HEADER: &str = "# Keys with their certificate chains, and when each signs: of those whose time has come, the newest does.\n\
     # Services and trust root follow this file without a restart. `sigstead ca|tsa init|import|retire` write it.\n\n";

impl AuthoritiesFile {
    pub(crate) fn load(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| {
            format!(
                "cannot read the authorities {}\n  hint: `sigstead ca init` or `tsa init`",
                file.display()
            )
        })?;
        let loaded: Self = toml::from_str(&text).with_context(|| file.display().to_string())?;
        let mut names: Vec<&str> = loaded.authority.iter().map(|one| one.name.as_str()).collect();
        names.sort_unstable();
        if let Some([name, _]) = names.array_windows().find(|[one, next]| one == next) {
            bail!("{}: two authorities have the name {name}", file.display());
        }
        Ok(loaded)
    }

    /// What is in the file, and nothing if there is none yet.
    pub(crate) fn load_or_empty(file: &Path) -> anyhow::Result<Self> {
        if file.exists() { Self::load(file) } else { Ok(Self::default()) }
    }

    pub(crate) fn save(&self, file: &Path) -> anyhow::Result<()> {
        let text = toml::to_string(self)?;
        write_atomically(file, format!("{HEADER}{text}").as_bytes(), 0o644)
            .with_context(|| format!("cannot write {}", file.display()))
    }
}

impl Config {
    /// `authorities`, or `key` and `chain`, of `[ca]` or `[tsa]`.
    pub(super) fn authorities(
        &self,
        section: &str,
        (authorities, key, chain): (Option<&Path>, Option<&str>, Option<&Path>),
    ) -> anyhow::Result<AuthoritiesSource> {
        match authorities {
            Some(_) if key.is_some() || chain.is_some() => {
                bail!("{}: {section} has both authorities and key or chain; name one", self.file().display())
            }
            Some(file) => Ok(AuthoritiesSource::File(self.path(file))),
            None => Ok(AuthoritiesSource::One(
                key.map(|key| absolute_key(self.folder(), key)),
                self.needed_path(chain, &format!("{section}.chain"))?,
            )),
        }
    }
}

impl AuthoritiesSource {
    /// Whether there is something to sign with, as far as the configuration says.
    pub(super) const fn names_a_key(&self) -> bool {
        !matches!(self, Self::One(None, _))
    }
}

/// A key URI; relative paths in it, of the key and of its secrets, count from `folder`.
pub(crate) fn absolute_key(folder: &Path, uri: &str) -> String {
    if uri.starts_with("pkcs11:") {
        // Its paths are percent-encoded, and absolute.
        return uri.to_owned();
    }
    let absolute = |part: &str| match part.split_once("file:") {
        Some((before, path)) if before.is_empty() || before.ends_with("-source=") => {
            format!("{before}file:{}", folder.join(path).display())
        }
        _ => part.to_owned(),
    };
    uri.split_inclusive(['?', '&']).map(absolute).collect()
}
