//! rfc3161 0.0.1: a timestamp, signed by a certificate that it carries.

use der::asn1::{BitStringRef, Utf8StringRef};
use der::{AnyRef, Decode as _, Encode as _, Sequence};
use serde::Serialize;
use serde_json::Value;
use sigstead_x509::cms::{CmsError, SignedData};

use crate::Rejection;
use crate::canonical::{Canonical, Hash};
use crate::content::{Content, content, required};
use crate::fields::Fields;

/// Longest TimeStampResp, Rekor's limit.
const MAX_RESPONSE: usize = 10 * 1024;

/// Decoded; nothing believed yet.
#[derive(Debug, Clone)]
pub(crate) struct Rfc3161 {
    /// The TimeStampResp in DER, as it was sent.
    response: Vec<u8>,
    /// Its ContentInfo in DER.
    token: Vec<u8>,
}

impl Rfc3161 {
    pub(crate) fn parse(spec: &Value) -> Result<Self, Rejection> {
        let tsr = Fields::of(Some(spec)).object("tsr");
        let missing = |what| Rejection::validation(&[required(what)]);
        if !tsr.is_present() {
            return Err(missing("tsr"));
        }
        let response = content(tsr, "tsr content")?.ok_or_else(|| missing("tsr.tsr.content"))?;
        if response.len() > MAX_RESPONSE {
            return Err(Rejection::entry("tsr exceeds maximum allowed size (10kB)"));
        }
        let token = granted_token(&response)?;
        Ok(Self { token, response })
    }

    /// By the certificate inside; who certified that is not asked.
    pub(crate) fn verify(self) -> Result<Canonical, Rejection> {
        let signed = SignedData::from_content_info(&self.token).map_err(|error| match error {
            CmsError::ContentType(_) => Rejection::entry(format!("tsr {error}")),
            error => Rejection::entry(error.to_string()),
        })?;
        signed.verify().map_err(|error| Rejection::entry(format!("tsr verification error: {error}")))?;
        let spec = Spec { tsr: Content::of(&self.response) };
        Canonical::new("rfc3161", "0.0.1", spec, vec![Hash::sha256_of(&self.response).prefixed()])
    }
}

#[derive(Serialize)]
struct Spec {
    tsr: Content,
}

/// RFC 3161 §2.4.2.
#[derive(Sequence)]
struct TimeStampResp<'a> {
    status: PkiStatusInfo<'a>,
    #[asn1(optional = "true")]
    token: Option<AnyRef<'a>>,
}

/// RFC 3161 §2.4.2.
#[derive(Sequence)]
struct PkiStatusInfo<'a> {
    status: i32,
    #[asn1(optional = "true")]
    text: Option<Vec<Utf8StringRef<'a>>>,
    #[asn1(optional = "true")]
    failure: Option<BitStringRef<'a>>,
}

fn granted_token(response: &[u8]) -> Result<Vec<u8>, Rejection> {
    let malformed = |error: der::Error| Rejection::entry(format!("asn1: structure error: {error}"));
    let response = TimeStampResp::from_der(response).map_err(malformed)?;
    match (response.status.status, response.token) {
        (GRANTED | GRANTED_WITH_MODS, Some(token)) => token.to_der().map_err(malformed),
        (GRANTED | GRANTED_WITH_MODS, None) => Err(Rejection::entry("tsr wrong content type: ")),
        (status, _) => Err(Rejection::entry(format!("tsr status not granted: {status}"))),
    }
}

const GRANTED: i32 = 0;
const GRANTED_WITH_MODS: i32 = 1;
