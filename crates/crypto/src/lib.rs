//! Keys, algorithms, signing, verifying and signed notes: what every service's cryptography goes through.
//!
//! In scope: public keys as they arrive on the wire, signatures over messages and digests, the
//! [`Signer`] seam, C2SP signed notes, PEM, OLPC's canonical JSON. The engine is aws-lc.
//! Out of scope: where private keys live (see `keystore`), certificates (see `x509`).

mod algorithm;
mod ed25519ph;
mod fermat;
mod key;
pub mod note;
pub mod olpc_json;
pub mod pem;
mod secret;
mod signer;
mod software;
mod strength;
mod verifier_key;
mod verify;

pub use algorithm::{HashAlgorithm, Hasher, SignatureAlgorithm, hmac_sha256, sha256};
pub use key::{KeyError, PublicKey, PublicKeyKind};
pub use secret::Secret;
pub use signer::{SignError, SignFuture, Signer};
pub use software::{KeyKind, SoftwareSigner};
pub use verifier_key::{Cosigner, VerifierKey};
pub use verify::{PssSalt, VerifyError};

/// Fills `N` bytes from the system's generator, for serial numbers and the like.
///
/// # Errors
/// When the system has no randomness to give.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], SignError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| SignError::new("the system's random generator failed"))?;
    Ok(bytes)
}
