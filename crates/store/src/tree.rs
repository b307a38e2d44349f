use sigstead_merkle::{Frontier, Hash};

use crate::StoreError;

/// A tree's row number in this database; what its rows are keyed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TreeKey(pub(crate) i32);

/// What a tree is for; decides its records, its identities and its checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TreeKind {
    /// A Rekor v1 shard.
    RekorV1,
    /// A shard of another Rekor on its way here: nobody serves it before it is complete and verified.
    RekorV1Import,
    /// A Rekor v2 log.
    RekorV2,
    /// A certificate-transparency log.
    Ct,
}

impl TreeKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::RekorV1, Self::RekorV1Import, Self::RekorV2, Self::Ct];

    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RekorV1 => "rekor-v1",
            Self::RekorV1Import => "rekor-v1-import",
            Self::RekorV2 => "rekor-v2",
            Self::Ct => "ct",
        }
    }

    pub(crate) fn from_name(name: &str) -> Result<Self, StoreError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| StoreError::corrupt(format!("unknown kind of tree: {name}")))
    }
}

/// Whether a tree takes entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TreeState {
    /// It does.
    Active,
    /// It does not; everything in it is served.
    Frozen,
}

impl TreeState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Frozen => "frozen",
        }
    }

    pub(crate) fn from_name(name: &str) -> Result<Self, StoreError> {
        [Self::Active, Self::Frozen]
            .into_iter()
            .find(|state| state.name() == name)
            .ok_or_else(|| StoreError::corrupt(format!("unknown state of a tree: {name}")))
    }
}

/// What does not change in a tree's row, and its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// Its row number here.
    pub key: TreeKey,
    /// Its public number: positive, random.
    pub tree_id: i64,
    /// What it is for.
    pub kind: TreeKind,
    /// The first line of its checkpoints.
    pub origin: String,
    /// Whether it takes entries.
    pub state: TreeState,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_ms: u64,
}

/// A tree to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTree {
    /// Its public number: positive, random.
    pub tree_id: i64,
    /// What it is for.
    pub kind: TreeKind,
    /// The first line of its checkpoints.
    pub origin: String,
    /// When it is made, in milliseconds since the Unix epoch.
    pub created_ms: u64,
}

/// What is kept of an imported shard beside its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedShard {
    /// SubjectPublicKeyInfo in DER of the key that signed for it.
    pub public_key: Vec<u8>,
    /// Its last checkpoint, a signed note.
    pub checkpoint: String,
}

/// The newest that a witness has seen of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessedHead {
    /// Leaves in its tree.
    pub size: u64,
    /// Its root hash.
    pub root: Hash,
}

/// The part of a tree's row that changes with every batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// The compact range of all leaves; knows size and root.
    pub frontier: Frontier,
    /// The newest entry's time, in milliseconds since the Unix epoch; 0 while there is none.
    pub last_timestamp_ms: u64,
}

impl Head {
    /// Leaves in the tree.
    pub const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The tree's root hash.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }
}
