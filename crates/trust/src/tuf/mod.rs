//! The TUF repository through which clients follow the trust root (TUF specification 1.0, consistent snapshots).
//!
//! The root is signed by people, with keys that are not here ([`RootPlan`], [`Envelope`], [`Publisher::publish_root`]);
//! what changes often is signed by the [`Publisher`], with keys that the root names for it.

mod audit;
mod ceremony;
mod envelope;
mod error;
mod folder;
mod key;
mod metadata;
mod own_root;
mod people;
mod publisher;
mod standing;
mod targets;
mod upkeep;

pub use audit::audit;
pub use ceremony::{RootPlan, Signatories};
pub use envelope::Envelope;
pub use error::TufError;
pub use folder::{Folder, ServedFile};
pub use metadata::{Metadata, Role, Root, Targets};
pub use publisher::{Lifetimes, OnlineKeys, Publisher, PublisherParts};
pub use standing::Standing;
pub use upkeep::Upkeep;

pub(crate) use key::verifies;
