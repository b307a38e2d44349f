use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use base64::{DecodeError, Engine as _};
use serde_json::{Map, Value};

/// Looks fields of a JSON object up as Go's decoder does: names match in any case, `null` is absent.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a>(Option<&'a Map<String, Value>>);

impl<'a> Fields<'a> {
    /// The fields of `value`; none if it is not an object.
    pub fn of(value: Option<&'a Value>) -> Self {
        Self(value.and_then(Value::as_object))
    }

    /// A field.
    pub fn value(self, name: &str) -> Option<&'a Value> {
        let map = self.0?;
        let found = map
            .get(name)
            .or_else(|| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value));
        found.filter(|value| !value.is_null())
    }

    /// The fields of a field.
    pub fn object(self, name: &str) -> Self {
        Self::of(self.value(name))
    }

    /// A field that is a string.
    pub fn text(self, name: &str) -> Option<&'a str> {
        self.value(name).and_then(Value::as_str)
    }

    /// A field that is an array; empty otherwise.
    pub fn list(self, name: &str) -> &'a [Value] {
        self.value(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// A field that is base64.
    pub(crate) fn bytes(self, name: &str) -> Option<Vec<u8>> {
        base64(self.text(name)?)
    }

    /// The texts of a field that is an object.
    pub(crate) fn texts(self, name: &str) -> BTreeMap<String, String> {
        let texts = self.value(name).and_then(Value::as_object).into_iter().flatten();
        texts.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
    }

    /// Whether there is an object.
    pub const fn is_present(self) -> bool {
        self.0.is_some()
    }
}

/// Standard, padded base64; `None` for anything else.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    decode_base64(text).ok()
}

/// Standard, padded base64, of which line breaks are no part, for Go's decoder leaves them out; `Err` with
/// what Go would say.
pub(crate) fn decode_base64(text: &str) -> Result<Vec<u8>, String> {
    let text = without_line_breaks(text);
    BASE64_STANDARD.decode(text.as_ref()).map_err(|error| {
        let at = match error {
            DecodeError::InvalidByte(at, _) | DecodeError::InvalidLastSymbol(at, _) => at,
            // What is missing is missing from the last four characters.
            DecodeError::InvalidLength(_) | DecodeError::InvalidPadding => text.len() - text.len() % 4,
        };
        format!("illegal base64 data at input byte {at}")
    })
}

/// Base64 in either alphabet, as DSSE allows.
pub(crate) fn either_base64(text: &str) -> Option<Vec<u8>> {
    let text = without_line_breaks(text);
    BASE64_STANDARD.decode(text.as_ref()).or_else(|_| BASE64_URL_SAFE.decode(text.as_ref())).ok()
}

fn without_line_breaks(text: &str) -> Cow<'_, str> {
    if text.contains(['\n', '\r']) { text.replace(['\n', '\r'], "").into() } else { text.into() }
}

/// Whether `text` is a SHA-256 in hex.
pub(crate) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
