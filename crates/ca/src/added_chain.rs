use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use sigstead_x509::Sct;

/// An SCT as RFC 6962 §4.1 writes it in JSON: what logs answer, and how Fulcio's APIs hand it on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddedChain {
    sct_version: u8,
    id: String,
    timestamp: u64,
    #[serde(default)]
    extensions: String,
    signature: String,
}

impl AddedChain {
    /// `None` unless it is of version 1, which is written 0.
    pub fn into_sct(self) -> Option<Sct> {
        let decode = |text: &str| BASE64_STANDARD.decode(text).ok();
        (self.sct_version == 0).then_some(())?;
        Some(Sct {
            log_id: decode(&self.id)?.try_into().ok()?,
            timestamp: self.timestamp,
            extensions: decode(&self.extensions)?,
            signature: decode(&self.signature)?,
        })
    }

    /// The JSON of an SCT.
    pub(crate) fn json(sct: &Sct) -> String {
        let added = Self {
            sct_version: 0,
            id: BASE64_STANDARD.encode(sct.log_id),
            timestamp: sct.timestamp,
            extensions: BASE64_STANDARD.encode(&sct.extensions),
            signature: BASE64_STANDARD.encode(&sct.signature),
        };
        serde_json::to_string(&added).unwrap_or_default()
    }
}
