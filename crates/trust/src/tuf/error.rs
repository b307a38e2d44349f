use std::path::PathBuf;

use sigstead_crypto::{KeyError, SignError};
use thiserror::Error;

use super::Role;

/// Why the repository, or a file for it, cannot be used; an operator can mend it.
#[derive(Debug, Error)]
pub enum TufError {
    /// Nobody has published a root yet.
    #[error(
        "the TUF repository {0} has no root\n  hint: sigstead trust root init, then sign and publish (docs/trust-root.md)"
    )]
    NoRoot(PathBuf),
    /// A file that is not what its name says: which, and what is wrong.
    #[error("{0}: {1}")]
    Damaged(String, String),
    /// Not metadata at all.
    #[error("not TUF metadata: {0}")]
    Malformed(String),
    /// Signatures are missing.
    #[error("{role} has {valid} valid signatures of the {needed} that the root wants")]
    TooFewSignatures {
        /// The role whose keys must sign.
        role: Role,
        /// Signatures that count.
        valid: usize,
        /// The threshold.
        needed: usize,
    },
    /// The version does not follow.
    #[error("version {found} does not follow; the next one is {next}")]
    WrongVersion {
        /// What the file says.
        found: u64,
        /// What it should say.
        next: u64,
    },
    /// Copies of a file that differ in more than their signatures.
    #[error("the files are not copies of one: their signed parts differ")]
    NotCopies,
    /// The root that is to be made contradicts itself, or TUF.
    #[error("the root: {0}")]
    Plan(String),
    /// Targets were signed for other documents than there are now.
    #[error("the documents are not those that were signed\n  hint: sigstead trust targets, then sign again")]
    OtherDocuments,
    /// Targets must be signed offline, and are not there or not signed as this root wants.
    #[error("targets are signed offline: {0}\n  hint: sigstead trust targets, then sign and publish")]
    TargetsOffline(String),
    /// Another process holds the repository.
    #[error("another process has been writing {0} for too long")]
    Busy(PathBuf),
    /// A key that TUF clients do not take.
    #[error("TUF clients take ECDSA keys on P-256 and P-384, and Ed25519 keys; not {0}")]
    UnusableKey(String),
    /// Public keys in metadata that cannot be read.
    #[error("a public key in the metadata: {0}")]
    Key(#[from] KeyError),
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The folder cannot be read or written.
    #[error("{0}: {1}")]
    Io(PathBuf, std::io::Error),
    /// JSON could not be written.
    #[error("writing metadata: {0}")]
    Json(#[from] serde_json::Error),
}
