use sigstead_x509::Certificate;
use sigstead_x509::precertificate::{tbs_without_poison, tbs_without_scts};
use sigstead_x509::sct::{SignedEntry, take_u24};

use crate::leaf::{MERKLE_TREE_LEAF, Timestamped};

/// An entry of any CT log, as `get-entries` answers it (RFC 6962 §4.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedCertificate {
    /// When the log promised it, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// The certificate, or the precertificate.
    pub certificate: Certificate,
    /// Of a precertificate: what the log signed for.
    tbs: Option<Vec<u8>>,
}

impl LoggedCertificate {
    /// From `leaf_input`, which is what the tree's root commits to, and `extra_data`, which must agree with it.
    pub fn parse(leaf_input: &[u8], extra_data: &[u8]) -> Option<Self> {
        let (Timestamped { time_ms, entry }, rest) =
            Timestamped::take(leaf_input.strip_prefix(&MERKLE_TREE_LEAF)?)?;
        if !rest.is_empty() {
            return None;
        }
        match entry {
            SignedEntry::X509(der) => {
                Some(Self { time_ms, certificate: Certificate::from_der(der).ok()?, tbs: None })
            }
            SignedEntry::Precertificate { tbs, .. } => {
                let certificate = Certificate::from_der(take_u24(extra_data)?.0).ok()?;
                let is_the_same = tbs_without_poison(&certificate).ok()? == tbs;
                is_the_same.then(|| Self { time_ms, certificate, tbs: Some(tbs.to_vec()) })
            }
        }
    }

    /// Whether this is the entry of `issued`: it, or its precertificate.
    pub fn is_of(&self, issued: &Certificate) -> bool {
        match &self.tbs {
            None => self.certificate == *issued,
            Some(tbs) => tbs_without_scts(issued).is_ok_and(|issued| issued == *tbs),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn no_answer_panics(
            leaf in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..120),
            extra in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40),
        ) {
            let leaf = [MERKLE_TREE_LEAF.as_slice(), &leaf].concat();
            assert_eq!(LoggedCertificate::parse(&leaf, &extra), None);
        }
    }
}
