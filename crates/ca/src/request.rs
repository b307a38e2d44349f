//! Reading requests as grpc-gateway does: names in camel or snake case, unknown fields ignored, bytes in
//! either base64 alphabet, padded or not; media types do not matter.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use crate::error::Error;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// A JSON object; an empty body is an empty message.
pub(crate) fn message(body: Result<Bytes, BytesRejection>) -> Result<Map<String, Value>, Error> {
    let body = body.map_err(|rejection| {
        if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
            Error::Request("http: request body too large".to_owned())
        } else {
            Error::Request(rejection.body_text())
        }
    })?;
    if body.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(&body) {
        Ok(Value::Object(message)) => Ok(message),
        Ok(_) => Err(Error::Request("proto: syntax error: the message is not a JSON object".to_owned())),
        Err(error) => Err(Error::Request(format!("proto: syntax error: {error}"))),
    }
}

/// A field that is not `null`, by either spelling of its name.
pub(crate) fn field<'a>(message: &'a Map<String, Value>, camel: &str) -> Option<&'a Value> {
    let found = message.get(camel).or_else(|| message.get(&snake_case(camel)));
    found.filter(|value| !value.is_null())
}

/// A field that is a message.
pub(crate) fn object<'a>(
    message: &'a Map<String, Value>,
    camel: &str,
) -> Result<Option<&'a Map<String, Value>>, Error> {
    let wrong = || Error::Request(format!("proto: invalid value for field {camel}: expected an object"));
    field(message, camel).map(|value| value.as_object().ok_or_else(wrong)).transpose()
}

/// A field that is a string; empty if absent.
pub(crate) fn text<'a>(message: &'a Map<String, Value>, camel: &str) -> Result<&'a str, Error> {
    let wrong = || Error::Request(format!("proto: invalid value for string field {camel}"));
    field(message, camel).map_or(Ok(""), |value| value.as_str().ok_or_else(wrong))
}

/// A field of bytes; empty if absent.
pub(crate) fn bytes(message: &Map<String, Value>, camel: &str) -> Result<Vec<u8>, Error> {
    let text = text(message, camel)?;
    let standard = GeneralPurpose::new(&STANDARD, LENIENT).decode(text);
    let decoded = standard.or_else(|_| GeneralPurpose::new(&URL_SAFE, LENIENT).decode(text));
    decoded.map_err(|_| Error::Request(format!("proto: invalid value for bytes field {camel}")))
}

/// The bearer token of the `Authorization` header; a bare token counts too.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    bearer_of(headers.get(header::AUTHORIZATION)?.to_str().ok()?)
}

/// The token of an `Authorization` value.
pub(crate) fn bearer_of(value: &str) -> Option<&str> {
    let value = value.trim();
    let scheme = value.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("bearer "));
    Some(scheme.map_or(value, |scheme| value.get(scheme.len()..).unwrap_or_default()).trim())
}

fn snake_case(camel: &str) -> String {
    let mut snake = String::with_capacity(camel.len() + 4);
    for c in camel.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn spellings_and_base64() {
        let Value::Object(message) = json!({"public_key_request": {}, "proofOfPossession": "-_8", "x": null})
        else {
            unreachable!()
        };
        assert!(field(&message, "publicKeyRequest").is_some() && field(&message, "x").is_none());
        assert_eq!(bytes(&message, "proofOfPossession").unwrap(), [0xfb, 0xff]);
        assert!(bytes(&json!({"a": "!"}).as_object().unwrap().clone(), "a").is_err());
    }

    #[test]
    fn bearer_in_any_case() {
        for value in ["Bearer abc", "bearer abc", "abc"] {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
            assert_eq!(bearer(&headers), Some("abc"));
        }
    }
}
