//! dsse entries with several signatures.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_crypto::Signer as _;

use crate::canonical;
use crate::signed::{dsse, dsse_signature, key};

#[test]
fn a_signature_that_is_there_twice_counts_once() {
    let key = key();
    let signature = || BASE64_STANDARD.encode(dsse_signature(&key, "text", b"payload"));
    let (first, second) = (signature(), signature());
    let signed = |signatures: &[&String]| {
        let mut entry = dsse(&key.public_key().to_pem(), "text", &BASE64_STANDARD.encode(b"payload"), &first);
        let text = entry["spec"]["proposedContent"]["envelope"].as_str().unwrap();
        let mut envelope: Value = serde_json::from_str(text).unwrap();
        envelope["signatures"] = signatures.iter().map(|signature| json!({ "sig": signature })).collect();
        entry["spec"]["proposedContent"]["envelope"] = envelope.to_string().into();
        canonical(&entry)
    };
    let twice: Value = serde_json::from_slice(&signed(&[&first, &first]).unwrap().body).unwrap();
    let kept = twice["spec"]["signatures"].as_array().unwrap();
    assert_eq!(kept.iter().map(|kept| &kept["signature"]).collect::<Vec<_>>(), [&json!(first)]);
    let refused = signed(&[&first, &second]).unwrap_err();
    assert_eq!(refused.to_string(), "all signatures must have a key that verifies it");
}
