//! tuf 0.0.1: metadata of a TUF role, and the root that says whose keys may sign it.

use serde::Serialize;
use serde_json::Value;
use sigstead_crypto::sha256;

use crate::Rejection;
use crate::canonical::Canonical;
use crate::content::Content;
use crate::fields::{Fields, decode_base64};
use crate::pki::{TufMetadata, TufRoot};

/// Decoded; nothing believed yet.
#[derive(Debug, Clone)]
pub(crate) struct Tuf {
    metadata: TufMetadata,
    root: TufMetadata,
}

impl Tuf {
    pub(crate) fn parse(spec: &Value) -> Result<Self, Rejection> {
        let spec = Fields::of(Some(spec));
        let missing = |name: &str| {
            let field = spec.object(name);
            match (field.is_present(), field.value("content")) {
                (false, _) => Some(format!("{name} in body is required")),
                (true, None) => Some(format!("{name}.{name}.content in body is required")),
                (true, Some(_)) => None,
            }
        };
        let complaints: Vec<String> = ["metadata", "root"].into_iter().filter_map(missing).collect();
        if !complaints.is_empty() {
            return Err(Rejection::validation(&complaints));
        }
        Ok(Self { metadata: content(spec, "metadata")?, root: content(spec, "root")? })
    }

    /// Neither the root nor what it vouches for may be expired at `now_unix`.
    pub(crate) fn verify(self, now_unix: i64) -> Result<Canonical, Rejection> {
        let root = TufRoot::verify(self.root)?;
        root.metadata.check_expiry(now_unix)?;
        root.verify_role(&self.metadata, &self.metadata.role)?;
        self.metadata.check_expiry(now_unix)?;
        let (metadata, canonical_root) = (self.metadata.canonical()?, root.metadata.canonical()?);
        let search_values = vec![
            hex::encode(sha256(&metadata)),
            self.metadata.role,
            self.metadata.version.to_string(),
            hex::encode(sha256(&canonical_root)),
        ];
        let spec = Spec {
            metadata: Content::of(metadata),
            root: Content::of(canonical_root),
            spec_version: root.metadata.spec_version,
        };
        Canonical::new("tuf", "0.0.1", spec, search_values)
    }
}

/// Fields stand in the order of their names.
#[derive(Serialize)]
struct Spec {
    metadata: Content,
    root: Content,
    #[serde(skip_serializing_if = "String::is_empty")]
    spec_version: String,
}

/// Metadata as JSON, or as base64 of its text.
fn content(spec: Fields<'_>, name: &str) -> Result<TufMetadata, Rejection> {
    let content = spec.object(name).value("content");
    let Some(text) = content.and_then(Value::as_str) else {
        return TufMetadata::parse(content.unwrap_or(&Value::Null));
    };
    let failed = |why| Rejection::entry(format!("base64 decoding TUF {name} content: {why}"));
    TufMetadata::from_json(&decode_base64(text).map_err(failed)?)
}
