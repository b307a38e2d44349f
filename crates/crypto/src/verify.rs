use aws_lc_rs::digest::Digest;
use aws_lc_rs::signature::{
    self, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PSS_2048_8192_SHA256, RsaParameters,
    RsaPssSaltLength, UnparsedPublicKey, VerificationAlgorithm,
};
use der::Encode as _;
use der::asn1::UintRef;
use thiserror::Error;

use crate::key::{PublicKey, PublicKeyKind};
use crate::{HashAlgorithm, ed25519ph};

/// The signature does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// Made by another key, over another message, or damaged.
    #[error("the signature does not verify")]
    Invalid,
    /// The digest is not as long as its algorithm's digests are.
    #[error("the digest has the wrong length")]
    DigestLength,
    /// This kind of key does not sign over that hash.
    #[error("this kind of key does not sign with that hash")]
    HashNotAllowed,
}

/// How long the salt of an RSA-PSS signature is (RFC 8017 §9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PssSalt {
    /// As the digest: what RFC 8230 asks of COSE.
    Digest,
    /// As the digest, or as the modulus allows: Go signs so unless told otherwise.
    DigestOrLongest,
}

impl PublicKey {
    /// Checks `signature` over `message`, hashed with `hash` (which Ed25519 ignores). ECDSA signatures
    /// are ASN.1 DER, RSA ones PKCS#1 v1.5.
    ///
    /// # Errors
    /// When it does not verify.
    pub fn verify(&self, hash: HashAlgorithm, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        let algorithm = engine(self.kind(), hash).ok_or(VerifyError::HashNotAllowed)?;
        UnparsedPublicKey::new(algorithm, self.key_bytes())
            .verify(message, signature)
            .map_err(|_| VerifyError::Invalid)
    }

    /// Checks an RSASSA-PSS `signature` with SHA-256, also for its mask, over `message`.
    ///
    /// # Errors
    /// When it does not verify, or the key is not an RSA key.
    pub fn verify_pss(&self, salt: PssSalt, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        if !matches!(self.kind(), PublicKeyKind::Rsa { .. }) {
            return Err(VerifyError::HashNotAllowed);
        }
        let algorithms: &[&'static RsaParameters] = match salt {
            PssSalt::Digest => &[&RSA_PSS_2048_8192_SHA256],
            PssSalt::DigestOrLongest => &[&RSA_PSS_2048_8192_SHA256, &LONGEST_SALT],
        };
        let verifies = |algorithm: &&'static RsaParameters| {
            UnparsedPublicKey::new(*algorithm, self.key_bytes()).verify(message, signature).is_ok()
        };
        if algorithms.iter().any(verifies) { Ok(()) } else { Err(VerifyError::Invalid) }
    }

    /// Checks an RSA PKCS#1 v1.5 `signature` with SHA-1, which Alpine's package format prescribes.
    ///
    /// # Errors
    /// When it does not verify, or the key is not an RSA key.
    pub fn verify_rsa_sha1(&self, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        if !matches!(self.kind(), PublicKeyKind::Rsa { .. }) {
            return Err(VerifyError::HashNotAllowed);
        }
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, self.key_bytes())
            .verify(message, signature)
            .map_err(|_| VerifyError::Invalid)
    }

    /// Checks `signature` over a message of which only the digest is known. ECDSA signatures may also
    /// be raw `r ‖ s`; an Ed25519 key means Ed25519ph, over SHA-512.
    ///
    /// # Errors
    /// When it does not verify, or the digest cannot be of that algorithm.
    pub fn verify_digest(
        &self,
        hash: HashAlgorithm,
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        if digest.len() != hash.len() {
            return Err(VerifyError::DigestLength);
        }
        if self.kind() == PublicKeyKind::Ed25519 {
            return if hash == HashAlgorithm::Sha512 {
                ed25519ph::verify(self.key_bytes(), digest, signature)
            } else {
                Err(VerifyError::HashNotAllowed)
            };
        }
        let algorithm = engine(self.kind(), hash).ok_or(VerifyError::HashNotAllowed)?;
        let digest =
            Digest::import_less_safe(digest, hash.engine()).map_err(|_| VerifyError::DigestLength)?;
        let key = UnparsedPublicKey::new(algorithm, self.key_bytes());
        if key.verify_digest(&digest, signature).is_ok() {
            return Ok(());
        }
        let der = der_of_raw(self.kind(), signature).ok_or(VerifyError::Invalid)?;
        key.verify_digest(&digest, &der).map_err(|_| VerifyError::Invalid)
    }
}

static LONGEST_SALT: RsaParameters = RSA_PSS_2048_8192_SHA256.with_pss_salt_length(RsaPssSaltLength::Max);

/// The engine's algorithm for a kind of key with a hash.
pub(crate) fn engine(kind: PublicKeyKind, hash: HashAlgorithm) -> Option<&'static dyn VerificationAlgorithm> {
    use HashAlgorithm::{Sha256, Sha384, Sha512};

    Some(match (kind, hash) {
        (PublicKeyKind::EcdsaP256, Sha256) => &signature::ECDSA_P256_SHA256_ASN1,
        (PublicKeyKind::EcdsaP256, Sha384) => &signature::ECDSA_P256_SHA384_ASN1,
        (PublicKeyKind::EcdsaP256, Sha512) => &signature::ECDSA_P256_SHA512_ASN1,
        (PublicKeyKind::EcdsaP384, Sha256) => &signature::ECDSA_P384_SHA256_ASN1,
        (PublicKeyKind::EcdsaP384, Sha384) => &signature::ECDSA_P384_SHA384_ASN1,
        (PublicKeyKind::EcdsaP384, Sha512) => &signature::ECDSA_P384_SHA512_ASN1,
        (PublicKeyKind::EcdsaP521, Sha256) => &signature::ECDSA_P521_SHA256_ASN1,
        (PublicKeyKind::EcdsaP521, Sha384) => &signature::ECDSA_P521_SHA384_ASN1,
        (PublicKeyKind::EcdsaP521, Sha512) => &signature::ECDSA_P521_SHA512_ASN1,
        (PublicKeyKind::Rsa { .. }, Sha256) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (PublicKeyKind::Rsa { .. }, Sha384) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (PublicKeyKind::Rsa { .. }, Sha512) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (PublicKeyKind::Ed25519, _) => &signature::ED25519,
    })
}

/// A raw `r ‖ s` ECDSA signature (IEEE P1363) as ASN.1 DER; `None` if its length is not the curve's.
fn der_of_raw(kind: PublicKeyKind, raw: &[u8]) -> Option<Vec<u8>> {
    #[derive(der::Sequence)]
    struct Signature<'a> {
        r: UintRef<'a>,
        s: UintRef<'a>,
    }
    let half = match kind {
        PublicKeyKind::EcdsaP256 => 32,
        PublicKeyKind::EcdsaP384 => 48,
        PublicKeyKind::EcdsaP521 => 66,
        PublicKeyKind::Rsa { .. } | PublicKeyKind::Ed25519 => return None,
    };
    let (r, s) = raw.split_at_checked(half).filter(|(_, s)| s.len() == half)?;
    Signature { r: UintRef::new(r).ok()?, s: UintRef::new(s).ok()? }.to_der().ok()
}
