//! Entries against the recorded answers of a real Rekor, and their rules one by one.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at the first surprise")]

mod base64_alphabets;
mod certificates;
mod chains;
mod envelopes;
mod foreign;
mod found_by;
#[cfg(feature = "openpgp")]
mod openpgp;
mod rekord;
mod signed;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::{any, proptest};
use serde_json::Value;
use sigstead_entry::{Canonical, Proposed, Rejection};

const RECORDED: &str = include_str!("../../testdata/rekor-v1.jsonl");
/// Kinds of recorded entries.
const KINDS: [&str; 9] =
    ["hashedrekord", "rekord", "dsse", "intoto", "cose", "rfc3161", "alpine", "helm", "rpm"];
/// January 2027.
const NOW: i64 = 1_800_000_000;

fn recorded() -> impl Iterator<Item = Value> {
    RECORDED.lines().map(|line| {
        let mut row: Value = serde_json::from_str(line).unwrap();
        // The recording keeps the request as the text that was sent.
        let request = row["request"].as_str().and_then(|text| serde_json::from_str(text).ok());
        row["request"] = request.unwrap_or(Value::Null);
        row
    })
}

/// The recorded attempts to create an entry of a kind that is taken here.
fn creations() -> impl Iterator<Item = Value> {
    let taken = |row: &Value| {
        let kind = row["request"]["kind"].as_str().unwrap_or_default();
        let is_openpgp =
            ["helm", "rpm"].contains(&kind) || row["request"]["spec"]["signature"]["format"] == "pgp";
        row["method"] == "POST"
            && row["path"] == "/api/v1/log/entries"
            && KINDS.contains(&kind)
            && (cfg!(feature = "openpgp") || !is_openpgp)
    };
    recorded().filter(taken)
}

fn canonical(entry: &Value) -> Result<Canonical, Rejection> {
    Proposed::parse(entry)?.verify(NOW)
}

fn decoded(text: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(text.as_str().unwrap()).unwrap()
}

#[test]
fn canonical_bodies_and_search_keys_are_rekors() {
    let mut compared = 0;
    for row in creations().filter(|row| row["status"] == 201) {
        let name = &row["name"];
        let canonical = canonical(&row["request"]).unwrap_or_else(|error| panic!("{name}: {error}"));
        let body = std::str::from_utf8(&canonical.body).unwrap();
        assert_eq!(Some(body), row["canonicalBody"].as_str(), "{name}");
        let parsed: Value = serde_json::from_str(body).unwrap();
        assert_eq!(canonical.body, serde_json_canonicalizer::to_vec(&parsed).unwrap(), "{name}: RFC 8785");
        for key in row["indexKeys"].as_array().unwrap() {
            let key = key.as_str().unwrap();
            let has_it = canonical.search_values.iter().any(|value| value.eq_ignore_ascii_case(key));
            assert!(has_it, "{name}: {key} is not among {:?}", canonical.search_values);
        }
        compared += 1;
    }
    assert!(compared >= 14, "only {compared} entries were compared");
}

#[test]
fn rejections_are_rekors() {
    let mut compared = 0;
    // What Rekor cannot take and this log can: see docs/compatibility.md.
    let is_refused = |row: &Value| row["status"].as_u64() >= Some(400) && row["status"] != 409;
    for row in creations().filter(|row| is_refused(row) && row["name"] != "rekord-ssh-sha256-rejected") {
        let Err(rejection) = canonical(&row["request"]) else { panic!("{} was taken", row["name"]) };
        // Without its hash, an intoto 0.0.2 entry fails inside Rekor (500); here it is refused.
        if row["name"] != "intoto002-nohash" {
            let answer: Value = serde_json::from_str(row["response"].as_str().unwrap()).unwrap();
            let message = answer["message"].as_str().unwrap();
            let message = message.strip_prefix("error processing entry: ").unwrap_or(message);
            assert_eq!(rejection.to_string(), message, "{}", row["name"]);
        }
        compared += 1;
    }
    assert!(compared >= 13, "only {compared} rejections were compared");
}

#[test]
fn committed_entries_lead_to_the_same_leaf_but_are_not_insertable() {
    for row in creations().filter(|row| row["status"] == 201) {
        let committed: Value = serde_json::from_str(row["canonicalBody"].as_str().unwrap()).unwrap();
        let proposed = Proposed::parse(&committed).unwrap();
        let is_whole = ["hashedrekord", "rfc3161"].contains(&committed["kind"].as_str().unwrap());
        assert_eq!(proposed.is_insertable(), is_whole, "{}", row["name"]);
        let again = proposed.verify(NOW).unwrap();
        assert_eq!(Some(std::str::from_utf8(&again.body).unwrap()), row["canonicalBody"].as_str());
    }
}

proptest! {
    /// One recorded entry with one place of its text changed.
    #[test]
    fn no_entry_panics(which in any::<proptest::sample::Index>(), place in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let entries: Vec<String> = creations().map(|row| row["request"].to_string()).collect();
        let mut text = entries[which.index(entries.len())].clone().into_bytes();
        let place = place.index(text.len());
        text[place] = byte;
        if let Ok(value) = serde_json::from_slice(&text) {
            let _ = canonical(&value);
        }
    }
}
