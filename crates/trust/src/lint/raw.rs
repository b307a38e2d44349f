use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// What a `bytes` field of protobuf's JSON mapping holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Raw {
    Absent,
    NotBase64,
    /// PEM where DER belongs, as older tools wrote it.
    Pem,
    Bytes(Vec<u8>),
}

const PEM: &[u8] = b"-----BEGIN";

impl Raw {
    pub(super) fn read(field: Option<&Value>) -> Self {
        let Some(text) = field.filter(|field| !field.is_null()) else { return Self::Absent };
        let Some(text) = text.as_str() else { return Self::NotBase64 };
        if text.as_bytes().starts_with(PEM) {
            return Self::Pem;
        }
        match BASE64_STANDARD.decode(text) {
            Ok(bytes) if bytes.is_empty() => Self::Absent,
            Ok(bytes) if bytes.trim_ascii_start().starts_with(PEM) => Self::Pem,
            Ok(bytes) => Self::Bytes(bytes),
            Err(_) => Self::NotBase64,
        }
    }

    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}
