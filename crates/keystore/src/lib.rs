//! Key URIs to signers: where private keys live.
//!
//! In scope: naming a key (`file:…`), opening it, making one. Only the binary uses this crate; services
//! are handed a [`Signer`](sigstead_crypto::Signer).
//! Out of scope: algorithms and signatures (see `crypto`).

mod error;
mod file;
mod uri;

pub use error::KeystoreError;
pub use file::{generate_file, open_file};
pub use uri::{KeyUri, open};
