//! Alpine packages, Java archives, RPM packages and provenance files of Helm; the first byte says which. The last two begin with a
//! key, after its length in two bytes. What is taken leads to a leaf, and where that can be checked again, it leads to itself.
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
    let Some((first, bytes)) = bytes.split_first() else { return };
    let content = |bytes: &[u8]| json!({ "content": BASE64_STANDARD.encode(bytes) });
    let (kind, spec) = match first % 4 {
        0 => ("alpine", json!({ "package": content(bytes), "publicKey": content(KEY.as_bytes()) })),
        1 => ("jar", json!({ "archive": content(bytes) })),
        kind => {
            let Some((length, rest)) = bytes.split_first_chunk() else { return };
            let Some((key, file)) = rest.split_at_checked(u16::from_be_bytes(*length).into()) else { return };
            match kind {
                2 => ("rpm", json!({ "package": content(file), "publicKey": content(key) })),
                _ => {
                    let chart = json!({ "provenance": content(file) });
                    ("helm", json!({ "chart": chart, "publicKey": content(key) }))
                }
            }
        }
    };
    let entry = json!({ "kind": kind, "apiVersion": "0.0.1", "spec": spec });
    let Ok(canonical) = Proposed::parse(&entry).and_then(|entry| entry.verify(0)) else { return };
    let committed: Value = serde_json::from_slice(&canonical.body).unwrap();
    if let Ok(again) = Proposed::parse(&committed).and_then(|entry| entry.verify(0)) {
        assert_eq!(again.body, canonical.body);
    } else {
        assert!(matches!(kind, "rpm" | "helm"), "what is left of {kind} cannot be checked");
    }
});
