//! Detached signatures by OpenSSH, minisign, signify and openssl, beyond what Rekor has to say of them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::{any, proptest};
use proptest::sample::Index;
use serde_json::{Value, json};
use sigstead_crypto::{pem, sha256};
use sigstead_entry::{KeyFormat, SearchField};

use crate::foreign::{made, made_entry};
use crate::{canonical, decoded};

const SIGNATURE: &str = "/spec/signature/content";
const KEY: &str = "/spec/signature/publicKey/content";

fn kept(entry: &Value) -> Value {
    serde_json::from_slice(&canonical(entry).unwrap().body).unwrap()
}

fn text(entry: &Value, field: &str) -> String {
    String::from_utf8(decoded(entry.pointer(field).unwrap())).unwrap()
}

/// What is inside a signature's armor.
fn unarmored(entry: &Value) -> Vec<u8> {
    pem::blocks(text(entry, SIGNATURE).as_bytes()).remove(0).der
}

#[test]
fn an_ssh_signature_keeps_its_hash() {
    let names = ["rsa", "p256", "p384", "p521", "ed25519"].into_iter();
    for name in names.flat_map(|key| ["sha256", "sha512"].map(|hash| format!("ssh-{key}-{hash}"))) {
        let entry = made_entry(&name);
        let kept = kept(&entry);
        assert_eq!(unarmored(&kept), unarmored(&entry), "{name}: as ssh-keygen made it");
        assert!(text(&kept, SIGNATURE).lines().all(|line| line.len() <= 64), "{name}");
    }
}

#[test]
fn an_address_beside_an_ssh_key_finds_its_entries() {
    let rows = [
        ("ssh-ed25519-sha512", Some("ada@example.com")),
        ("ssh-comment-without-address", None),
        ("ssh-no-comment", None),
        ("ssh-comment-of-words", None),
    ];
    for (name, address) in rows {
        let canonical = canonical(&made_entry(name)).unwrap();
        let found: Vec<_> = canonical.search_values.iter().filter(|value| value.contains('@')).collect();
        assert_eq!(found, Vec::from_iter(address), "{name}");
        let subjects = canonical.fields.iter().filter(|(field, _)| *field == SearchField::Subject);
        assert_eq!(subjects.map(|(_, subject)| subject.as_str()).next(), address, "{name}");
    }
}

#[test]
fn one_key_however_its_file_is_written() {
    for (format, names) in [
        (KeyFormat::Ssh, ["ssh-ed25519-sha512", "ssh-no-comment", "ssh-windows", "ssh-authorized-keys"]),
        (
            KeyFormat::Minisign,
            ["minisign-hashed", "minisign-line", "minisign-windows", "minisign-no-final-line-feed"],
        ),
    ] {
        let of = |name: &str| {
            let entry = made_entry(name);
            let hash = format.key_hash(&decoded(entry.pointer(KEY).unwrap())).unwrap();
            let canonical = canonical(&entry).unwrap();
            assert!(canonical.search_values.contains(&hash), "{name}");
            let kept = decoded(kept(&entry).pointer(KEY).unwrap());
            assert_eq!(hash, hex::encode(sha256(&kept)), "{name}");
            hash
        };
        let hashes = names.map(of);
        assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
        format.key_hash(b"junk").unwrap_err();
    }
}

#[test]
fn missing_parts_are_named() {
    let list = |complaint: &str| format!("validation failure list:\n{complaint}");
    let signature = json!({ "format": "ssh", "content": "AA==", "publicKey": { "content": "AA==" } });
    let complaints = [
        (json!({}), list("data in body is required\nsignature in body is required")),
        (json!({ "data": {}, "signature": {} }), list("signature.signature.content in body is required")),
        (
            json!({ "data": {}, "signature": { "content": "AA==" } }),
            list("signature.signature.format in body is required"),
        ),
        (
            json!({ "data": {}, "signature": { "content": "AA==", "format": "tuf" } }),
            list("signature.signature.format in body should be one of [pgp minisign x509 ssh]"),
        ),
        (
            json!({ "data": {}, "signature": { "content": "AA==", "format": "ssh" } }),
            list("signature.signature.publicKey in body is required"),
        ),
        (
            json!({ "data": {}, "signature": { "content": "AA==", "format": "ssh", "publicKey": {} } }),
            list("signature.signature.publicKey.signature.publicKey.content in body is required"),
        ),
        (
            json!({ "data": { "hash": {} }, "signature": signature }),
            list("data.data.hash.data.hash.algorithm in body is required"),
        ),
        (
            json!({ "data": { "hash": { "algorithm": "sha512" } }, "signature": signature }),
            list("data.data.hash.data.hash.algorithm in body should be one of [sha256]"),
        ),
        (
            json!({ "data": { "hash": { "algorithm": "sha256" } }, "signature": signature }),
            list("data.data.hash.data.hash.value in body is required"),
        ),
        (
            json!({ "data": { "hash": { "algorithm": "sha256", "value": "" } }, "signature": signature }),
            "missing hash value".to_owned(),
        ),
        (json!({ "data": {}, "signature": signature }), "'content' must be specified for data".to_owned()),
        (
            json!({ "data": { "content": "A!" }, "signature": signature }),
            "failed parsing base64 data for data content: illegal base64 data at input byte 1".to_owned(),
        ),
    ];
    for (spec, complaint) in complaints {
        let entry = json!({ "kind": "rekord", "apiVersion": "0.0.1", "spec": spec });
        assert_eq!(canonical(&entry).unwrap_err().to_string(), complaint);
    }
}

#[test]
fn every_bit_of_a_signature_counts() {
    for name in ["ssh-ed25519-sha512", "ssh-p256-sha512", "ssh-sk-p256", "ssh-sk-ed25519"] {
        let entry = made_entry(name);
        let bytes = unarmored(&entry);
        let tail = bytes.len() - 64..bytes.len();
        for place in tail {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            let mut entry = entry.clone();
            *entry.pointer_mut(SIGNATURE).unwrap() =
                BASE64_STANDARD.encode(pem::encode("SSH SIGNATURE", &changed)).into();
            canonical(&entry).unwrap_err();
        }
    }
}

proptest! {
    /// One byte changed, or the rest cut off, inside the armor or inside the key's base64.
    #[test]
    fn no_ssh_signature_or_key_panics(which in any::<Index>(), in_key in any::<bool>(), place in any::<Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let rows: Vec<Value> = made().filter(|row| row["entry"]["spec"]["signature"]["format"] == "ssh" && row["taken"] == true).collect();
        let mut entry = rows[which.index(rows.len())]["entry"].clone();
        let kept = kept(&entry);
        let key = text(&kept, KEY);
        let (name, base64) = key.trim().split_once(' ').unwrap();
        let mut bytes = if in_key {
            BASE64_STANDARD.decode(base64).unwrap()
        } else {
            unarmored(&kept)
        };
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if cut {
            bytes.truncate(place);
        }
        let (field, text) = if in_key {
            (KEY, format!("{name} {}", BASE64_STANDARD.encode(&bytes)))
        } else {
            (SIGNATURE, pem::encode("SSH SIGNATURE", &bytes))
        };
        *entry.pointer_mut(field).unwrap() = BASE64_STANDARD.encode(text).into();
        let _ = canonical(&entry);
    }
}
