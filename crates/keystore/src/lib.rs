//! Key URIs to signers: where private keys live.
//!
//! In scope: naming a key (`file:…`, `pkcs11:…`), opening it, making one. Only the binary uses this crate; services
//! are handed a [`Signer`](sigstead_crypto::Signer).
//! Out of scope: algorithms and signatures (see `crypto`).

mod error;
mod file;
mod pkcs11;
mod uri;

pub use error::KeystoreError;
pub use file::{generate_file, open_file};
pub use pkcs11::{PinSource, Pkcs11Signer, Pkcs11Uri};
pub use uri::{KeyUri, make_missing, open};
