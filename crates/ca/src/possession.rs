use sigstead_crypto::{HashAlgorithm, KeyError, PublicKey, PublicKeyKind};
use sigstead_identity::Principal;
use sigstead_x509::{CertificateRequest, X509Error};

use crate::client_algorithms::ClientAlgorithms;
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
    pub(crate) fn check(
        self,
        principal: &Principal,
        allowed: &ClientAlgorithms,
    ) -> Result<PossessedKey, Error> {
        let (key, hash) = match self {
            Self::PublicKey { key, proof } => key_of_proof(&key, &proof, principal)?,
            Self::Request(pem) => key_of_request(&pem)?,
        };
        let Some(algorithm) = allowed.name_of(key.kind(), hash) else {
            let hash = hash.name().replace("sha", "SHA-");
            return Err(Error::Algorithm(format!("{}, {hash}", go_type(key.kind()))));
        };
        Ok(PossessedKey { key, algorithm })
    }
}

/// A public key whose private half the client has shown to hold. Only [`KeyProof::check`] makes one.
#[derive(Debug, Clone)]
pub(crate) struct PossessedKey {
    key: PublicKey,
    algorithm: &'static str,
}

impl PossessedKey {
    pub(crate) const fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// Fulcio's name of what it signs with.
    pub(crate) const fn algorithm(&self) -> &'static str {
        self.algorithm
    }
}

/// A key that has signed the principal's name, and the hash that it signed with.
fn key_of_proof(
    key: &[u8],
    proof: &[u8],
    principal: &Principal,
) -> Result<(PublicKey, HashAlgorithm), Error> {
    let key = parse_key(key)?;
    check_strength(&key)?;
    let hash = natural_hash(key.kind());
    let mut challenges = principal.challenges.iter();
    if !challenges.any(|challenge| key.verify(hash, challenge.as_bytes(), proof).is_ok()) {
        return Err(Error::Possession);
    }
    Ok((key, hash))
}

/// A key that has signed the request for its certificate, and the hash that it signed with.
fn key_of_request(pem: &[u8]) -> Result<(PublicKey, HashAlgorithm), Error> {
    let request = CertificateRequest::from_pem(pem).map_err(|_| Error::CertificateRequest)?;
    let key = request.public_key().map_err(refused)?;
    check_strength(&key)?;
    let hash = request.hash()?;
    request.verify_self_signature().map_err(|error| match error {
        X509Error::Algorithm(name) => Error::SignatureAlgorithm(name),
        _ => Error::Possession,
    })?;
    Ok((key, hash))
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

/// The hash that each kind of key signs a proof with.
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
