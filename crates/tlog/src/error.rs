use std::sync::Arc;
use std::time::Duration;

use sigstead_crypto::SignError;
use sigstead_merkle::ProofError;
use sigstead_store::StoreError;
use thiserror::Error;

use crate::GuardError;

/// Why the log did not do what it was asked. Cheap to clone: a failed batch tells each of its entries.
#[derive(Debug, Clone, Error)]
pub enum AppendError {
    /// The tree takes no entries any more.
    #[error("the tree is frozen")]
    Frozen,
    /// More entries are waiting than the log lets wait.
    #[error("too many entries are waiting")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// Too few witnesses have cosigned the checkpoint that covers the entry, which is in the log.
    #[error("too few witnesses have cosigned the checkpoint")]
    Unwitnessed {
        /// When to try again.
        retry_after: Duration,
    },
    /// A witness has seen another log by this name: nothing is published any more.
    #[error("{0}")]
    Forked(Arc<str>),
    /// The process is ending.
    #[error("the log is shutting down")]
    Stopping,
    /// The database is older than what was signed here before, or the guard cannot be kept.
    #[error(transparent)]
    Guard(Arc<GuardError>),
    /// The database failed.
    #[error(transparent)]
    Store(Arc<StoreError>),
    /// The signing key failed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A proof was asked for that cannot exist.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl From<StoreError> for AppendError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Frozen => Self::Frozen,
            StoreError::Busy => Self::Overloaded { retry_after: Duration::from_secs(1) },
            other => Self::Store(Arc::new(other)),
        }
    }
}

impl From<GuardError> for AppendError {
    fn from(error: GuardError) -> Self {
        Self::Guard(Arc::new(error))
    }
}
