//! Entries whose key comes in a certificate.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use sigstead_crypto::Signer as _;

use crate::canonical;
use crate::signed::{EMAIL, chain, dsse, dsse_signature, hashedrekord, key, pem};

#[tokio::test]
async fn ten_are_taken_and_eleven_are_not() {
    let key = key();
    for (length, taken) in [(2, true), (10, true), (11, false)] {
        let chain = pem(&chain(&key, length).await);
        let signature = BASE64_STANDARD.encode(dsse_signature(&key, "text", b"payload"));
        for entry in
            [hashedrekord(&key, b"message", &chain), dsse(&chain, "text", "cGF5bG9hZA==", &signature)]
        {
            match canonical(&entry) {
                Ok(canonical) => {
                    assert!(taken, "{length} certificates were taken");
                    assert!(kept(&canonical.body).contains(&chain), "every certificate is kept");
                    assert!(canonical.search_values.iter().any(|value| value == EMAIL));
                }
                Err(refused) => {
                    let expected = "too many certificates specified in PEM block";
                    assert_eq!((taken, refused.to_string().as_str()), (false, expected));
                }
            }
        }
    }
}

/// The PEM texts in a body.
fn kept(body: &[u8]) -> Vec<String> {
    let body: Value = serde_json::from_slice(body).unwrap();
    let spec = &body["spec"];
    let texts = [&spec["signature"]["publicKey"]["content"], &spec["signatures"][0]["verifier"]];
    let texts = texts.into_iter().filter_map(Value::as_str);
    texts.map(|text| String::from_utf8(BASE64_STANDARD.decode(text).unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn each_must_be_signed_by_the_next() {
    let key = key();
    let mut chain = chain(&key, 4).await;
    canonical(&hashedrekord(&key, b"message", &pem(&chain))).unwrap();
    canonical(&hashedrekord(&key, b"message", &pem(&chain[..1]))).unwrap();
    chain.swap(1, 2);
    let refused = canonical(&hashedrekord(&key, b"message", &pem(&chain))).unwrap_err();
    assert!(refused.to_string().starts_with("invalid certificate chain: "), "{refused}");
}

#[tokio::test]
async fn the_first_ones_key_counts() {
    let (key, other) = (key(), key());
    let theirs = pem(&chain(&other, 2).await);
    let refused = canonical(&hashedrekord(&key, b"message", &theirs)).unwrap_err();
    assert!(refused.to_string().starts_with("verifying signature: "), "{refused}");
    let junk = format!("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n{theirs}");
    let refused = canonical(&hashedrekord(&other, b"message", &junk)).unwrap_err();
    assert!(refused.to_string().starts_with("invalid public key: "), "{refused}");
}

/// As Rekor reads PEM: text before it is passed over; what follows a block makes a chain of it, of certificates only.
#[tokio::test]
async fn what_follows_a_key_is_not_passed_over() {
    let key = key();
    let (own, certificate) = (key.public_key().to_pem(), pem(&chain(&key, 2).await));
    let outcome = |text: String| canonical(&hashedrekord(&key, b"message", &text));
    let before = outcome(format!("my key:\n{own}\n\n")).unwrap();
    assert_eq!(kept(&before.body), std::slice::from_ref(&own));
    for wrong in
        [format!("{own}x"), format!("{own}{own}"), format!("{own}{certificate}"), format!("{certificate}x")]
    {
        assert!(outcome(wrong.clone()).is_err(), "{wrong}");
    }
}
