use std::future::Future;
use std::pin::Pin;

use thiserror::Error;

use crate::{PublicKey, SignatureAlgorithm};

/// The signature that is on its way; boxed, because a call to a token or a cloud dwarfs the box.
pub type SignFuture<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, SignError>> + Send + 'a>>;

/// A private key, wherever it lives: a file, a token, a cloud.
///
/// Contract: each signature verifies under [`Signer::public_key`] over exactly `message`; the hash of
/// [`Signer::algorithm`] is applied inside. A signer whose key is elsewhere verifies what comes back, so that its
/// callers need not. The key never changes during the signer's life. Calls may run at the same time. After an
/// error nothing is known of the signature; asking again is safe.
pub trait Signer: Send + Sync + std::fmt::Debug {
    /// Signs `message`. ECDSA signatures are ASN.1 DER, RSA ones PKCS#1 v1.5, Ed25519 ones 64 bytes.
    fn sign<'a>(&'a self, message: &'a [u8]) -> SignFuture<'a>;

    /// The key that verifies.
    fn public_key(&self) -> &PublicKey;

    /// How it signs.
    fn algorithm(&self) -> SignatureAlgorithm;
}

/// The key could not be used: a dependency is down, or an operator took the key away.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("signing failed: {0}")]
pub struct SignError(String);

impl SignError {
    /// With what went wrong, for the log.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
