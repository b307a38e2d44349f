use thiserror::Error;

/// Why a certificate, request or extension is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum X509Error {
    /// Not the structure that it should be.
    #[error("{what} could not be parsed: {why}")]
    Malformed {
        /// The structure.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A signature does not verify.
    #[error("the signature of {0} does not verify")]
    Signature(&'static str),
    /// Signed with an algorithm that is not accepted.
    #[error("unrecognized signature algorithm: {0}")]
    Algorithm(String),
    /// A value that cannot be encoded.
    #[error("{what} cannot be encoded: {why}")]
    Unencodable {
        /// The value.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The key that should sign failed.
    #[error(transparent)]
    Sign(#[from] sigstead_crypto::SignError),
}

impl X509Error {
    pub(crate) fn malformed(what: &'static str, why: impl std::fmt::Display) -> Self {
        Self::Malformed { what, why: why.to_string() }
    }

    pub(crate) fn unencodable(what: &'static str, why: impl std::fmt::Display) -> Self {
        Self::Unencodable { what, why: why.to_string() }
    }
}
