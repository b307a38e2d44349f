use aws_lc_rs::{digest, hmac};
use const_oid::ObjectIdentifier;

use crate::PublicKeyKind;

/// Hash algorithms of signatures, imprints and artifact digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-384, 48 bytes.
    Sha384,
    /// SHA-512, 64 bytes.
    Sha512,
}

impl HashAlgorithm {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The digest of `message`.
    pub fn digest(self, message: &[u8]) -> Vec<u8> {
        digest::digest(self.engine(), message).as_ref().to_vec()
    }

    /// For a message that comes in pieces.
    pub fn hasher(self) -> Hasher {
        Hasher(digest::Context::new(self.engine()))
    }

    /// Bytes in a digest.
    pub const fn len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Never: a digest has bytes.
    pub const fn is_empty(self) -> bool {
        false
    }

    /// `sha256`, `sha384` or `sha512`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The algorithm of that [`HashAlgorithm::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The NIST object identifier.
    pub const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha256 => const { ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1") },
            Self::Sha384 => const { ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2") },
            Self::Sha512 => const { ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3") },
        }
    }

    /// The algorithm of that object identifier.
    pub fn from_oid(oid: &ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.oid() == *oid)
    }

    pub(crate) const fn engine(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

/// A digest in the making.
#[derive(Clone)]
pub struct Hasher(digest::Context);

impl Hasher {
    /// SHA-1, for formats that name it: no [`HashAlgorithm`], so nothing else takes signatures over it.
    pub fn sha1() -> Self {
        Self(digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY))
    }

    /// Takes the next piece of the message.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The digest of all pieces.
    pub fn finish(self) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }
}

/// SHA-256 of `message`.
pub fn sha256(message: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, message).as_ref());
    hash
}

/// HMAC with SHA-256 (RFC 2104).
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut tag = [0; 32];
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    tag.copy_from_slice(hmac::sign(&key, message).as_ref());
    tag
}

/// How a signer of ours signs: the hash follows from the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// ECDSA over P-256 with SHA-256; signatures are ASN.1 DER.
    EcdsaP256Sha256,
    /// ECDSA over P-384 with SHA-384; signatures are ASN.1 DER.
    EcdsaP384Sha384,
    /// ECDSA over P-521 with SHA-512; signatures are ASN.1 DER.
    EcdsaP521Sha512,
    /// RSA PKCS#1 v1.5 with SHA-256.
    RsaPkcs1Sha256,
    /// Pure Ed25519 (RFC 8032).
    Ed25519,
}

impl SignatureAlgorithm {
    /// How a key of ours signs.
    pub const fn of(key: PublicKeyKind) -> Self {
        match key {
            PublicKeyKind::EcdsaP256 => Self::EcdsaP256Sha256,
            PublicKeyKind::EcdsaP384 => Self::EcdsaP384Sha384,
            PublicKeyKind::EcdsaP521 => Self::EcdsaP521Sha512,
            PublicKeyKind::Rsa { .. } => Self::RsaPkcs1Sha256,
            PublicKeyKind::Ed25519 => Self::Ed25519,
        }
    }

    /// The signature algorithm's object identifier, as certificates and CMS carry it.
    pub const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::EcdsaP256Sha256 => const { ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2") },
            Self::EcdsaP384Sha384 => const { ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3") },
            Self::EcdsaP521Sha512 => const { ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4") },
            Self::RsaPkcs1Sha256 => const { ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11") },
            Self::Ed25519 => const { ObjectIdentifier::new_unwrap("1.3.101.112") },
        }
    }

    /// The hash that is applied to the message; Ed25519 hashes with SHA-512 inside.
    pub const fn hash(self) -> HashAlgorithm {
        match self {
            Self::EcdsaP256Sha256 | Self::RsaPkcs1Sha256 => HashAlgorithm::Sha256,
            Self::EcdsaP384Sha384 => HashAlgorithm::Sha384,
            Self::EcdsaP521Sha512 | Self::Ed25519 => HashAlgorithm::Sha512,
        }
    }
}
