use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaKeyPair,
};
use zeroize::Zeroizing;

use crate::key::{KeyError, PublicKey, PublicKeyKind, curve_oid};
use crate::{SignError, SignFuture, SignatureAlgorithm, Signer};

/// Kinds of key that can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// NIST P-256.
    EcdsaP256,
    /// NIST P-384.
    EcdsaP384,
    /// NIST P-521.
    EcdsaP521,
    /// RSA with 2048 bits.
    Rsa2048,
    /// RSA with 3072 bits.
    Rsa3072,
    /// RSA with 4096 bits.
    Rsa4096,
    /// Ed25519.
    Ed25519,
}

/// A private key in this process's memory.
pub struct SoftwareSigner {
    pair: Pair,
    public: PublicKey,
    algorithm: SignatureAlgorithm,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SoftwareSigner {
    /// A new key.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate(kind: KeyKind) -> Result<Self, KeyError> {
        let failed = |_| KeyError::Unsupported("the key could not be made".to_owned());
        let rsa = |size| RsaKeyPair::generate(size).map(Pair::Rsa).map_err(failed);
        Self::new(match kind {
            KeyKind::EcdsaP256 | KeyKind::EcdsaP384 | KeyKind::EcdsaP521 => {
                Pair::Ecdsa(EcdsaKeyPair::generate(ecdsa_engine(kind)).map_err(failed)?)
            }
            KeyKind::Rsa2048 => rsa(KeySize::Rsa2048)?,
            KeyKind::Rsa3072 => rsa(KeySize::Rsa3072)?,
            KeyKind::Rsa4096 => rsa(KeySize::Rsa4096)?,
            KeyKind::Ed25519 => Pair::Ed25519(Ed25519KeyPair::generate().map_err(failed)?),
        })
    }

    /// From an unencrypted PKCS#8 PrivateKeyInfo in DER.
    ///
    /// # Errors
    /// When it is not one, or of a kind that cannot sign here.
    pub fn from_pkcs8_der(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let ecdsa =
            ECDSA_KINDS.into_iter().find_map(|kind| EcdsaKeyPair::from_pkcs8(ecdsa_engine(kind), pkcs8).ok());
        let pair = ecdsa
            .map(Pair::Ecdsa)
            .or_else(|| Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).ok().map(Pair::Ed25519))
            .or_else(|| RsaKeyPair::from_pkcs8(pkcs8).ok().map(Pair::Rsa));
        Self::new(pair.ok_or_else(|| {
            KeyError::Malformed("not a PKCS#8 private key of ECDSA P-256/384/521, Ed25519 or RSA".to_owned())
        })?)
    }

    /// From an RFC 5915 ECPrivateKey in DER, as `openssl ecparam -genkey` writes it.
    ///
    /// # Errors
    /// When it is not one, or of a curve that cannot sign here.
    pub fn from_sec1_der(sec1: &[u8]) -> Result<Self, KeyError> {
        let pair = ECDSA_KINDS
            .into_iter()
            .find_map(|kind| EcdsaKeyPair::from_private_key_der(ecdsa_engine(kind), sec1).ok());
        Self::new(pair.map(Pair::Ecdsa).ok_or_else(|| {
            KeyError::Malformed("not an EC private key of P-256, P-384 or P-521".to_owned())
        })?)
    }

    /// From an RFC 8017 RSAPrivateKey (PKCS#1) in DER.
    ///
    /// # Errors
    /// When it is not one, or too small or large to sign here.
    pub fn from_pkcs1_der(pkcs1: &[u8]) -> Result<Self, KeyError> {
        let pair = RsaKeyPair::from_der(pkcs1);
        Self::new(Pair::Rsa(
            pair.map_err(|_| KeyError::Malformed("not an RSA private key from 2,048 bits on".to_owned()))?,
        ))
    }

    /// The key as an unencrypted PKCS#8 PrivateKeyInfo in DER; it wipes itself.
    ///
    /// # Errors
    /// When the engine cannot encode it.
    pub fn pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let failed = |_| KeyError::Unsupported("the key could not be encoded".to_owned());
        Ok(Zeroizing::new(match &self.pair {
            Pair::Ecdsa(pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
            Pair::Rsa(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair).map_err(failed)?.as_ref().to_vec(),
        }))
    }

    /// Signs at once; [`Signer::sign`] for whoever need not wait.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn sign_now(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let failed = |_| SignError::new("the engine refused");
        let random = SystemRandom::new();
        Ok(match &self.pair {
            Pair::Ecdsa(pair) => pair.sign(&random, message).map_err(failed)?.as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.try_sign(message).map_err(failed)?.as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(failed)?;
                signature
            }
        })
    }

    fn new(pair: Pair) -> Result<Self, KeyError> {
        let public = match &pair {
            Pair::Ed25519(pair) => PublicKey::from_raw(None, pair.public_key().as_ref())?,
            Pair::Rsa(pair) => PublicKey::from_pkcs1_der(pair.public_key().as_ref())?,
            Pair::Ecdsa(pair) => {
                let point = pair.public_key().as_ref();
                let kind = match point.len() {
                    65 => PublicKeyKind::EcdsaP256,
                    97 => PublicKeyKind::EcdsaP384,
                    _ => PublicKeyKind::EcdsaP521,
                };
                PublicKey::from_raw(curve_oid(kind), point)?
            }
        };
        let algorithm = SignatureAlgorithm::of(public.kind());
        Ok(Self { pair, public, algorithm })
    }
}

impl Signer for SoftwareSigner {
    fn sign<'a>(&'a self, message: &'a [u8]) -> SignFuture<'a> {
        Box::pin(std::future::ready(self.sign_now(message)))
    }

    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

impl std::fmt::Debug for SoftwareSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SoftwareSigner({:?})", self.public)
    }
}

const ECDSA_KINDS: [KeyKind; 3] = [KeyKind::EcdsaP256, KeyKind::EcdsaP384, KeyKind::EcdsaP521];

const fn ecdsa_engine(kind: KeyKind) -> &'static EcdsaSigningAlgorithm {
    match kind {
        KeyKind::EcdsaP384 => &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
        KeyKind::EcdsaP521 => &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
        _ => &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
    }
}
