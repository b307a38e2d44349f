//! Keys as entries carry them, in the formats of Rekor's API.

mod detached;
mod minisign;
#[cfg(feature = "openpgp")]
pub(crate) mod pgp;
mod pkcs7;
mod ssh;
mod tuf;
mod x509;

use sigstead_crypto::sha256;

pub(crate) use detached::Detached;
pub(crate) use pkcs7::Pkcs7;
pub(crate) use ssh::SshKey;
pub(crate) use tuf::{Metadata as TufMetadata, Root as TufRoot};
pub(crate) use x509::Verifier;

use crate::Rejection;

/// Formats of keys, by the names that entries and searches give them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFormat {
    /// PEM public key or certificates.
    X509,
    /// OpenPGP public keys, armored or not.
    Pgp,
    /// A minisign or signify public key.
    Minisign,
    /// A line of OpenSSH's `authorized_keys`.
    Ssh,
    /// The root of a TUF repository.
    Tuf,
}

impl KeyFormat {
    /// By its name in the API.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "x509" => Self::X509,
            "pgp" => Self::Pgp,
            "minisign" => Self::Minisign,
            "ssh" => Self::Ssh,
            "tuf" => Self::Tuf,
            _ => return None,
        })
    }

    /// A key's canonical form: what entries keep of it, and what its hash is of.
    fn canonical(self, key: &[u8]) -> Result<Vec<u8>, Rejection> {
        match self {
            Self::X509 => Verifier::from_pem(key).map(|verifier| verifier.canonical().into_bytes()),
            // An expired root still finds what was logged under it.
            Self::Tuf => TufRoot::verify(TufMetadata::from_json(key)?)?.metadata.canonical(),
            Self::Minisign => minisign::Key::parse(key).map(|key| key.canonical()),
            Self::Ssh => ssh::Key::parse(key).map(|key| key.canonical()),
            #[cfg(feature = "openpgp")]
            Self::Pgp => pgp::Key::parse(key).map(|key| key.canonical()),
            #[cfg(not(feature = "openpgp"))]
            Self::Pgp => Err(Rejection::entry("this format of keys is not supported")),
        }
    }

    /// Hex SHA-256 of the canonical form of `key`: what entries made with it are found by.
    ///
    /// # Errors
    /// When `key` cannot be read in this format.
    pub fn key_hash(self, key: &[u8]) -> Result<String, Rejection> {
        self.canonical(key).map(|canonical| hex::encode(sha256(&canonical)))
    }
}

/// What entries made with a key are found by: the hash of its canonical form, bare and with its algorithm
/// (Rekor uses one or the other, by kind), and the names it carries.
pub(crate) fn key_search_values(
    canonical: &[u8],
    names: Vec<String>,
) -> impl Iterator<Item = String> + use<> {
    let hash = hex::encode(sha256(canonical));
    [format!("sha256:{hash}"), hash].into_iter().chain(names)
}
