//! DSSE envelopes and the in-toto statements in them.

use serde_json::Value;

use crate::SearchField;
use crate::fields::{Fields, either_base64};

/// Payload type of in-toto statements.
pub(crate) const IN_TOTO: &str = "application/vnd.in-toto+json";

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

    /// What the payload is about.
    pub(crate) fn about(&self) -> About {
        About::payload(&self.payload_type, &self.payload)
    }
}

/// What an in-toto statement is about; nothing for any other payload.
#[derive(Debug, Default)]
pub(crate) struct About {
    /// Digests of its subjects and of its materials, `algorithm:value`.
    pub(crate) digests: Vec<String>,
    /// Its predicate type, and its subjects by name.
    pub(crate) fields: Vec<(SearchField, String)>,
}

impl About {
    pub(crate) fn payload(payload_type: &str, payload: &[u8]) -> Self {
        let statement = (payload_type == IN_TOTO).then(|| serde_json::from_slice::<Value>(payload).ok());
        statement.flatten().map(|statement| Self::statement(Fields::of(Some(&statement)))).unwrap_or_default()
    }

    fn statement(statement: Fields<'_>) -> Self {
        let predicate = statement.object("predicate");
        let subjects = statement.list("subject");
        let materials = predicate.list("materials");
        let dependencies = predicate.object("buildDefinition").list("resolvedDependencies");
        let described = subjects.iter().chain(materials).chain(dependencies);
        let kind = statement.text("predicateType").map(|kind| (SearchField::PredicateType, kind.to_owned()));
        let names = subjects.iter().filter_map(|subject| {
            let name = Fields::of(Some(subject)).text("name").filter(|name| !name.is_empty())?;
            Some((SearchField::SubjectName, name.to_owned()))
        });
        Self {
            digests: described.flat_map(digests).collect(),
            fields: kind.into_iter().chain(names).collect(),
        }
    }
}

fn digests(described: &Value) -> Vec<String> {
    let digest = Fields::of(Some(described)).value("digest").and_then(Value::as_object);
    let pairs = digest.into_iter().flatten();
    pairs.filter_map(|(algorithm, value)| Some(format!("{algorithm}:{}", value.as_str()?))).collect()
}
