//! OpenPGP keys, and the kinds that are signed with them, against the recorded answers of a real Rekor.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::{any, proptest};
use proptest::sample::Index;
use serde_json::Value;
use sigstead_entry::KeyFormat;

use crate::{canonical, decoded, recorded};

fn rekords() -> impl Iterator<Item = Value> {
    let is_pgp = |row: &Value| row["status"] == 201 && row["request"]["spec"]["signature"]["format"] == "pgp";
    recorded().filter(is_pgp)
}

#[test]
fn key_hashes_are_rekors_also_of_the_canonical_key() {
    let mut compared = 0;
    for row in rekords() {
        let body: Value = serde_json::from_str(row["canonicalBody"].as_str().unwrap()).unwrap();
        for entry in [&row["request"], &body] {
            let key = decoded(&entry["spec"]["signature"]["publicKey"]["content"]);
            let hash = KeyFormat::Pgp.key_hash(&key).unwrap();
            assert_eq!(Some(hash.as_str()), row["indexKeys"][0].as_str(), "{}", row["name"]);
            compared += 1;
        }
    }
    assert!(compared >= 6, "only {compared} keys were compared");
}

/// Fields that hold bytes in base64.
const HELD: [&str; 3] =
    ["/spec/publicKey/content", "/spec/chart/provenance/content", "/spec/package/content"];

fn signed(kind: &str) -> Value {
    recorded().find(|row| row["status"] == 201 && row["request"]["kind"] == kind).unwrap()["request"].take()
}

#[test]
fn what_is_signed_cannot_be_changed() {
    for (kind, field, from, to) in [
        ("helm", HELD[1], &b"sha256:6"[..], &b"sha256:7"[..]),
        ("rpm", HELD[2], b"test-package", b"best-package"),
    ] {
        let mut entry = signed(kind);
        let content = entry.pointer_mut(field).unwrap();
        let mut bytes = decoded(content);
        let at = bytes.windows(from.len()).rposition(|window| window == from).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to);
        *content = BASE64_STANDARD.encode(bytes).into();
        canonical(&entry).unwrap_err();
    }
}

#[test]
fn another_key_does_not_verify() {
    for (kind, other) in [("helm", "rpm"), ("rpm", "helm")] {
        let mut entry = signed(kind);
        entry["spec"]["publicKey"] = signed(other)["spec"]["publicKey"].take();
        let why = canonical(&entry).unwrap_err().to_string();
        assert!(why.contains("unknown entity") || why.contains("not found"), "{why}");
    }
}

proptest! {
    /// One place changed, or cut off there.
    #[test]
    fn no_key_chart_or_package_panics(of_rpm in any::<bool>(), held in any::<Index>(), place in any::<Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut entry = signed(if of_rpm { "rpm" } else { "helm" });
        let fields: Vec<&str> = HELD.into_iter().filter(|path| entry.pointer(path).is_some()).collect();
        let field = entry.pointer_mut(fields[held.index(fields.len())]).unwrap();
        let mut bytes = decoded(field);
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if cut {
            bytes.truncate(place);
        }
        *field = BASE64_STANDARD.encode(bytes).into();
        let _ = canonical(&entry);
    }

    /// The same within armor, where most of a key's parser is.
    #[test]
    fn no_packets_panic(which in any::<Index>(), place in any::<Index>(), byte in any::<u8>()) {
        let rows: Vec<Value> = rekords().collect();
        let armored = decoded(&rows[which.index(rows.len())]["request"]["spec"]["signature"]["publicKey"]["content"]);
        let text = String::from_utf8(armored).unwrap();
        let base64: String =
            text.lines().skip_while(|line| !line.is_empty()).take_while(|line| !line.starts_with(['=', '-'])).collect();
        let mut packets = BASE64_STANDARD.decode(base64).unwrap();
        let place = place.index(packets.len());
        packets[place] = byte;
        let _ = KeyFormat::Pgp.key_hash(&packets);
    }
}
