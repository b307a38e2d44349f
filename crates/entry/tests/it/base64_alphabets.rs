//! DSSE allows both base64 alphabets; the log keeps the standard one only.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use serde_json::Value;
use sigstead_crypto::Signer as _;

use crate::canonical;
use crate::signed::{dsse, dsse_signature, key};

/// Written otherwise in the two alphabets.
const PAYLOAD: &[u8] = &[0xfb, 0xef, 0xff];

#[test]
fn payloads_are_taken_in_either() {
    let key = key();
    let pem = key.public_key().to_pem();
    let signature = BASE64_STANDARD.encode(dsse_signature(&key, "text", PAYLOAD));
    let hash_of = |payload: &str| -> Value {
        let canonical = canonical(&dsse(&pem, "text", payload, &signature)).unwrap();
        serde_json::from_slice::<Value>(&canonical.body).unwrap()["spec"]["payloadHash"]["value"].clone()
    };
    assert_eq!(hash_of("++//"), hex::encode(sigstead_crypto::sha256(PAYLOAD)));
    assert_eq!(hash_of("--__"), hash_of("++//"));
    let mixed = canonical(&dsse(&pem, "text", "+-_/", &signature)).unwrap_err();
    assert!(mixed.to_string().contains("unable to base64 decode payload"), "{mixed}");
}

#[test]
fn signatures_are_taken_in_the_standard_one() {
    let key = key();
    let pem = key.public_key().to_pem();
    let differs = |signature: &[u8]| BASE64_STANDARD.encode(signature) != BASE64_URL_SAFE.encode(signature);
    let mut made = std::iter::repeat_with(|| dsse_signature(&key, "text", PAYLOAD));
    let telling = made.find(|signature| differs(signature)).unwrap();
    canonical(&dsse(&pem, "text", "++//", &BASE64_STANDARD.encode(&telling))).unwrap();
    let refused = canonical(&dsse(&pem, "text", "++//", &BASE64_URL_SAFE.encode(&telling))).unwrap_err();
    assert_eq!(refused.to_string(), "signatures must be in standard base64");
    // Most signatures need a character in which the alphabets differ; one that does not is in both.
    let neutral = made.find(|signature| !differs(signature)).unwrap();
    canonical(&dsse(&pem, "text", "--__", &BASE64_URL_SAFE.encode(&neutral))).unwrap();
    // Whose alphabet is wrong and whose key is wrong is told that its key is wrong.
    let stranger = crate::signed::key().public_key().to_pem();
    let refused = canonical(&dsse(&stranger, "text", "++//", &BASE64_URL_SAFE.encode(&telling))).unwrap_err();
    assert!(refused.to_string().contains("do not match threshold"), "{refused}");
}
