//! Alpine packages and Java archives; the first byte says which. What is taken leads to a leaf that leads to itself.
#![no_main]

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use sigstead_entry::Proposed;

const KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAENOtFAHhNoJqZqLzxGuqnVcUvDSYi
uhnhcOwQDHmHI0mvXZr1NQVSAu20jroJ8jUrPgGADqzi/09Y5tE6ERRKRw==
-----END PUBLIC KEY-----
";

fuzz_target!(|bytes: &[u8]| {
    let Some((first, file)) = bytes.split_first() else { return };
    let file = json!({ "content": BASE64_STANDARD.encode(file) });
    let (kind, spec) = if first % 2 == 0 {
        ("alpine", json!({ "package": file, "publicKey": { "content": BASE64_STANDARD.encode(KEY) } }))
    } else {
        ("jar", json!({ "archive": file }))
    };
    let entry = json!({ "kind": kind, "apiVersion": "0.0.1", "spec": spec });
    let Ok(canonical) = Proposed::parse(&entry).and_then(|entry| entry.verify(0)) else { return };
    let committed: Value = serde_json::from_slice(&canonical.body).unwrap();
    assert_eq!(Proposed::parse(&committed).unwrap().verify(0).unwrap().body, canonical.body);
});
