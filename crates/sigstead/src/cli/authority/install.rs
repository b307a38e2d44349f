use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use sigstead_crypto::PublicKey;
use sigstead_x509::{Certificate, Term, order_chain};

use super::{Role, now, rfc3339, time};
use crate::config::{AuthoritiesFile, AuthorityEntry};
use crate::console;
use crate::data_dir::write_atomically;

/// Time for clients to learn of a new chain: they ask for the trust root about once a day.
const NOTICE_SECS: i64 = 48 * 3600;

/// What a new authority is called, when it signs, and for whom.
#[derive(Debug, Args)]
pub(super) struct Terms {
    /// The authority's name; otherwise the next number.
    #[arg(long)]
    name: Option<String>,
    /// From when on it signs, as 2026-01-31T12:00:00Z; otherwise in two days, which gives clients time to learn of
    /// it, or at once if it is the first.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// For so many hours after that, what the one before it signed still counts.
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    overlap_hours: u32,
    /// It signs for tokens of this issuer only; may be given several times. Of CAs.
    #[arg(long = "for-issuer", value_name = "URL")]
    token_issuers: Vec<String>,
}

/// The file of authorities, and what is to be added to it.
pub(super) struct Installation {
    role: Role,
    file: PathBuf,
    authorities: AuthoritiesFile,
    name: String,
}

impl Installation {
    pub(super) fn open(role: Role, file: PathBuf, terms: &Terms) -> anyhow::Result<Self> {
        let authorities = AuthoritiesFile::load_or_empty(&file)?;
        let taken = |name: &str| authorities.authority.iter().any(|one| one.name == name);
        let name = match &terms.name {
            Some(name) if taken(name) => bail!("{}: there is an authority {name} already", file.display()),
            Some(name)
                if name.is_empty()
                    || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
            {
                bail!("{name}: a name is made of letters, digits and hyphens, for files are called by it")
            }
            Some(name) => name.clone(),
            None => (1_u32..)
                .map(|number| format!("{}-{number}", role.section()))
                .find(|name| !taken(name))
                .context("no number is left")?,
        };
        Ok(Self { role, file, authorities, name })
    }

    /// The folder that the file's paths count from.
    pub(super) fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// Where the key is unless something else is said, as the file writes it.
    pub(super) fn default_key(&self) -> String {
        format!("file:keys/{}.key", self.name)
    }

    /// Checks the chain and writes it and its entry; services follow by themselves.
    pub(super) fn install(
        mut self,
        (key, public_key): (String, &PublicKey),
        certificates: Vec<Certificate>,
        terms: Terms,
    ) -> anyhow::Result<()> {
        let now = now();
        let chain = order_chain(certificates, public_key)?;
        let since = match &terms.since {
            Some(since) => time(since)?,
            None if self.signs(now) => now.saturating_add(NOTICE_SECS),
            None => now,
        };
        let term = Term { since, until: None };
        term.check(&chain, public_key, self.role.purpose(), now)?;
        let last = term.last(&chain).unwrap_or(since);
        self.end_those_before(since, &terms);
        let chain_file = PathBuf::from(format!("{}-chain.pem", self.name));
        let pem: String = chain.iter().map(Certificate::to_pem).collect();
        write_atomically(&self.folder().join(&chain_file), pem.as_bytes(), 0o644)?;
        self.authorities.authority.push(AuthorityEntry {
            name: self.name.clone(),
            key: Some(key),
            chain: chain_file,
            since: rfc3339(since),
            until: None,
            token_issuers: terms.token_issuers,
            stolen: false,
        });
        self.authorities.save(&self.file)?;
        console::line(format_args!(
            "{} is installed: it signs from {} until {} at the latest; running services and the trust root follow",
            self.name,
            rfc3339(since),
            rfc3339(last)
        ));
        Ok(())
    }

    /// Whether an authority of the file may sign now; clients know it, and need time to know another one.
    fn signs(&self, now: i64) -> bool {
        self.authorities.authority.iter().any(|one| {
            one.key.is_some()
                && one.until.as_deref().is_none_or(|until| time(until).is_ok_and(|until| now <= until))
        })
    }

    /// What signed for the same tokens is to end, after the overlap.
    fn end_those_before(&mut self, since: i64, terms: &Terms) {
        let until = since.saturating_add(i64::from(terms.overlap_hours).saturating_mul(3600));
        let open = self.authorities.authority.iter_mut().filter(|one| one.until.is_none());
        for before in open.filter(|one| one.token_issuers == terms.token_issuers) {
            before.until = Some(rfc3339(until));
            console::line(format_args!("{} ends at {}", before.name, rfc3339(until)));
        }
    }
}
