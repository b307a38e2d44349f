use sigstead_clock::Clock;
use sigstead_entry::Canonical;
use sigstead_entry::v2::Algorithms;
use sigstead_store::{Database, LeafSource, Proposal, StoreError, Tree, TreeKind, TreeState, TreeStore as _};
use sigstead_tlog::{AppendError, Appended, Log};
use thiserror::Error;

use super::bundle::{MAX_BODY, leaf_of};
use super::error::Error;
use crate::found_by::found_by;

/// A Rekor v2 log, without HTTP and gRPC.
#[derive(Debug)]
pub struct RekorV2 {
    pub(super) log: Log<Database>,
    /// What trust roots name the log by.
    pub(super) log_id: [u8; 32],
    pub(super) algorithms: Algorithms,
    pub(super) takes_dsse: bool,
    pub(super) duplicates: Duplicates,
    pub(super) limits: RekorV2Limits,
}

/// What a v2 log is made of.
#[derive(Debug)]
pub struct RekorV2Config {
    /// The tree's log, which signs checkpoints.
    pub log: Log<Database>,
    /// SHA-256 over what names the checkpoint key.
    pub log_id: [u8; 32],
    /// The ways of signing that are taken.
    pub algorithms: Algorithms,
    /// Whether dsse 0.0.2 is taken, as before rekor-tiles 2.3.
    pub takes_dsse: bool,
    /// What an entry that is there already is answered with.
    pub duplicates: Duplicates,
    /// What is refused.
    pub limits: RekorV2Limits,
}

/// What an entry that is there already is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// The entry that is there, with a fresh proof: most are clients that try again after a timeout.
    Existing,
    /// 409, as the original.
    Conflict,
}

/// What is refused as too large.
#[derive(Debug, Clone, Copy)]
pub struct RekorV2Limits {
    /// Bytes in a request's body.
    pub body: usize,
}

impl Default for RekorV2Limits {
    fn default() -> Self {
        Self { body: 4 << 20 }
    }
}

impl RekorV2 {
    /// A log over its parts.
    pub fn new(config: RekorV2Config) -> Self {
        let RekorV2Config { log, log_id, algorithms, takes_dsse, duplicates, limits } = config;
        Self { log, log_id, algorithms, takes_dsse, duplicates, limits }
    }

    pub(crate) fn log(&self) -> &Log<Database> {
        &self.log
    }

    pub(super) async fn append(&self, canonical: &Canonical) -> Result<Appended, Error> {
        let leaf = leaf_of(&canonical.body)
            .ok_or_else(|| Error::Entry(format!("an entry has at most {MAX_BODY} bytes")))?;
        let (search_keys, search_terms) = found_by(&canonical.search_values, &canonical.fields);
        let proposal =
            Proposal { leaf: LeafSource::Fixed(leaf), search_keys, search_terms, attestation: None };
        Ok(self.log.append(proposal).await?)
    }
}

/// The v2 tree with that origin, which is the host in the log's URL; made if there is none. A frozen one stays
/// frozen: the log that follows it has an origin, a host and a key of its own.
///
/// # Errors
/// When the database fails, or an active tree has another origin: freeze that first.
pub async fn open_tree(database: &Database, origin: &str, clock: &dyn Clock) -> Result<Tree, OpenError> {
    let trees = database.trees(TreeKind::RekorV2).await?;
    if let Some(tree) = trees.iter().rfind(|tree| tree.origin == origin) {
        return Ok(tree.clone());
    }
    if let Some(active) = trees.into_iter().find(|tree| tree.state == TreeState::Active) {
        return Err(OpenError::OtherOrigin { active: active.origin, wanted: origin.to_owned() });
    }
    Ok(sigstead_tlog::open_active_tree(database, TreeKind::RekorV2, |_| origin.to_owned(), clock).await?)
}

/// Freezes the v2 tree that takes entries, for good; its name and size, or `None` if there is none.
///
/// # Errors
/// When the database fails.
pub async fn freeze(database: &Database) -> Result<Option<(String, u64)>, StoreError> {
    let trees = database.trees(TreeKind::RekorV2).await?;
    let Some(active) = trees.into_iter().find(|tree| tree.state == TreeState::Active) else {
        return Ok(None);
    };
    database.freeze(active.key).await?;
    let size = database.head(active.key).await?.size();
    Ok(Some((active.origin, size)))
}

/// Why the v2 tree was not opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// A log keeps its origin for life.
    #[error(
        "the Rekor v2 log in this database is {active}, not {wanted}\n  \
         hint: to go on with a new log, freeze that one: sigstead log freeze-v2"
    )]
    OtherOrigin {
        /// The tree's.
        active: String,
        /// The configuration's.
        wanted: String,
    },
    /// The engine.
    #[error(transparent)]
    Log(#[from] AppendError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}
