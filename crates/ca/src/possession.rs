use sigstead_crypto::{HashAlgorithm, KeyError, PublicKey, PublicKeyKind};
use sigstead_identity::Principal;
use sigstead_x509::{CertificateRequest, X509Error};

use crate::error::Error;

/// What a client offers to show that it has a private key.
pub(crate) enum KeyProof {
    /// A public key, in PEM or as SPKI in DER, and a signature over the principal's name.
    PublicKey { key: Vec<u8>, proof: Vec<u8> },
    /// A certificate signing request in PEM.
    Request(Vec<u8>),
}

impl KeyProof {
    /// Believes the client, or not.
    pub(crate) fn check(self, principal: &Principal) -> Result<PossessedKey, Error> {
        match self {
            Self::PublicKey { key, proof } => PossessedKey::from_proof(&key, &proof, principal),
            Self::Request(pem) => PossessedKey::from_request(&pem),
        }
    }
}

/// A public key whose private half the client has shown to hold. Only the checks here make one.
#[derive(Debug, Clone)]
pub(crate) struct PossessedKey(PublicKey);

impl PossessedKey {
    fn from_proof(key: &[u8], proof: &[u8], principal: &Principal) -> Result<Self, Error> {
        let key = parse_key(key)?;
        check_strength(&key)?;
        let hash = natural_hash(key.kind());
        let mut challenges = principal.challenges.iter();
        if !challenges.any(|challenge| key.verify(hash, challenge.as_bytes(), proof).is_ok()) {
            return Err(Error::Possession);
        }
        Ok(Self(key))
    }

    fn from_request(pem: &[u8]) -> Result<Self, Error> {
        let request = CertificateRequest::from_pem(pem).map_err(|_| Error::CertificateRequest)?;
        let key = request.public_key().map_err(refused)?;
        check_strength(&key)?;
        let hash = request.hash()?;
        request.verify_self_signature().map_err(|error| match error {
            X509Error::Algorithm(name) => Error::SignatureAlgorithm(name),
            _ => Error::Possession,
        })?;
        if hash != natural_hash(key.kind()) {
            return Err(Error::Algorithm(format!(
                "{}, {}",
                go_type(key.kind()),
                hash.name().replace("sha", "SHA-")
            )));
        }
        Ok(Self(key))
    }

    pub(crate) const fn public_key(&self) -> &PublicKey {
        &self.0
    }
}

fn parse_key(bytes: &[u8]) -> Result<PublicKey, Error> {
    if bytes.is_empty() {
        return Err(Error::Key);
    }
    let is_pem = bytes.windows(10).any(|window| window == b"-----BEGIN");
    let key = if is_pem { PublicKey::from_pem(bytes) } else { PublicKey::from_spki_der(bytes) };
    key.map_err(refused)
}

fn refused(error: KeyError) -> Error {
    match error {
        KeyError::Insecure(_) => Error::WeakKey,
        KeyError::Malformed(_) | KeyError::Unsupported(_) => Error::Key,
    }
}

fn check_strength(key: &PublicKey) -> Result<(), Error> {
    key.check_strength().map_err(refused)
}

/// The one hash that each kind of key may sign with here.
const fn natural_hash(kind: PublicKeyKind) -> HashAlgorithm {
    match kind {
        PublicKeyKind::EcdsaP256 | PublicKeyKind::Rsa { .. } => HashAlgorithm::Sha256,
        PublicKeyKind::EcdsaP384 => HashAlgorithm::Sha384,
        PublicKeyKind::EcdsaP521 | PublicKeyKind::Ed25519 => HashAlgorithm::Sha512,
    }
}

/// What Fulcio calls the kind in its message.
const fn go_type(kind: PublicKeyKind) -> &'static str {
    match kind {
        PublicKeyKind::Rsa { .. } => "*rsa.PublicKey",
        PublicKeyKind::Ed25519 => "ed25519.PublicKey",
        _ => "*ecdsa.PublicKey",
    }
}
