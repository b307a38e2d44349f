use sigstead_crypto::KeyError;
use thiserror::Error;

/// Why a key cannot be used; an operator configured it.
#[derive(Debug, Error)]
pub enum KeystoreError {
    /// Not a key URI.
    #[error("{0} is not a key URI\n  hint: write file:PATH, or another form of docs/keys.md")]
    NotAUri(String),
    /// A URI that names no key: its scheme, and why. Never with what was written, which may be a secret.
    #[error("the {0}: URI: {1}")]
    Uri(&'static str, String),
    /// The library of a token cannot be used: its path, and why.
    #[error("the PKCS#11 module {0}: {1}")]
    Module(String, String),
    /// The token or its key cannot be used.
    #[error("the PKCS#11 token: {0}")]
    Token(String),
    /// The token refuses the PIN.
    #[error(
        "the PKCS#11 token refuses the PIN\n  hint: correct it before you try again; tokens lock themselves after a few times"
    )]
    Pin,
    /// The file cannot be read or written.
    #[error("the key file: {0}")]
    Io(#[from] std::io::Error),
    /// The file holds no private key, or an unusable one.
    #[error("the key file: {0}")]
    Key(#[from] KeyError),
    /// An encrypted key without a password, with a wrong one, or encrypted in a way that is not known.
    #[error("the key file is encrypted: {0}")]
    Encrypted(&'static str),
    /// A PIN, a password or a token cannot be read: from where, and why.
    #[error("{0} cannot be read: {1}")]
    Secret(String, String),
    /// A service that holds keys cannot be used: which, and why.
    #[error("{0}: {1}")]
    Service(String, String),
    /// No client can be made to ask services with.
    #[error("the client for services: {0}")]
    Client(#[from] reqwest::Error),
}
