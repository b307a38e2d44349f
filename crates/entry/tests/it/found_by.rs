//! What entries are found by.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_crypto::{Signer as _, sha256};
use sigstead_entry::KeyFormat;

use crate::canonical;
use crate::signed::{chain, dsse, dsse_signature, hashedrekord, key, pem};

const IN_TOTO: &str = "application/vnd.in-toto+json";

/// What a dsse entry about `statement` is found by, beside its key and its own hashes.
fn digests(payload_type: &str, statement: &Value) -> Vec<String> {
    let (key, payload) = (key(), statement.to_string());
    let signature = BASE64_STANDARD.encode(dsse_signature(&key, payload_type, payload.as_bytes()));
    let pem = key.public_key().to_pem();
    let entry = dsse(&pem, payload_type, &BASE64_STANDARD.encode(&payload), &signature);
    let envelope = entry["spec"]["proposedContent"]["envelope"].as_str().unwrap();
    let own =
        [pem.as_bytes(), payload.as_bytes(), envelope.as_bytes()].map(|bytes| hex::encode(sha256(bytes)));
    let mut found = canonical(&entry).unwrap().search_values;
    for hash in &own {
        assert!(found.contains(&format!("sha256:{hash}")), "{hash} is not in {found:?}");
    }
    found.retain(|value| !own.iter().any(|hash| value.ends_with(hash)));
    found
}

#[test]
fn subjects_materials_and_resolved_dependencies() {
    let slsa_1 = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "a", "digest": { "sha256": "aa", "sha512": "ab" } }, { "digest": { "sha256": "ac" } }],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": { "buildDefinition": { "resolvedDependencies": [
            { "uri": "git+https://example.com/a", "digest": { "gitCommit": "ba" } },
            { "uri": "pkg:npm/b", "digest": { "sha256": "bb" } },
            { "uri": "without a digest" },
            "not an object",
        ] }, "runDetails": { "byproducts": [{ "digest": { "sha256": "cc" } }] } },
    });
    let found = ["sha256:aa", "sha512:ab", "sha256:ac", "gitCommit:ba", "sha256:bb"];
    assert_eq!(digests(IN_TOTO, &slsa_1), found);
    let slsa_0_2 = json!({
        "subject": [{ "digest": { "sha256": "aa" } }],
        "predicate": { "materials": [{ "digest": { "sha1": "ba" } }, { "digest": { "sha256": 7 } }] },
    });
    assert_eq!(digests(IN_TOTO, &slsa_0_2), ["sha256:aa", "sha1:ba"]);
}

#[test]
fn nothing_inside_what_is_not_a_statement() {
    let statement = json!({ "subject": [{ "digest": { "sha256": "aa" } }] });
    assert!(digests("text/plain", &statement).is_empty());
    for odd in [json!([]), json!({ "subject": "aa" }), json!({ "subject": [{ "digest": [1] }] }), json!(null)]
    {
        assert!(digests(IN_TOTO, &odd).is_empty(), "{odd}");
    }
}

#[tokio::test]
async fn one_key_however_its_pem_is_written() {
    let key = key();
    for right in [key.public_key().to_pem(), pem(&chain(&key, 3).await)] {
        let hash = KeyFormat::X509.key_hash(right.as_bytes()).unwrap();
        assert_eq!(hash, hex::encode(sha256(right.as_bytes())), "LF and 64 columns is canonical");
        let entry = canonical(&hashedrekord(&key, b"message", &right)).unwrap();
        assert!(entry.search_values.contains(&hash));
        for written in [right.replace('\n', "\r\n"), format!("\n\n{right}\n"), right.trim_end().to_owned()] {
            assert_eq!(KeyFormat::X509.key_hash(written.as_bytes()).unwrap(), hash, "{written:?}");
            let same = canonical(&hashedrekord(&key, b"message", &written)).unwrap();
            assert!(same.search_values.contains(&hash));
        }
    }
}

#[test]
fn what_is_no_key_has_no_hash() {
    let right = key().public_key().to_pem();
    for wrong in ["", "junk", &right.replace("PUBLIC", "PRIVATE"), &right[..60], &right.replacen('M', "!", 1)]
    {
        KeyFormat::X509.key_hash(wrong.as_bytes()).unwrap_err();
    }
}
