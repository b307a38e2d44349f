//! Key URIs to signers: where private keys live.
//!
//! In scope: naming a key (`file:…`, `pkcs11:…`, `awskms://…`, `azurekms://…`, `gcpkms://…`,
//! `hashivault://…`), opening it, making one. Only the binary uses this crate; services
//! are handed a [`Signer`](sigstead_crypto::Signer).
//! Out of scope: algorithms and signatures (see `crypto`).

mod checked;
mod encoding;
mod error;
mod file;
mod pkcs11;
mod remote;
mod secret_source;
mod surroundings;
mod uri;

pub use error::KeystoreError;
pub use file::{FileUri, generate_file, open_file};
pub use pkcs11::{Pkcs11Signer, Pkcs11Uri};
pub use remote::aws::AwsKmsUri;
pub use remote::azure::AzureKmsUri;
pub use remote::google::GcpKmsUri;
pub use remote::vault::VaultUri;
pub use secret_source::SecretSource;
pub use surroundings::{Surroundings, Variable};
pub use uri::{KeyUri, make_missing, open};
