use std::sync::Arc;

use const_oid::ObjectIdentifier;
use der::asn1::{BitStringRef, UintRef};
use der::{Decode as _, Encode as _};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use thiserror::Error;

use crate::{pem, sha256, strength};

/// Longest SPKI that is looked at: an RSA-16384 key fits.
const MAX_SPKI: usize = 8192;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
/// Too weak to be accepted.
const P224: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.33");

/// First byte of a point with both its coordinates (SEC 1 §2.3.3). Go reads no others, so that a certificate with a
/// compressed one could not be verified.
const UNCOMPRESSED: u8 = 4;

/// A public key that someone sent us, by its SubjectPublicKeyInfo (RFC 5280 §4.1).
#[derive(Clone)]
pub struct PublicKey {
    spki: Arc<[u8]>,
    kind: PublicKeyKind,
    /// The bit string's content: an EC point, an Ed25519 key, or PKCS#1 DER.
    key: Arc<[u8]>,
}

/// What a public key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PublicKeyKind {
    /// NIST P-256.
    EcdsaP256,
    /// NIST P-384.
    EcdsaP384,
    /// NIST P-521.
    EcdsaP521,
    /// RSA.
    Rsa {
        /// Bits in the modulus.
        bits: usize,
    },
    /// Ed25519.
    Ed25519,
}

/// Why a public key is not accepted; whoever sent it is to blame.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Not a key at all.
    #[error("the public key could not be parsed: {0}")]
    Malformed(String),
    /// A key of a kind that nothing here verifies.
    #[error("unsupported public key: {0}")]
    Unsupported(String),
    /// A key that is too weak to believe.
    #[error("insecure public key: {0}")]
    Insecure(&'static str),
}

impl PublicKey {
    /// From DER.
    ///
    /// # Errors
    /// When it is not an SPKI, of an unknown kind, on a refused curve, or a point that is not uncompressed.
    pub fn from_spki_der(spki: &[u8]) -> Result<Self, KeyError> {
        if spki.len() > MAX_SPKI {
            return Err(KeyError::Malformed(format!("longer than {MAX_SPKI} bytes")));
        }
        let parsed = SubjectPublicKeyInfoRef::from_der(spki).map_err(malformed)?;
        let key =
            parsed.subject_public_key.as_bytes().ok_or_else(|| malformed("the key is not whole bytes"))?;
        let kind = kind_of(&parsed, key)?;
        Ok(Self { spki: spki.into(), kind, key: key.into() })
    }

    /// From the first `PUBLIC KEY` (SPKI) or `RSA PUBLIC KEY` (PKCS#1) block of PEM text.
    ///
    /// # Errors
    /// When there is no such block, or its content is not an acceptable key.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        for block in pem::blocks(text) {
            match block.label.as_str() {
                "PUBLIC KEY" => return Self::from_spki_der(&block.der),
                "RSA PUBLIC KEY" => return Self::from_pkcs1_der(&block.der),
                _ => {}
            }
        }
        Err(malformed("no PUBLIC KEY block in the PEM text"))
    }

    /// From a PKCS#1 RSAPublicKey.
    ///
    /// # Errors
    /// When it is not one.
    pub fn from_pkcs1_der(pkcs1: &[u8]) -> Result<Self, KeyError> {
        let spki = SubjectPublicKeyInfoRef {
            algorithm: AlgorithmIdentifierRef { oid: RSA, parameters: Some(der::AnyRef::NULL) },
            subject_public_key: BitStringRef::from_bytes(pkcs1).map_err(malformed)?,
        };
        Self::from_spki_der(&spki.to_der().map_err(malformed)?)
    }

    /// From 32 Ed25519 bytes (RFC 8032 §5.1.5).
    ///
    /// # Errors
    /// When there are more or fewer.
    pub fn from_ed25519_bytes(raw: &[u8]) -> Result<Self, KeyError> {
        Self::from_raw(None, raw)
    }

    /// From an uncompressed point (SEC 1 §2.3.3) on the curve that `kind` names.
    ///
    /// # Errors
    /// When it is not one, or does not lie on the curve.
    pub fn from_point(kind: PublicKeyKind, raw: &[u8]) -> Result<Self, KeyError> {
        let curve = curve_oid(kind).ok_or_else(|| malformed("not a kind of key that has a curve"))?;
        let key = Self::from_raw(Some(curve), raw)?;
        key.check_strength()?;
        Ok(key)
    }

    /// From a raw Ed25519 key or an uncompressed point, of the kind that `algorithm` is for.
    pub(crate) fn from_raw(curve: Option<ObjectIdentifier>, raw: &[u8]) -> Result<Self, KeyError> {
        let parameters = curve.map(|oid| oid.to_der()).transpose().map_err(malformed)?;
        let parameters = parameters.as_deref().map(der::AnyRef::from_der).transpose().map_err(malformed)?;
        let oid = if parameters.is_some() { EC } else { ED25519 };
        let spki = SubjectPublicKeyInfoRef {
            algorithm: AlgorithmIdentifierRef { oid, parameters },
            subject_public_key: BitStringRef::from_bytes(raw).map_err(malformed)?,
        };
        Self::from_spki_der(&spki.to_der().map_err(malformed)?)
    }

    /// The SubjectPublicKeyInfo, as it was given.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The SubjectPublicKeyInfo as a `PUBLIC KEY` block.
    pub fn to_pem(&self) -> String {
        pem::encode("PUBLIC KEY", &self.spki)
    }

    /// What it is.
    pub const fn kind(&self) -> PublicKeyKind {
        self.kind
    }

    /// The key without its algorithm: an EC point (SEC 1), 32 Ed25519 bytes, or PKCS#1 DER.
    pub fn key_bytes(&self) -> &[u8] {
        &self.key
    }

    /// SHA-256 of the SubjectPublicKeyInfo: the log id of Rekor v1 and CT.
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&self.spki)
    }

    /// Modulus and exponent of an RSA key, big-endian without leading zeros.
    pub fn rsa_components(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let (modulus, exponent) = rsa_numbers(&self.key).ok()?;
        matches!(self.kind, PublicKeyKind::Rsa { .. })
            .then(|| (modulus.as_bytes().to_vec(), exponent.as_bytes().to_vec()))
    }

    /// Whether a certificate authority should certify it: sizes, exponents and known weaknesses.
    ///
    /// # Errors
    /// When the key is weak; the reason says how.
    pub fn check_strength(&self) -> Result<(), KeyError> {
        strength::check(self)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({:?}, {})", self.kind, hex::encode(self.fingerprint()))
    }
}

