use std::str::FromStr as _;

use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::Value;

use crate::TokenError;
use crate::token::Unverified;

/// Most keys that are looked at.
const MAX_KEYS: usize = 64;

/// An issuer's keys, and what they may sign with.
#[derive(Debug)]
pub(crate) struct IssuerKeys {
    keys: Vec<IssuerKey>,
    algorithms: Vec<Algorithm>,
}

#[derive(Debug)]
struct IssuerKey {
    id: Option<String>,
    /// The only one that it is for, if the issuer says so.
    algorithm: Option<Algorithm>,
    key: DecodingKey,
}

impl IssuerKeys {
    /// Of a JWK set, and the algorithms that the issuer announces by name. What is unknown here is left out: an issuer may
    /// publish it beside what is known.
    pub(crate) fn new(set: Vec<Value>, announced: &[String]) -> Self {
        Self {
            keys: set.into_iter().take(MAX_KEYS).filter_map(signing_key).collect(),
            algorithms: announced.iter().filter_map(|name| accepted(name)).collect(),
        }
    }

    /// Whether one of them signed the token. Its times and audience are not looked at.
    pub(crate) fn verify(&self, token: &Unverified<'_>) -> Result<(), TokenError> {
        let header = token.header()?;
        if header.crit.is_some() {
            return Err(TokenError::Malformed("its header has critical extensions, and none is known here"));
        }
        if !self.algorithms.contains(&header.alg) {
            return Err(TokenError::Algorithm);
        }
        let (signed, signature) = token.signed();
        let has_signed = |key: &IssuerKey| {
            crypto::verify(signature, signed.as_bytes(), &key.key, header.alg).is_ok_and(|verifies| verifies)
        };
        let mut candidates = self
            .keys
            .iter()
            .filter(|key| header.kid.is_none() || key.id == header.kid)
            .filter(|key| key.algorithm.is_none_or(|algorithm| algorithm == header.alg));
        if candidates.any(has_signed) { Ok(()) } else { Err(TokenError::Signature) }
    }
}

fn signing_key(key: Value) -> Option<IssuerKey> {
    let key: Jwk = serde_json::from_value(key).ok()?;
    if key.common.public_key_use == Some(PublicKeyUse::Encryption) {
        return None;
    }
    let algorithm = key.common.key_algorithm.map(|algorithm| Algorithm::from_str(&algorithm.to_string()));
    let algorithm = algorithm.transpose().ok()?;
    Some(IssuerKey { key: DecodingKey::from_jwk(&key).ok()?, id: key.common.key_id, algorithm })
}

/// Signature algorithms with a public key; `none` and the symmetric ones are never accepted.
fn accepted(name: &str) -> Option<Algorithm> {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};

    [RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA]
        .into_iter()
        .find(|algorithm| format!("{algorithm:?}") == name)
}
