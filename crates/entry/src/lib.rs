//! Rekor entry kinds: parse, verify, canonicalize, search keys.
//!
//! In scope: pure functions from a proposed entry (and the time) to the exact bytes that become the leaf.
//! [`Proposed`] → [`Canonical`]: only [`Proposed::verify`] makes one, so nothing unverified becomes a leaf.
//! Out of scope: HTTP and its statuses (see `log`), appending (see `tlog`).

mod alpine;
mod canonical;
mod content;
mod cose;
mod dsse;
mod envelope;
mod fields;
mod hashedrekord;
#[cfg(feature = "openpgp")]
mod helm;
mod image;
mod intoto;
mod jar;
mod kind;
mod known;
mod pki;
mod rejection;
mod rekord;
mod rfc3161;
#[cfg(feature = "openpgp")]
mod rpm;
mod search_field;
mod tuf;
pub mod v2;

pub use canonical::{Canonical, attestation_key};
pub use fields::Fields;
pub use image::image_digests;
pub use kind::Proposed;
pub use known::{Known, known_of};
pub use pki::KeyFormat;
pub use rejection::Rejection;
pub use search_field::SearchField;
