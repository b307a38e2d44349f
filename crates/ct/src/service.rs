use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use arc_swap::ArcSwap;
use bytes::Bytes;
use sigstead_clock::Clock;
use sigstead_crypto::Signer;
use sigstead_merkle::Hash;
use sigstead_store::{Database, StoreError, Tree, TreeKind, TreeState};
use sigstead_tlog::{AppendError, Log};
use sigstead_x509::Certificate;
use thiserror::Error;

use crate::authorities::Authorities;

/// A CT log: its tree, its key, and the authorities whose certificates it takes.
#[derive(Debug)]
pub struct CtLog {
    pub(crate) log: Log<Database>,
    pub(crate) database: Database,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) authorities: ArcSwap<Authorities>,
    /// Issuers' certificates that are known to be stored: few, again and again, for only accepted chains have any.
    stored_issuers: RwLock<HashMap<Hash, Bytes>>,
}

/// What a CT log is made of.
#[derive(Debug)]
pub struct CtConfig {
    /// The tree's log, which signs tree heads.
    pub log: Log<Database>,
    /// Issuers' certificates.
    pub database: Database,
    /// Signs SCTs.
    pub signer: Arc<dyn Signer>,
    /// Chains must end at, or be signed by, one of these.
    pub roots: Vec<Certificate>,
}

impl CtLog {
    /// A log over its parts.
    pub fn new(config: CtConfig) -> Self {
        let CtConfig { log, database, signer, roots } = config;
        Self {
            log,
            database,
            signer,
            authorities: ArcSwap::from_pointee(Authorities::new(roots)),
            stored_issuers: RwLock::default(),
        }
    }

    /// Takes chains that end at, or are signed by, one of these from now on.
    pub fn accept(&self, roots: Vec<Certificate>) {
        self.authorities.store(Arc::new(Authorities::new(roots)));
    }

    /// Keeps the issuers' certificates, which entries name by fingerprint only.
    pub(crate) async fn store_issuers(&self, issuers: &[(Hash, Bytes)]) -> Result<(), StoreError> {
        let unknown: Vec<(Hash, Bytes)> = {
            let stored = self.stored_issuers.read().unwrap_or_else(PoisonError::into_inner);
            issuers.iter().filter(|(fingerprint, _)| !stored.contains_key(fingerprint)).cloned().collect()
        };
        if !unknown.is_empty() {
            self.database.put_ct_issuers(&unknown).await?;
            let mut stored = self.stored_issuers.write().unwrap_or_else(PoisonError::into_inner);
            stored.extend(unknown);
        }
        Ok(())
    }

    /// An issuer's certificate, by the SHA-256 of its DER.
    pub(crate) async fn issuer(&self, fingerprint: &Hash) -> Result<Option<Bytes>, StoreError> {
        let stored =
            self.stored_issuers.read().unwrap_or_else(PoisonError::into_inner).get(fingerprint).cloned();
        if stored.is_some() {
            return Ok(stored);
        }
        let found = self.database.ct_issuer(fingerprint).await?;
        if let Some(certificate) = &found {
            let mut stored = self.stored_issuers.write().unwrap_or_else(PoisonError::into_inner);
            stored.insert(*fingerprint, certificate.clone());
        }
        Ok(found)
    }
}

/// The CT tree that takes entries; made if there is none. `origin` is the submission URL without its scheme.
///
/// # Errors
/// When the database fails, or the log of that origin was frozen: what follows it has a URL and a key of its own.
pub async fn open_active_tree(
    database: &Database,
    origin: &str,
    clock: &dyn Clock,
) -> Result<Tree, OpenError> {
    let trees = database.trees(TreeKind::Ct).await.map_err(AppendError::from)?;
    let has_ended = |tree: &Tree| tree.origin == origin && tree.state == TreeState::Frozen;
    if trees.iter().any(has_ended) {
        return Err(OpenError::Ended { origin: origin.to_owned() });
    }
    Ok(sigstead_tlog::open_active_tree(database, TreeKind::Ct, |_| origin.to_owned(), clock).await?)
}

/// Why the CT tree was not opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// A second tree under one key would be another history of the same log.
    #[error("the CT log {origin} has ended\n  hint: give [ct] another url and origin, and another key")]
    Ended {
        /// The log.
        origin: String,
    },
    /// The engine.
    #[error(transparent)]
    Append(#[from] AppendError),
}
