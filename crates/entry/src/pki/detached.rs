use sigstead_crypto::{PublicKey, PublicKeyKind};

#[cfg(feature = "openpgp")]
use crate::pki::pgp;
use crate::pki::{KeyFormat, Verifier, minisign, ssh};
use crate::{Rejection, SearchField};

/// A signature over a file, and the key that it is checked with, both in one format.
#[derive(Debug, Clone)]
pub(crate) enum Detached {
    X509 {
        signature: Vec<u8>,
        key: Verifier,
    },
    Minisign {
        signature: minisign::Signature,
        key: minisign::Key,
    },
    Ssh {
        signature: ssh::Signature,
        key: ssh::Key,
    },
    #[cfg(feature = "openpgp")]
    Pgp {
        signature: pgp::Signature,
        key: pgp::Key,
    },
}

impl Detached {
    pub(crate) fn parse(format: KeyFormat, signature: &[u8], key: &[u8]) -> Result<Self, Rejection> {
        Ok(match format {
            KeyFormat::X509 => Self::X509 { signature: signature.to_vec(), key: Verifier::from_pem(key)? },
            KeyFormat::Minisign => Self::Minisign {
                signature: minisign::Signature::parse(signature)?,
                key: minisign::Key::parse(key)?,
            },
            KeyFormat::Ssh => {
                Self::Ssh { signature: ssh::Signature::parse(signature)?, key: ssh::Key::parse(key)? }
            }
            #[cfg(feature = "openpgp")]
            KeyFormat::Pgp => {
                Self::Pgp { signature: pgp::Signature::parse(signature)?, key: pgp::Key::parse(key)? }
            }
            _ => return Err(Rejection::entry("this format of signatures is not supported")),
        })
    }

    pub(crate) fn verify(&self, message: &[u8]) -> Result<(), Rejection> {
        match self {
            Self::X509 { signature, key } => verify_x509(message, signature, key),
            Self::Minisign { signature, key } => signature.verify(message, key),
            Self::Ssh { signature, key } => signature.verify(message, key),
            #[cfg(feature = "openpgp")]
            Self::Pgp { signature, key } => signature.verify(message, key),
        }
    }

    pub(crate) fn canonical_signature(&self) -> Vec<u8> {
        match self {
            Self::X509 { signature, .. } => signature.clone(),
            Self::Minisign { signature, .. } => signature.canonical(),
            Self::Ssh { signature, .. } => signature.canonical(),
            #[cfg(feature = "openpgp")]
            Self::Pgp { signature, .. } => signature.canonical(),
        }
    }

    pub(crate) fn canonical_key(&self) -> Vec<u8> {
        match self {
            Self::X509 { key, .. } => key.canonical().into_bytes(),
            Self::Minisign { key, .. } => key.canonical(),
            Self::Ssh { key, .. } => key.canonical(),
            #[cfg(feature = "openpgp")]
            Self::Pgp { key, .. } => key.canonical(),
        }
    }

    /// Whom the key names.
    pub(crate) fn subjects(&self) -> Vec<String> {
        match self {
            Self::X509 { key, .. } => key.subjects(),
            Self::Minisign { .. } => Vec::new(),
            Self::Ssh { key, .. } => key.emails(),
            #[cfg(feature = "openpgp")]
            Self::Pgp { key, .. } => key.emails(),
        }
    }

    /// What the key says of who signed.
    pub(crate) fn search_fields(&self) -> Vec<(SearchField, String)> {
        let of_key = |key: &PublicKey| (SearchField::Key, hex::encode(key.fingerprint()));
        let subjects = || self.subjects().into_iter().map(|subject| (SearchField::Subject, subject));
        match self {
            Self::X509 { key, .. } => key.search_fields().collect(),
            Self::Minisign { key, .. } => vec![of_key(&key.public_key)],
            Self::Ssh { key, .. } => subjects().chain([of_key(key.public_key())]).collect(),
            #[cfg(feature = "openpgp")]
            Self::Pgp { .. } => subjects().collect(),
        }
    }
}

/// The complaints are Go's.
fn verify_x509(message: &[u8], signature: &[u8], key: &Verifier) -> Result<(), Rejection> {
    key.check_chain()?;
    key.verify(message, signature).map_err(|_| {
        Rejection::entry(match key.key.kind() {
            PublicKeyKind::Ed25519 => "failed to verify signature",
            PublicKeyKind::Rsa { .. } => "crypto/rsa: verification error",
            _ => "invalid signature when validating ASN.1 encoded signature",
        })
    })
}
