use std::sync::Arc;

use sigstead_clock::Clock;
use sigstead_crypto::{Signer, random_bytes};
use sigstead_store::{Database, NewTree, StoreError, Tree, TreeKind};
use sigstead_tlog::Log;
use sigstead_x509::Certificate;

/// A CT log: its tree, its key, and the authorities whose certificates it takes.
#[derive(Debug)]
pub struct CtLog {
    pub(crate) log: Log<Database>,
    pub(crate) database: Database,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) roots: Vec<Certificate>,
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
        Self { log, database, signer, roots }
    }
}

/// The CT tree that takes entries; made if there is none. `origin` is the submission URL without its scheme.
///
/// # Errors
/// When the database fails.
pub async fn open_active_tree(
    database: &Database,
    origin: &str,
    clock: &dyn Clock,
) -> Result<Tree, StoreError> {
    let random = random_bytes::<8>().map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let new = NewTree {
        tree_id: (i64::from_be_bytes(random) & i64::MAX).max(1),
        kind: TreeKind::Ct,
        origin: origin.to_owned(),
        created_ms: clock.now().millis(),
    };
    database.open_active_tree(&new).await
}
