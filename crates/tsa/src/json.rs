use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use const_oid::ObjectIdentifier;
use serde::Deserialize;
use serde_json::value::RawValue;
use sigstead_crypto::HashAlgorithm;

use crate::decimal;
use crate::error::Error;
use crate::request::Request;

/// Longest JSON request.
const MAX_JSON: usize = 1024;

/// The JSON form of a request; unknown fields are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonRequest<'a> {
    artifact_hash: Option<String>,
    hash_algorithm: Option<String>,
    #[serde(default)]
    certificates: Option<bool>,
    /// A number of any size, so it is read as text.
    #[serde(borrow)]
    nonce: Option<&'a RawValue>,
    #[serde(rename = "tsaPolicyOID")]
    policy: Option<String>,
}

impl Request {
    /// From the JSON form.
    pub(crate) fn from_json(text: &[u8]) -> Result<Self, Error> {
        if text.len() > MAX_JSON {
            return Err(Error::TooLarge);
        }
        let sent: JsonRequest<'_> = serde_json::from_slice(text).map_err(|_| Error::Malformed)?;
        let name = sent.hash_algorithm.ok_or(Error::Malformed)?.to_ascii_lowercase();
        if name == "sha1" {
            return Err(Error::WeakHash);
        }
        let digest =
            sent.artifact_hash.and_then(|hash| BASE64_STANDARD.decode(hash).ok()).ok_or(Error::Malformed)?;
        let policy = match sent.policy.as_deref().filter(|policy| !policy.is_empty()) {
            Some(policy) => Some(ObjectIdentifier::new(policy).map_err(|_| Error::PolicyFormat)?),
            None => None,
        };
        let nonce = match sent.nonce.map(RawValue::get).filter(|nonce| *nonce != "null") {
            Some(nonce) => Some(decimal::integer(nonce).ok_or(Error::Malformed)?),
            None => None,
        };
        Self {
            algorithm: HashAlgorithm::from_name(&name).ok_or(Error::UnknownHash)?,
            digest,
            policy,
            nonce,
            wants_certificate: sent.certificates.unwrap_or(false),
            extensions: None,
        }
        .checked()
    }
}
