use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::Value;
use sigstead_crypto::{HashAlgorithm, PublicKey, PublicKeyKind};

use crate::TokenError;
use crate::token::Unverified;

/// Most keys that are looked at.
const MAX_KEYS: usize = 64;
/// Octets of an ES512 signature (RFC 7518 §3.4).
const ES512_SIGNATURE: usize = 132;

/// An issuer's keys, and what they may sign with.
#[derive(Debug)]
pub(crate) struct IssuerKeys {
    keys: Vec<IssuerKey>,
    algorithms: Vec<TokenAlgorithm>,
}

#[derive(Debug)]
struct IssuerKey {
    id: Option<String>,
    /// The only one that it is for, if the issuer says so.
    algorithm: Option<TokenAlgorithm>,
    key: DecodingKey,
}

/// How a token may be signed (RFC 7518 §3.1): with a private key. `none` and shared secrets are never accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TokenAlgorithm {
    Library(Algorithm),
    /// The one that the library does not have.
    Es512,
}

impl IssuerKeys {
    /// Of a JWK set, and the algorithms that the issuer announces by name. What is unknown here is left out: an issuer may
    /// publish it beside what is known.
    pub(crate) fn new(set: Vec<Value>, announced: &[String]) -> Self {
        Self {
            keys: set.into_iter().take(MAX_KEYS).filter_map(IssuerKey::read).collect(),
            algorithms: announced.iter().filter_map(|name| TokenAlgorithm::named(name).ok()).collect(),
        }
    }

    /// Whether one of them signed the token. Its times and audience are not looked at.
    pub(crate) fn verify(&self, token: &Unverified<'_>) -> Result<(), TokenError> {
        let header = token.header()?;
        if header.crit.is_some() {
            return Err(TokenError::Malformed("its header has critical extensions, and none is known here"));
        }
        let algorithm = TokenAlgorithm::named(&header.alg)?;
        if !self.algorithms.contains(&algorithm) {
            return Err(TokenError::Algorithm);
        }
        let (signed, signature) = token.signed();
        let mut candidates = self
            .keys
            .iter()
            .filter(|key| header.kid.is_none() || key.id == header.kid)
            .filter(|key| key.algorithm.is_none_or(|only| only == algorithm));
        if candidates.any(|key| algorithm.verifies(&key.key, signed, signature)) {
            Ok(())
        } else {
            Err(TokenError::Signature)
        }
    }
}

impl IssuerKey {
    /// A JWK (RFC 7517), unless it is for encryption or of an unknown kind.
    fn read(jwk: Value) -> Option<Self> {
        let algorithm = match jwk.get("alg").and_then(Value::as_str) {
            Some(name) => Some(TokenAlgorithm::named(name).ok()?),
            None => None,
        };
        let jwk: Jwk = serde_json::from_value(jwk).ok()?;
        let is_for_signatures = jwk.common.public_key_use != Some(PublicKeyUse::Encryption);
        let key = DecodingKey::from_jwk(&jwk).ok().filter(|_| is_for_signatures)?;
        Some(Self { id: jwk.common.key_id, algorithm, key })
    }
}

impl TokenAlgorithm {
    fn named(name: &str) -> Result<Self, TokenError> {
        use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};

        if name == "ES512" {
            return Ok(Self::Es512);
        }
        let algorithm = name.parse().map_err(|_| TokenError::Malformed("its algorithm's name"))?;
        let by_private_key = [RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA];
        by_private_key.contains(&algorithm).then_some(Self::Library(algorithm)).ok_or(TokenError::Algorithm)
    }

    /// Whether `signature`, in base64url, is by the key over what was signed.
    fn verifies(self, key: &DecodingKey, signed: &str, signature: &str) -> bool {
        match self {
            Self::Library(algorithm) => {
                crypto::verify(signature, signed.as_bytes(), key, algorithm).is_ok_and(|verifies| verifies)
            }
            Self::Es512 => verifies_es512(key, signed, signature).is_some(),
        }
    }
}

fn verifies_es512(key: &DecodingKey, signed: &str, signature: &str) -> Option<()> {
    let key = PublicKey::from_point(PublicKeyKind::EcdsaP521, key.try_get_as_bytes().ok()?).ok()?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok();
    let signature = signature.filter(|signature| signature.len() == ES512_SIGNATURE)?;
    let digest = HashAlgorithm::Sha512.digest(signed.as_bytes());
    key.verify_digest(HashAlgorithm::Sha512, &digest, &signature).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 7515 appendix A.4.
    #[test]
    fn es512_of_the_standard() {
        let key = json!({
            "kty": "EC", "crv": "P-521", "alg": "ES512",
            "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
            "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
        });
        let key = IssuerKey::read(key).unwrap();
        let signature = "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8G\
                         aSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
        let verifies = |algorithm: TokenAlgorithm, signed| algorithm.verifies(&key.key, signed, signature);
        assert_eq!(key.algorithm, Some(TokenAlgorithm::Es512));
        assert!(verifies(TokenAlgorithm::Es512, "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA"));
        assert!(!verifies(TokenAlgorithm::Es512, "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZB"));
        assert!(!verifies(TokenAlgorithm::Library(Algorithm::ES384), "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA"));
    }
}
