use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};
use sigstead_clock::Timestamp;

use crate::TokenError;

/// Longest token.
const MAX_TOKEN: usize = 64 * 1024;
/// How far ahead a token's `nbf` may lie: clocks differ.
const NOT_BEFORE_LEEWAY: Duration = Duration::from_secs(300);

/// What a token says of its signature (RFC 7515 §4.1).
#[derive(Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    pub(crate) kid: Option<String>,
    /// Names of extensions that must be understood.
    pub(crate) crit: Option<Value>,
}

/// A token (RFC 7519) that nobody has verified; what it says only chooses who must have signed it.
pub(crate) struct Unverified<'a> {
    header: &'a str,
    /// Header and payload, over which the signature is.
    signed: &'a str,
    signature: &'a str,
    claims: Map<String, Value>,
}

impl<'a> Unverified<'a> {
    /// Takes a token apart; it may come as it stood in a file, with a line feed after it.
    pub(crate) fn parse(text: &'a str) -> Result<Self, TokenError> {
        let text = text.trim_ascii();
        if text.len() > MAX_TOKEN {
            return Err(TokenError::TooLong);
        }
        let parts = || {
            let (signed, signature) = text.rsplit_once('.')?;
            let (header, payload) = signed.split_once('.').filter(|(_, payload)| !payload.contains('.'))?;
            Some((header, payload, signed, signature))
        };
        let (header, payload, signed, signature) =
            parts().ok_or(TokenError::Malformed("it has not three parts"))?;
        let payload = BASE64_URL_SAFE_NO_PAD
            .decode(payload)
            .map_err(|_| TokenError::Malformed("its payload's base64"))?;
        let claims =
            serde_json::from_slice(&payload).map_err(|_| TokenError::Malformed("its payload's JSON"))?;
        Ok(Self { header, signed, signature, claims })
    }

    /// Who it says has issued it.
    pub(crate) fn issuer(&self) -> Result<&str, TokenError> {
        self.claims.get("iss").and_then(Value::as_str).ok_or(TokenError::Claim("iss"))
    }

    /// What it says of its signature.
    pub(crate) fn header(&self) -> Result<Header, TokenError> {
        let header = BASE64_URL_SAFE_NO_PAD.decode(self.header).ok();
        let header = header.and_then(|json| serde_json::from_slice(&json).ok());
        header.ok_or(TokenError::Malformed("its header"))
    }

    /// What was signed, and the signature in base64url.
    pub(crate) const fn signed(&self) -> (&'a str, &'a str) {
        (self.signed, self.signature)
    }

    /// Its claims, for whoever has verified it.
    pub(crate) fn into_verified_claims(self) -> Map<String, Value> {
        self.claims
    }
}

/// Checks audience and times of verified claims.
pub(crate) fn validate(
    claims: &Map<String, Value>,
    audience: &str,
    now: Timestamp,
) -> Result<(), TokenError> {
    let is_for_us = match claims.get("aud") {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(audience)),
        _ => false,
    };
    if !is_for_us {
        return Err(TokenError::Audience);
    }
    match seconds(claims.get("exp")) {
        Some(expiry) if expiry > now.seconds() => {}
        _ => return Err(TokenError::Expired),
    }
    if claims.get("iat").is_some_and(|issued| !issued.is_number()) {
        return Err(TokenError::Claim("iat"));
    }
    match (claims.get("nbf"), seconds(claims.get("nbf"))) {
        (None, _) => Ok(()),
        (_, Some(begin)) if begin <= now.plus(NOT_BEFORE_LEEWAY).seconds() => Ok(()),
        _ => Err(TokenError::NotYetValid),
    }
}

/// NumericDate (RFC 7519 §2); fractions are cut off.
fn seconds(claim: Option<&Value>) -> Option<u64> {
    let number = claim?;
    number.as_u64().or_else(|| {
        let seconds = number.as_f64().filter(|seconds| *seconds >= 0.0)?;
        Some(Duration::try_from_secs_f64(seconds).ok()?.as_secs())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(claims: Value) -> Result<(), TokenError> {
        let Value::Object(claims) = claims else { unreachable!() };
        validate(&claims, "sigstore", Timestamp::from_seconds(1000))
    }

    #[test]
    fn audiences_and_times() {
        assert_eq!(outcome(json!({"aud": "sigstore", "exp": 1001})), Ok(()));
        assert_eq!(outcome(json!({"aud": ["x", "sigstore"], "exp": 1001.5, "nbf": 1290})), Ok(()));
        assert_eq!(outcome(json!({"aud": "other", "exp": 1001})), Err(TokenError::Audience));
        assert_eq!(outcome(json!({"exp": 1001})), Err(TokenError::Audience));
        assert_eq!(outcome(json!({"aud": "sigstore", "exp": 1000})), Err(TokenError::Expired));
        assert_eq!(outcome(json!({"aud": "sigstore"})), Err(TokenError::Expired));
        assert_eq!(outcome(json!({"aud": "sigstore", "exp": 1001, "iat": 990.5})), Ok(()));
        assert_eq!(
            outcome(json!({"aud": "sigstore", "exp": 1001, "iat": "990"})),
            Err(TokenError::Claim("iat"))
        );
        assert_eq!(
            outcome(json!({"aud": "sigstore", "exp": 2000, "nbf": 1301})),
            Err(TokenError::NotYetValid)
        );
        assert_eq!(
            outcome(json!({"aud": "sigstore", "exp": 2000, "nbf": "soon"})),
            Err(TokenError::NotYetValid)
        );
    }

    #[test]
    fn a_token_may_end_with_a_line_feed() {
        let claims = BASE64_URL_SAFE_NO_PAD.encode(json!({"iss": "https://a.example"}).to_string());
        let text = format!(" e30.{claims}.c2ln\n");
        let token = Unverified::parse(&text).unwrap();
        assert_eq!(token.issuer(), Ok("https://a.example"));
        assert_eq!(token.signed(), (format!("e30.{claims}").as_str(), "c2ln"));
        assert!(Unverified::parse(&format!("e30 .{claims}. c2ln")).unwrap().header().is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_token_panics(token in "\\PC{0,60}") {
            let _ = Unverified::parse(&token);
        }
    }
}
