use std::path::Path;

use anyhow::{Context as _, ensure};
use sigstead_ca::IssuingCa;
use sigstead_clock::Timestamp;
use sigstead_trust::{Authority, Validity};
use sigstead_tsa::SigningKey;
use sigstead_x509::{Certificate, Term};

use super::keys;
use crate::config::{AuthoritiesFile, AuthoritiesSource, AuthorityEntry, absolute_key};

/// An authority as its file names it, with its certificates.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NamedAuthority {
    pub(crate) name: String,
    /// Absolute; absent when the key is gone.
    pub(crate) key: Option<String>,
    pub(crate) chain: Vec<Certificate>,
    pub(crate) term: Term,
    pub(crate) token_issuers: Vec<String>,
    pub(crate) is_stolen: bool,
}

/// Reads what a source names: the authorities, oldest term first.
pub(crate) fn authorities(source: &AuthoritiesSource) -> anyhow::Result<Vec<NamedAuthority>> {
    let file = match source {
        AuthoritiesSource::File(file) => file,
        AuthoritiesSource::One(key, chain) => {
            let (key, chain) = (key.clone(), keys::chain(chain)?);
            let name = "the only one".to_owned();
            return Ok(vec![NamedAuthority {
                name,
                key,
                chain,
                term: Term::OPEN,
                token_issuers: Vec::new(),
                is_stolen: false,
            }]);
        }
    };
    let folder = file.parent().unwrap_or(Path::new(""));
    let entries = AuthoritiesFile::load(file)?.authority;
    ensure!(!entries.is_empty(), "{} names no authority", file.display());
    let mut named = entries
        .into_iter()
        .map(|entry| {
            let name = entry.name.clone();
            named(folder, entry).with_context(|| format!("{}: the authority {name}", file.display()))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    named.sort_by_key(|one| one.term.since);
    Ok(named)
}

fn named(folder: &Path, entry: AuthorityEntry) -> anyhow::Result<NamedAuthority> {
    let AuthorityEntry { name, key, chain, since, until, token_issuers, stolen } = entry;
    let term = Term { since: time(&since)?, until: until.as_deref().map(time).transpose()? };
    let key = key.map(|key| absolute_key(folder, &key));
    Ok(NamedAuthority {
        name,
        key,
        chain: keys::chain(&folder.join(chain))?,
        term,
        token_issuers,
        is_stolen: stolen,
    })
}

fn time(text: &str) -> anyhow::Result<i64> {
    let time = Timestamp::from_rfc3339(text)
        .with_context(|| format!("\"{text}\" is no time; write 2026-01-31T12:00:00Z"))?;
    Ok(time.unix_seconds())
}

/// Those that sign certificates now or later, with their keys opened.
pub(super) async fn issuing_cas(all: &[NamedAuthority], now: i64) -> anyhow::Result<Vec<IssuingCa>> {
    opened(all, now, |signer, one| IssuingCa {
        signer,
        chain: one.chain.clone(),
        term: one.term,
        token_issuers: one.token_issuers.clone(),
    })
    .await
}

/// Those that sign timestamps now or later, with their keys opened.
pub(super) async fn signing_keys(all: &[NamedAuthority], now: i64) -> anyhow::Result<Vec<SigningKey>> {
    opened(all, now, |signer, one| SigningKey { signer, chain: one.chain.clone(), term: one.term }).await
}

async fn opened<T>(
    all: &[NamedAuthority],
    now: i64,
    make: impl Fn(std::sync::Arc<dyn sigstead_crypto::Signer>, &NamedAuthority) -> T,
) -> anyhow::Result<Vec<T>> {
    let mut opened = Vec::new();
    for one in all.iter().filter(|one| !one.term.has_ended(&one.chain, now)) {
        if let Some(key) = &one.key {
            opened.push(make(keys::signer(key).await?, one));
        }
    }
    Ok(opened)
}

/// What clients are told: an authority counts from its first certificate's beginning, also before it signs.
pub(super) fn believed(url: &str, all: &[NamedAuthority], now: i64) -> Vec<Authority> {
    let current = all.iter().rposition(|one| one.key.is_some() && one.term.signs(&one.chain, now));
    let current = current.or(all.len().checked_sub(1));
    let told = all.iter().enumerate().map(|(index, one)| Authority {
        url: url.to_owned(),
        chain: one.chain.clone(),
        validity: Validity {
            start: Timestamp::from_unix_seconds(
                one.chain.first().map(Certificate::not_before).unwrap_or_default(),
            ),
            end: one.term.until.map(Timestamp::from_unix_seconds),
        },
        is_current: Some(index) == current,
        is_stolen: one.is_stolen,
    });
    told.collect()
}
