use std::collections::BTreeSet;

use super::ALL;
use super::file::File;
use super::root::Root;
use crate::lint::rule::{Check, Finding, error, findings, when};

/// How many of a role's keys signed a file, as one root sees it.
struct Signatures {
    root: String,
    valid: u64,
    needed: u64,
}

/// Whether enough of the keys that `root` names for the file's role signed it.
pub(super) fn findings_of(file: &File, root: &Root) -> Vec<Finding> {
    // A role that is missing is told of its root.
    let Some(keys) = root.role(file.role) else { return Vec::new() };
    let message = file.envelope.message().unwrap_or_default();
    let signed = file.envelope.signatures().filter(|(keyid, _)| keys.keyids.iter().any(|id| id == keyid));
    let valid: BTreeSet<_> = signed
        .filter_map(|(keyid, signature)| {
            let key = root.keys.get(keyid)?;
            let signature = hex::decode(signature).ok()?;
            // One key under two ids counts once.
            key.verifies(&message, &signature).then(|| key.key.as_ref().map(|key| key.fingerprint()))?
        })
        .collect();
    let counted = Signatures {
        root: root.name.clone(),
        valid: u64::try_from(valid.len()).unwrap_or(u64::MAX),
        needed: keys.threshold,
    };
    findings(SIGNATURES, &counted, &file.name)
}

static SIGNATURES: &[Check<Signatures>] = &[Check {
    rule: error(
        "tuf-signatures",
        ALL,
        "refuse the file",
        "have more of the role's keys sign exactly what is published",
    ),
    at: "signatures",
    broken: |counted| {
        let Signatures { root, valid, needed } = counted;
        when(valid < needed, format!("{valid} valid of the {needed} that {root} wants"))
    },
}];
