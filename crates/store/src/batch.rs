use std::sync::Arc;

use bytes::Bytes;
use sigstead_merkle::{Frontier, Hash};

use crate::{Head, SearchKey, SearchTerm};

/// One entry that wants into a tree.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// Its record and leaf hash, or how to make them.
    pub leaf: LeafSource,
    /// What it is found by.
    pub search_keys: Vec<SearchKey>,
    /// Texts that are searched for in part.
    pub search_terms: Vec<SearchTerm>,
    /// What is stored beside it.
    pub attestation: Option<Attestation>,
}

impl Proposal {
    /// An entry that is found by nothing but its index and its leaf.
    pub fn new(leaf: LeafSource) -> Self {
        Self { leaf, search_keys: Vec::new(), search_terms: Vec::new(), attestation: None }
    }
}

/// Where record and leaf hash come from; also says what makes the entry a duplicate.
#[derive(Clone)]
pub enum LeafSource {
    /// Known before: the log type's leaves contain neither index nor time. Equal leaf hashes are duplicates.
    Fixed(Leaf),
    /// Made once index and time are assigned, inside the transaction; may be called again on a retry.
    Sequenced {
        /// 32 bytes that equal entries share.
        identity: Hash,
        /// Pure, and quick: it runs while the tree's row is locked.
        make: Arc<dyn Fn(Assigned) -> Leaf + Send + Sync>,
    },
}

impl std::fmt::Debug for LeafSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fixed(leaf) => f.debug_tuple("Fixed").field(leaf).finish(),
            Self::Sequenced { identity, .. } => f.debug_tuple("Sequenced").field(identity).finish(),
        }
    }
}

/// A record as it stands in its bundle, and its leaf hash, which need not be the record's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Framed for its bundle by the log type.
    pub record: Bytes,
    /// RFC 6962 leaf hash.
    pub hash: Hash,
}

/// What a new entry was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assigned {
    /// Its index in the tree.
    pub index: u64,
    /// Its time, in milliseconds since the Unix epoch.
    pub timestamp_ms: u64,
}

/// Something that is stored beside an entry, under a key of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// `sha256:<hex>`.
    pub key: String,
    /// The bytes.
    pub data: Bytes,
}

/// Entries that are appended in one transaction.
#[derive(Debug, Clone)]
pub struct Batch {
    /// In the order in which they get indexes.
    pub proposals: Vec<Proposal>,
    /// Now; a tree's time never goes back, so entries may get a later one.
    pub timestamp_ms: u64,
    /// Set when an earlier try's outcome is unknown: the head's size before it. An entry that is found at
    /// or past this index is the earlier try's, so it counts as new.
    pub since: Option<u64>,
}

/// What a transaction did.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The tree before.
    pub before: Frontier,
    /// The leaf hashes that were appended, in order.
    pub appended: Vec<Hash>,
    /// The tree after.
    pub head: Head,
    /// One per proposal, in order.
    pub outcomes: Vec<Outcome>,
}

/// Where a proposal's entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Index and time of the entry.
    pub assigned: Assigned,
    /// Its leaf hash.
    pub leaf_hash: Hash,
    /// Whether this batch appended it; otherwise it was there before.
    pub is_new: bool,
}
