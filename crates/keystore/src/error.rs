use sigstead_crypto::KeyError;
use thiserror::Error;

/// Why a key cannot be used; an operator configured it.
#[derive(Debug, Error)]
pub enum KeystoreError {
    /// Not a key URI.
    #[error("{0} is not a key URI\n  hint: write file:PATH")]
    NotAUri(String),
    /// A scheme that names a kind of keystore which this build cannot reach.
    #[error("this build of sigstead cannot use {0} keys; it can use file: keys")]
    NotBuilt(&'static str),
    /// The file cannot be read or written.
    #[error("the key file: {0}")]
    Io(#[from] std::io::Error),
    /// The file holds no private key, or an unusable one.
    #[error("the key file: {0}")]
    Key(#[from] KeyError),
    /// An encrypted key without a password, or with a wrong one.
    #[error("the key file is encrypted: {0}")]
    Encrypted(&'static str),
}