fn kind_of(spki: &SubjectPublicKeyInfoRef<'_>, key: &[u8]) -> Result<PublicKeyKind, KeyError> {
    match spki.algorithm.oid {
        RSA => {
            let (modulus, _) = rsa_numbers(key)?;
            let leading = modulus.as_bytes().first().map_or(0, |byte| byte.leading_zeros() as usize);
            Ok(PublicKeyKind::Rsa { bits: modulus.as_bytes().len() * 8 - leading })
        }
        ED25519 if key.len() == 32 => Ok(PublicKeyKind::Ed25519),
        ED25519 => Err(malformed("an Ed25519 key has 32 bytes")),
        EC => {
            let kind = curve_of(spki)?;
            let is_whole = key.first() == Some(&UNCOMPRESSED);
            if is_whole { Ok(kind) } else { Err(malformed("not an uncompressed point")) }
        }
        other => Err(KeyError::Unsupported(format!("algorithm {other}"))),
    }
}

fn curve_of(spki: &SubjectPublicKeyInfoRef<'_>) -> Result<PublicKeyKind, KeyError> {
    let curve = spki.algorithm.parameters_oid().map_err(malformed)?;
    match curve {
        P256 => Ok(PublicKeyKind::EcdsaP256),
        P384 => Ok(PublicKeyKind::EcdsaP384),
        P521 => Ok(PublicKeyKind::EcdsaP521),
        P224 => Err(KeyError::Insecure("only the curves P-256, P-384 and P-521 are accepted")),
        other => Err(KeyError::Unsupported(format!("curve {other}"))),
    }
}

fn rsa_numbers(pkcs1: &[u8]) -> Result<(UintRef<'_>, UintRef<'_>), KeyError> {
    #[derive(der::Sequence)]
    struct RsaPublicKey<'a> {
        modulus: UintRef<'a>,
        exponent: UintRef<'a>,
    }
    let key = RsaPublicKey::from_der(pkcs1).map_err(malformed)?;
    Ok((key.modulus, key.exponent))
}

fn malformed(reason: impl std::fmt::Display) -> KeyError {
    KeyError::Malformed(reason.to_string())
}

/// The curve's identifier for each kind of EC key.
pub(crate) const fn curve_oid(kind: PublicKeyKind) -> Option<ObjectIdentifier> {
    match kind {
        PublicKeyKind::EcdsaP256 => Some(P256),
        PublicKeyKind::EcdsaP384 => Some(P384),
        PublicKeyKind::EcdsaP521 => Some(P521),
        PublicKeyKind::Rsa { .. } | PublicKeyKind::Ed25519 => None,
    }
}
