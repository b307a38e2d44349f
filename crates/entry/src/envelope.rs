//! DSSE envelopes and the in-toto statements in them.

use serde_json::Value;

use crate::fields::{Fields, either_base64};

/// Payload type of in-toto statements.
const IN_TOTO: &str = "application/vnd.in-toto+json";

/// A DSSE envelope, decoded.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) payload_type: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) signatures: Vec<EnvelopeSignature>,
}

#[derive(Debug, Clone)]
pub(crate) struct EnvelopeSignature {
    /// Base64, as it was given.
    pub(crate) text: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) key_id: String,
}

impl Envelope {
    /// From the envelope's JSON text; `Err` with what Go would say.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let envelope = Fields::of(Some(&value));
        let undecodable = || "unable to base64 decode payload (is payload in the right format?)".to_owned();
        let payload = either_base64(envelope.text("payload").unwrap_or_default()).ok_or_else(undecodable)?;
        let signatures = envelope.list("signatures").iter().map(|signature| {
            let signature = Fields::of(Some(signature));
            let text = signature.text("sig").unwrap_or_default().to_owned();
            let bytes = either_base64(&text).ok_or_else(undecodable)?;
            Ok(EnvelopeSignature {
                text,
                bytes,
                key_id: signature.text("keyid").unwrap_or_default().to_owned(),
            })
        });
        Ok(Self {
            payload_type: envelope.text("payloadType").unwrap_or_default().to_owned(),
            payload,
            signatures: signatures.collect::<Result<_, String>>()?,
        })
    }

    /// What the signatures are over.
    pub(crate) fn signed_bytes(&self) -> Vec<u8> {
        let header =
            format!("DSSEv1 {} {} {} ", self.payload_type.len(), self.payload_type, self.payload.len());
        [header.as_bytes(), &self.payload].concat()
    }

    /// What the payload is about, if it is an in-toto statement.
    pub(crate) fn subject_digests(&self) -> Vec<String> {
        subject_digests(&self.payload_type, &self.payload)
    }
}

/// What an in-toto statement is about: digests of its subjects and of its materials, `algorithm:value`.
pub(crate) fn subject_digests(payload_type: &str, payload: &[u8]) -> Vec<String> {
    if payload_type != IN_TOTO {
        return Vec::new();
    }
    let Ok(statement) = serde_json::from_slice::<Value>(payload) else { return Vec::new() };
    let statement = Fields::of(Some(&statement));
    let predicate = statement.object("predicate");
    let described = [
        statement.list("subject"),
        predicate.list("materials"),
        predicate.object("buildDefinition").list("resolvedDependencies"),
    ];
    described.concat().iter().flat_map(digests).collect()
}

fn digests(described: &Value) -> Vec<String> {
    let digest = Fields::of(Some(described)).value("digest").and_then(Value::as_object);
    let pairs = digest.into_iter().flatten();
    pairs.filter_map(|(algorithm, value)| Some(format!("{algorithm}:{}", value.as_str()?))).collect()
}
