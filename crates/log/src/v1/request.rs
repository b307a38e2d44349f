//! Reading requests as Rekor's framework does.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use serde::Deserialize as _;
use serde_json::Value;
use sigstead_entry::Fields;

use super::error::{Error, class};

/// A body that is as long as it may be at most.
pub(super) fn whole(body: Result<Bytes, BytesRejection>, limit: usize) -> Result<Bytes, Error> {
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let message = format!("Request Entity Too Large. Limit set to {limit}");
            Error::framework(StatusCode::PAYLOAD_TOO_LARGE, message)
        }
        status => Error::framework(status, rejection.body_text()),
    })
}

/// The first JSON value of a body; what follows it is ignored. `None` for an empty body.
pub(super) fn json(body: &[u8]) -> Result<Option<Value>, Error> {
    if body.trim_ascii().is_empty() {
        return Ok(None);
    }
    let mut values = serde_json::Deserializer::from_slice(body);
    let value = Value::deserialize(&mut values);
    // Rekor answers 500 here, which makes clients send the same bytes again.
    value
        .map(Some)
        .map_err(|error| Error::framework(StatusCode::BAD_REQUEST, format!("invalid JSON: {error}")))
}

/// The fields of a body that must be an object; `null` has none.
pub(super) fn fields(value: &Value) -> Result<Fields<'_>, Error> {
    if value.is_object() || value.is_null() {
        return Ok(Fields::of(Some(value)));
    }
    Err(Error::framework(StatusCode::BAD_REQUEST, "the body is not a JSON object"))
}

/// A field that is a string, if it is there.
pub(super) fn text<'a>(fields: Fields<'a>, name: &str) -> Result<Option<&'a str>, Error> {
    let wrong = || Error::invalid(class::WRONG_TYPE, format!("{name} in body must be of type string"));
    fields.value(name).map(|value| value.as_str().ok_or_else(wrong)).transpose()
}

/// A query parameter; the last of equal names, percent-decoded.
pub(super) fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    let mut pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    pairs.rfind(|(key, _)| *key == name).map(|(_, value)| percent_decoded(value))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.split_first_chunk::<2>().and_then(|(digits, after)| {
            let digits = std::str::from_utf8(digits).ok()?;
            Some((u8::from_str_radix(digits, 16).ok()?, after))
        });
        match (first, escaped) {
            (b'%', Some((byte, after))) => {
                bytes.push(byte);
                rest = after;
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = after;
            }
            (byte, _) => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A whole number that must be at least `minimum`.
pub(super) fn number(query: Option<&str>, name: &str, minimum: i64) -> Result<Option<u64>, Error> {
    let Some(text) = parameter(query, name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let number: i64 = text.parse().map_err(|_| {
        Error::invalid(class::WRONG_TYPE, format!("{name} in query must be of type int64: \"{text}\""))
    })?;
    at_least(number, minimum, &format!("{name} in query")).map(Some)
}

/// Checks a number against its minimum.
pub(super) fn at_least(number: i64, minimum: i64, what: &str) -> Result<u64, Error> {
    let too_small = || {
        Error::invalid(class::BELOW_MINIMUM, format!("{what} should be greater than or equal to {minimum}"))
    };
    u64::try_from(number).ok().filter(|_| number >= minimum).ok_or_else(too_small)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let query = Some("a=1&b=x%20y&a=2&c");
        assert_eq!(parameter(query, "a").as_deref(), Some("2"));
        assert_eq!(parameter(query, "b").as_deref(), Some("x y"));
        assert_eq!(parameter(query, "c"), None);
        assert_eq!(parameter(Some("a=%zz%"), "a").as_deref(), Some("%zz%"));
    }
}
