//! Keys and signatures between the forms that tokens and clouds give and the ones of certificates.

use der::asn1::UintRef;
use der::{Encode as _, Sequence};
use sigstead_crypto::{KeyError, PublicKey, PublicKeyKind};

/// RFC 8017 appendix A.1.1.
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

/// RFC 3279 §2.2.3.
#[derive(Sequence)]
struct EcdsaSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// From its two numbers, big-endian.
pub(crate) fn rsa_key(modulus: &[u8], exponent: &[u8]) -> Result<PublicKey, KeyError> {
    let unreadable = |error: der::Error| KeyError::Malformed(error.to_string());
    let modulus = UintRef::new(modulus).map_err(unreadable)?;
    let exponent = UintRef::new(exponent).map_err(unreadable)?;
    PublicKey::from_pkcs1_der(&RsaPublicKey { modulus, exponent }.to_der().map_err(unreadable)?)
}

/// From an uncompressed point, whose length tells the curve.
pub(crate) fn ec_key(point: &[u8]) -> Result<PublicKey, KeyError> {
    let kind = match point.len() {
        65 => PublicKeyKind::EcdsaP256,
        97 => PublicKeyKind::EcdsaP384,
        133 => PublicKeyKind::EcdsaP521,
        _ => return Err(KeyError::Unsupported("use a key on P-256, P-384 or P-521".to_owned())),
    };
    PublicKey::from_point(kind, point)
}

/// An ECDSA signature that came as `r ‖ s`; `None` if it is not one.
pub(crate) fn ecdsa_der(raw: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = raw.split_at_checked(raw.len() / 2).filter(|(r, s)| r.len() == s.len())?;
    EcdsaSignature { r: UintRef::new(r).ok()?, s: UintRef::new(s).ok()? }.to_der().ok()
}
