//! What clients believe: the trusted root, the signing config and both in one file.
//!
//! In scope: assembling the documents of protobuf-specs' trust messages from the services' public
//! keys and chains with their validity windows, serving them over HTTP, the TUF repository through which clients
//! follow them, what clients would refuse in anybody's documents, and those documents in the forms that other programs read.
//! Out of scope: making keys (`keystore`, the binary), verifying signatures of artifacts (the clients do).

mod documents;
pub mod export;
mod http;
pub mod lint;
mod material;
mod signing_config;
mod trusted_root;
pub mod tuf;

pub use documents::{Documents, TrustError};
pub use http::{Published, router};
pub use material::{Authority, Log, Service, TrustMaterial, Validity};
pub use signing_config::SigningConfig;
pub use trusted_root::TrustedRoot;
