//! Rekor entry kinds: parse, verify, canonicalize, search keys.
//!
//! In scope: pure functions from a proposed entry to the exact bytes that become the leaf.
//! [`Proposed`] → [`Verified`] → [`Canonical`]: a step cannot be skipped.
//! Out of scope: HTTP and its statuses (see `log`), appending (see `tlog`).

mod canonical;
mod dsse;
mod envelope;
mod fields;
mod hashedrekord;
mod intoto;
mod kind;
mod pki;
mod rejection;

pub use canonical::{Canonical, attestation_key};
pub use fields::Fields;
pub use kind::{Proposed, Verified};
pub use pki::{KeyFormat, SearchedKey};
pub use rejection::Rejection;
