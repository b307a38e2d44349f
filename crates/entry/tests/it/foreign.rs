//! Entries around what other tools signed, against what Rekor's own code made of them.

use std::collections::HashMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::{any, proptest};
use proptest::sample::Index;
use serde_json::{Value, json};
use sigstead_entry::{Canonical, KeyFormat, Proposed, attestation_key};

use crate::{NOW, canonical, decoded};

const MADE: &[&str] = &[
    include_str!("../../testdata/artifacts/cose-tsr-tuf.jsonl"),
    include_str!("../../testdata/artifacts/rekord.jsonl"),
    include_str!("../../testdata/artifacts/packages.jsonl"),
    #[cfg(feature = "openpgp")]
    include_str!("../../testdata/artifacts/openpgp.jsonl"),
];
const REKOR: &[&str] = &[
    include_str!("../../testdata/artifacts/cose-tsr-tuf.rekor.jsonl"),
    include_str!("../../testdata/artifacts/rekord.rekor.jsonl"),
    include_str!("../../testdata/artifacts/packages.rekor.jsonl"),
    #[cfg(feature = "openpgp")]
    include_str!("../../testdata/artifacts/openpgp.rekor.jsonl"),
];
/// The first second of 2126, when the TUF metadata expires.
const EXPIRY: i64 = 4_922_899_200;

pub(crate) fn made() -> impl Iterator<Item = Value> {
    MADE.iter().copied().flat_map(str::lines).map(|line| serde_json::from_str(line).unwrap())
}

pub(crate) fn made_entry(name: &str) -> Value {
    made().find(|row| row["name"] == name).unwrap()["entry"].take()
}

/// What Rekor says, by name: `body` and `keys`, or `error`.
fn rekor() -> HashMap<String, Value> {
    let lines = REKOR.iter().copied().flat_map(str::lines);
    let rows = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| (row["name"].as_str().unwrap().to_owned(), row)).collect()
}

#[test]
fn entries_are_taken_and_refused_as_rekor_does() {
    let rekor = rekor();
    let mut taken = 0;
    for row in made() {
        let name = row["name"].as_str().unwrap();
        let theirs = &rekor[name];
        assert_eq!(
            theirs["error"].is_null(),
            row["taken"] != row["differs"].as_bool().unwrap_or(false),
            "{name}: Rekor, {theirs}"
        );
        match canonical(&row["entry"]) {
            Ok(ours) => {
                assert_eq!(row["taken"], true, "{name} was taken");
                if row["differs"] != true {
                    compare(name, &ours, theirs);
                }
                taken += 1;
            }
            Err(rejection) => {
                let why = row["why"].as_str().unwrap_or_else(|| panic!("{name}: {rejection}"));
                assert!(rejection.to_string().starts_with(why), "{name}: {rejection}");
                // Of what is no CBOR or no ZIP, each parser says something else.
                let is_unparsed = ["cose-trailing", "jar-more-than-counted"].contains(&name);
                if !is_unparsed && row["differs"] != true {
                    assert_eq!(Some(rejection.to_string().as_str()), theirs["error"].as_str(), "{name}");
                }
            }
        }
    }
    assert_eq!(taken, made().filter(|row| row["taken"] == true).count());
}

fn compare(name: &str, ours: &Canonical, theirs: &Value) {
    let body = std::str::from_utf8(&ours.body).unwrap();
    let Some(other_orders) = theirs["or"].as_array() else {
        assert_eq!(Some(body), theirs["body"].as_str(), "{name}");
        return compare_keys(name, ours, theirs, |_| true);
    };
    // Rekor writes several user ids in any order, in the body and anew for the key's hash.
    assert!(other_orders.iter().chain([&theirs["body"]]).any(|theirs| theirs == body), "{name}: {body}");
    compare_keys(name, ours, theirs, |key| key.contains(['@', ':']));
}

fn compare_keys(name: &str, ours: &Canonical, theirs: &Value, is_compared: impl Fn(&str) -> bool) {
    let keys = theirs["keys"].as_array().unwrap().iter().map(|key| key.as_str().unwrap());
    for key in keys.filter(|key| is_compared(key)) {
        assert!(ours.search_values.iter().any(|value| value == key), "{name}: {key}");
    }
}

