//! The append-only engine behind every log: batches, checkpoints, proofs, the rollback guard, audits.
//! (The Rekor service is the crate `log`; the CT service is `ct`.)
//!
//! In scope: the order in which things happen, so that a crash at any line loses nothing that was promised.
//! Out of scope: rows (see `store`), what records mean (`entry`, `ct`), HTTP.

mod append;
mod audit;
mod error;
mod first_key;
mod guard_file;
mod held_tile;
mod log;
mod open;
mod proof;
mod publish;
mod read;
mod rollback_guard;
mod witness;

pub use append::Appended;
pub use audit::{AuditReport, LeafHasher, audit};
pub use error::AppendError;
pub use log::{Limits, Log, LogParts};
pub use open::{open_active_tree, rotate_tree};
pub use proof::InclusionProof;
pub use publish::{KeptCheckpoint, PublishedHead, Publisher};
pub use read::{BundleBytes, ProvenEntry};
pub use rollback_guard::{GuardError, RollbackGuard, SignedHead};
pub use witness::{OnMissing, Policy, PolicyError, Witnesses};
