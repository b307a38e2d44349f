use sigstead_merkle::CheckpointError;
use sigstead_store::StoreError;
use sigstead_tlog::AppendError;
use thiserror::Error;

/// Why a shard was not imported. What is here already stays, and an import of the same shard goes on from there.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The source was not reached.
    #[error("the source was not reached")]
    NotReached(#[from] reqwest::Error),
    /// The source does not answer as Rekor does.
    #[error("the source: {0}")]
    Source(String),
    /// What the source says of a shard does not hold.
    #[error("shard {tree_id}: {why}")]
    Shard {
        /// Its tree id.
        tree_id: i64,
        /// What is wrong.
        why: String,
    },
    /// An entry is not what the source promised.
    #[error("entry {log_index}: {why}; nothing from this one on was imported")]
    Entry {
        /// Its index in the source.
        log_index: u64,
        /// What is wrong.
        why: String,
    },
    /// The log has entries of its own, or other shards than those before this one.
    #[error("{0}")]
    Order(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tree.
    #[error(transparent)]
    Tree(#[from] AppendError),
    /// A file.
    #[error("the file: {0}")]
    File(#[from] std::io::Error),
}

impl ImportError {
    pub(super) fn source(why: impl std::fmt::Display) -> Self {
        Self::Source(why.to_string())
    }

    pub(super) fn shard(tree_id: i64, why: impl std::fmt::Display) -> Self {
        Self::Shard { tree_id, why: why.to_string() }
    }

    pub(super) fn entry(log_index: u64, why: impl std::fmt::Display) -> Self {
        Self::Entry { log_index, why: why.to_string() }
    }
}

impl From<CheckpointError> for ImportError {
    fn from(error: CheckpointError) -> Self {
        Self::source(error)
    }
}