#[test]
fn what_the_log_keeps_leads_to_the_same_leaf() {
    for row in made().filter(|row| row["taken"] == true) {
        let first = canonical(&row["entry"]).unwrap();
        let committed: Value = serde_json::from_slice(&first.body).unwrap();
        let proposed = Proposed::parse(&committed).unwrap();
        let is_whole = ["rfc3161", "tuf"].contains(&committed["kind"].as_str().unwrap());
        assert_eq!(proposed.is_insertable(), is_whole, "{}", row["name"]);
        assert_eq!(proposed.verify(NOW).unwrap().body, first.body, "{}", row["name"]);
    }
}

#[test]
fn a_cose_message_is_kept_under_its_hash() {
    let entry = made_entry("cose-in-toto");
    let canonical = canonical(&entry).unwrap();
    let (key, kept) = canonical.attestation.unwrap();
    assert_eq!(kept, decoded(&entry["spec"]["message"]));
    assert_eq!(attestation_key(&canonical.body), Some(key));
}

#[test]
fn tuf_metadata_expires_with_its_last_second() {
    let entry = made_entry("tuf-timestamp");
    let at = |now| Proposed::parse(&entry).unwrap().verify(now);
    at(EXPIRY - 1).unwrap();
    let rejection = at(EXPIRY).unwrap_err();
    assert_eq!(rejection.to_string(), "expired at 2126-01-01 00:00:00 +0000 UTC");
}

#[test]
fn a_tuf_root_finds_its_entries_also_once_it_is_expired() {
    for (name, taken) in [("tuf-timestamp", true), ("tuf-root-expired", false)] {
        let entry = made_entry(name);
        let root = decoded(&entry["spec"]["root"]["content"]);
        let hash = KeyFormat::Tuf.key_hash(&root).unwrap();
        if taken {
            assert!(canonical(&entry).unwrap().search_values.contains(&hash));
        }
        let mut other: Value = serde_json::from_slice(&root).unwrap();
        other["signed"]["version"] = json!(9);
        KeyFormat::Tuf.key_hash(other.to_string().as_bytes()).unwrap_err();
    }
}

#[test]
fn missing_parts_are_named() {
    let complaints = [
        ("rfc3161", json!({}), "tsr in body is required"),
        ("rfc3161", json!({ "tsr": {} }), "tsr.tsr.content in body is required"),
        ("cose", json!({ "data": {} }), "publicKey in body is required"),
        ("alpine", json!({}), "package in body is required\npublicKey in body is required"),
        ("jar", json!({}), "archive in body is required"),
        (
            "jar",
            json!({ "archive": { "hash": { "algorithm": "sha256" } }, "signature": { "content": "AA==" } }),
            "archive.archive.hash.archive.hash.value in body is required\nsignature.signature.publicKey in body is required",
        ),
        ("tuf", json!({}), "metadata in body is required\nroot in body is required"),
        (
            "tuf",
            json!({ "metadata": {}, "root": { "content": "" } }),
            "metadata.metadata.content in body is required",
        ),
    ];
    for (kind, spec, complaint) in complaints {
        let entry = json!({ "kind": kind, "apiVersion": "0.0.1", "spec": spec });
        let rejection = canonical(&entry).unwrap_err();
        assert_eq!(rejection.to_string(), format!("validation failure list:\n{complaint}"));
    }
}

/// Where a mutation goes: the text of the request, or the bytes that a field holds in base64.
const HELD: [&str; 10] = [
    "/spec/message",
    "/spec/publicKey",
    "/spec/tsr/content",
    "/spec/metadata/content",
    "/spec/root/content",
    "/spec/data/content",
    "/spec/package/content",
    "/spec/archive/content",
    "/spec/signature/content",
    "/spec/signature/publicKey/content",
];

proptest! {
    /// One entry with one place changed, or cut off there, in what one of its fields holds.
    #[test]
    fn no_message_timestamp_or_metadata_panics(which in any::<Index>(), held in any::<Index>(), place in any::<Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let rows: Vec<Value> = made().collect();
        let mut entry = rows[which.index(rows.len())]["entry"].clone();
        let fields: Vec<&str> =
            HELD.into_iter().filter(|path| entry.pointer(path).is_some_and(Value::is_string)).collect();
        if !fields.is_empty() {
            let field = entry.pointer_mut(fields[held.index(fields.len())]).unwrap();
            let mut bytes = decoded(field);
            if !bytes.is_empty() {
                let place = place.index(bytes.len());
                bytes[place] = byte;
                if cut {
                    bytes.truncate(place);
                }
            }
            *field = BASE64_STANDARD.encode(bytes).into();
        }
        let _ = canonical(&entry);
    }
}
