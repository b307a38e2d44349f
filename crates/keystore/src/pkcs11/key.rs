use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use der::Decode as _;
use der::asn1::OctetStringRef;
use sigstead_crypto::{PublicKey, SignError, SignatureAlgorithm};

use super::{Pkcs11Uri, find, token};
use crate::KeystoreError;
use crate::encoding::{ec_key, ecdsa_der, rsa_key};

/// The public half, from the public object beside the private one.
pub(super) fn public_key(
    session: &Session,
    uri: &Pkcs11Uri,
    private: ObjectHandle,
) -> Result<PublicKey, KeystoreError> {
    let kind = session.get_attributes(private, &[AttributeType::KeyType]).map_err(token)?;
    let Some(Attribute::KeyType(kind)) = kind.first() else {
        return Err(KeystoreError::Token("the key does not say of what type it is".to_owned()));
    };
    let public = find(session, uri, ObjectClass::PUBLIC_KEY)?;
    match *kind {
        KeyType::RSA => rsa(session, public),
        KeyType::EC => Ok(ec_key(&point(session, public)?)?),
        KeyType::EC_EDWARDS => Ok(PublicKey::from_ed25519_bytes(&point(session, public)?)?),
        other => Err(KeystoreError::Token(format!("nothing here signs with a key of type {other}"))),
    }
}

fn rsa(session: &Session, public: ObjectHandle) -> Result<PublicKey, KeystoreError> {
    let wanted = [AttributeType::Modulus, AttributeType::PublicExponent];
    let (mut modulus, mut exponent) = (Vec::new(), Vec::new());
    for attribute in session.get_attributes(public, &wanted).map_err(token)? {
        match attribute {
            Attribute::Modulus(bytes) => modulus = bytes,
            Attribute::PublicExponent(bytes) => exponent = bytes,
            _ => {}
        }
    }
    Ok(rsa_key(&modulus, &exponent)?)
}

/// CKA_EC_POINT: the point in an OCTET STRING; some tokens leave that out.
fn point(session: &Session, public: ObjectHandle) -> Result<Vec<u8>, KeystoreError> {
    match session.get_attributes(public, &[AttributeType::EcPoint]).map_err(token)?.first() {
        Some(Attribute::EcPoint(point)) => Ok(<&OctetStringRef>::from_der(point)
            .map_or_else(|_| point.clone(), |inner| inner.as_bytes().to_vec())),
        _ => Err(KeystoreError::Token("the public key has no point".to_owned())),
    }
}

/// A signature in the form that [`Signer`](sigstead_crypto::Signer) promises.
pub(super) fn sign(
    session: &Session,
    key: ObjectHandle,
    algorithm: SignatureAlgorithm,
    message: &[u8],
) -> Result<Vec<u8>, SignError> {
    let failed = |error: cryptoki::error::Error| SignError::new(format!("the token: {error}"));
    match algorithm {
        SignatureAlgorithm::RsaPkcs1Sha256 => {
            session.sign(&Mechanism::Sha256RsaPkcs, key, message).map_err(failed)
        }
        SignatureAlgorithm::Ed25519 => {
            let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519));
            session.sign(&mechanism, key, message).map_err(failed)
        }
        _ => {
            let digest = algorithm.hash().digest(message);
            let raw = session.sign(&Mechanism::Ecdsa, key, &digest).map_err(failed)?;
            ecdsa_der(&raw).ok_or_else(|| SignError::new("the token's signature cannot be read"))
        }
    }
}
