use sigstead_clock::Clock;
use sigstead_entry::Canonical;
use sigstead_entry::v2::Algorithms;
use sigstead_store::{Database, LeafSource, Proposal, Tree, TreeKind};
use sigstead_tlog::{AppendError, Appended, Log};

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
        let (search_keys, search_terms) = found_by(canonical);
        let proposal =
            Proposal { leaf: LeafSource::Fixed(leaf), search_keys, search_terms, attestation: None };
        Ok(self.log.append(proposal).await?)
    }
}

/// The v2 tree that takes entries; made if there is none. `origin` is the host in the log's URL.
///
/// # Errors
/// When the database fails.
pub async fn open_active_tree(
    database: &Database,
    origin: &str,
    clock: &dyn Clock,
) -> Result<Tree, AppendError> {
    sigstead_tlog::open_active_tree(database, TreeKind::RekorV2, |_| origin.to_owned(), clock).await
}
