//! Proposed entries of Rekor v1, every kind: what is taken has a leaf that is canonical JSON and leads to itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sigstead_entry::Proposed;

/// The time at which the seeds are valid.
const NOW: i64 = 1_800_000_000;

fuzz_target!(|bytes: &[u8]| {
    let Ok(entry) = serde_json::from_slice::<Value>(bytes) else { return };
    let Ok(canonical) = Proposed::parse(&entry).and_then(|entry| entry.verify(NOW)) else { return };
    let committed: Value = serde_json::from_slice(&canonical.body).unwrap();
    assert_eq!(canonical.body, serde_json_canonicalizer::to_vec(&committed).unwrap(), "RFC 8785");
    // Kinds whose content is dropped cannot be checked again; those that can lead to the same leaf.
    if let Ok(again) = Proposed::parse(&committed).and_then(|entry| entry.verify(NOW)) {
        assert_eq!(again.body, canonical.body);
    }
});
