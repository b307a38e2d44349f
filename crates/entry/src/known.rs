use serde_json::Value;

use crate::envelope::{About, IN_TOTO};
use crate::fields::Fields;
use crate::{Proposed, SearchField};

/// What an entry that another log has taken is found by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// As in [`Canonical`](crate::Canonical).
    pub search_values: Vec<String>,
    /// As in [`Canonical`](crate::Canonical).
    pub fields: Vec<(SearchField, String)>,
}

/// Reads a leaf that another log has checked, with the attestation that it kept beside it. Whatever is not
/// understood is left out: such a leaf is found by less, not refused.
///
/// `taken_unix` is when the log took it, in Unix seconds.
pub fn known_of(body: &[u8], attestation: Option<&[u8]>, taken_unix: i64) -> Known {
    let Ok(entry) = serde_json::from_slice::<Value>(body) else { return Known::default() };
    let kind = Fields::of(Some(&entry)).text("kind").unwrap_or_default();
    let canonical = Proposed::parse(&entry).and_then(|entry| entry.verify_taken(taken_unix));
    let mut known = match canonical.ok().filter(|canonical| canonical.body == body) {
        Some(canonical) => Known { search_values: canonical.search_values, fields: canonical.fields },
        None => Known { fields: vec![(SearchField::Kind, kind.to_owned())], ..Known::default() },
    };
    if let Some(statement) = attestation.filter(|_| kind == "intoto") {
        let about = About::payload(IN_TOTO, statement);
        known.search_values.extend(about.digests);
        known.fields.extend(about.fields);
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_left_out() {
        assert_eq!(known_of(b"not JSON", None, 0), Known::default());
        let strange = known_of(br#"{"kind":"of-tomorrow","apiVersion":"9.0.0","spec":{}}"#, None, 0);
        assert_eq!(strange.fields, [(SearchField::Kind, "of-tomorrow".to_owned())]);
        assert!(strange.search_values.is_empty());
    }

    #[test]
    fn a_statement_beside_its_leaf_is_read() {
        let statement =
            br#"{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://slsa.dev/provenance/v1",
            "subject":[{"name":"app","digest":{"sha256":"abcd"}}]}"#;
        let known = known_of(br#"{"kind":"intoto","apiVersion":"9.0.0","spec":{}}"#, Some(statement), 0);
        assert_eq!(known.search_values, ["sha256:abcd"]);
        assert!(known.fields.contains(&(SearchField::SubjectName, "app".to_owned())));
        let other = known_of(br#"{"kind":"cose","apiVersion":"9.0.0","spec":{}}"#, Some(statement), 0);
        assert!(other.search_values.is_empty());
    }
}
