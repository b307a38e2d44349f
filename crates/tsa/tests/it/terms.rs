//! Authorities on other terms than sigstore's: policies, extensions, the whole chain, refusals as RFC 3161 writes them.

use axum::http::StatusCode;
use serde_json::json;
use sigstead_testkit::OpenSsl;
use sigstead_tsa::{Refusals, Terms};

use crate::fixture::{Authority, DAY, NOW, query_for, text_of, verify};

/// `openssl ts -query` over a SHA-256 digest, with the extension 1.2.3.4 that holds an empty OCTET STRING.
const WITH_EXTENSION: &str = "30440201013031300d060960864801650304020105000420000000000000000000000000000000000000000000000\
    00000000000000000000101ffa009300706032a03040400";

#[tokio::test]
async fn requests_may_name_an_accepted_policy() {
    let terms = Terms {
        default_policy: "1.2.3.1".parse().unwrap(),
        accepted_policies: vec!["1.2.3.2".parse().unwrap()],
        ..Terms::default()
    };
    let authority = Authority::on(terms).await;
    let openssl = OpenSsl::new();
    openssl.write("data", "stamped");
    for (asked, given) in
        [(&[][..], "1.2.3.1"), (&["-tspolicy", "1.2.3.1"], "1.2.3.1"), (&["-tspolicy", "1.2.3.2"], "1.2.3.2")]
    {
        let reply = authority.query(query_for(&openssl, asked)).await;
        assert!(text_of(&openssl, &reply).contains(&format!("Policy OID: {given}\n")), "{asked:?}");
    }
    let refused = authority.query(query_for(&openssl, &["-tspolicy", "1.3.6.1.4.1.57264.2"])).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn extensions_are_repeated_where_they_are_taken() {
    let query = hex::decode(WITH_EXTENSION).unwrap();
    let authority = Authority::on(Terms { takes_extensions: true, ..Terms::default() }).await;
    let openssl = OpenSsl::new();
    let reply = authority.query(query.clone()).await;
    let text = text_of(&openssl, &reply);
    let (_, extensions) = text.split_once("Extensions:").unwrap();
    assert!(extensions.contains("1.2.3.4:"), "{text}");
    authority.write_chain(&openssl);
    openssl.write("query.tsq", &query);
    assert!(verify(&openssl, &reply, ["-queryfile", "query.tsq"], "untrusted.pem", NOW));
}

#[tokio::test]
async fn the_whole_chain_is_sent_on_demand() {
    let openssl = OpenSsl::new();
    openssl.write("data", "stamped");
    for (sends_chain, certificates) in [(false, 1), (true, 3)] {
        let authority = Authority::on(Terms { sends_chain, ..Terms::default() }).await;
        authority.write_chain(&openssl);
        let asking = authority.query(query_for(&openssl, &["-cert"])).await;
        openssl.write("reply.tsr", &asking.body);
        openssl.run(&["ts", "-reply", "-in", "reply.tsr", "-token_out", "-out", "token.der"]);
        let sent = openssl.run(&["pkcs7", "-inform", "DER", "-in", "token.der", "-print_certs"]);
        assert_eq!(sent.matches("BEGIN CERTIFICATE").count(), certificates);
        // With the chain inside, the root alone is enough to verify.
        openssl.write("nothing.pem", authority.chain[2].to_pem());
        assert_eq!(verify(&openssl, &asking, ["-data", "data"], "nothing.pem", NOW), sends_chain);
        let silent = authority.query(query_for(&openssl, &[])).await;
        openssl.write("reply.tsr", &silent.body);
        openssl.run(&["ts", "-reply", "-in", "reply.tsr", "-token_out", "-out", "token.der"]);
        let sent = openssl.run(&["pkcs7", "-inform", "DER", "-in", "token.der", "-print_certs"]);
        assert!(!sent.contains("BEGIN CERTIFICATE"));
    }
}

#[tokio::test]
async fn refusals_can_be_timestamp_replies() {
    let authority = Authority::on(Terms { refusals: Refusals::Rfc3161, ..Terms::default() }).await;
    let openssl = OpenSsl::new();
    openssl.write("data", "stamped");
    let sha1 = query_for(&openssl, &["-sha1"]);
    let sha3 = query_for(&openssl, &["-sha3-256"]);
    let policy = query_for(&openssl, &["-tspolicy", "1.2.3.4"]);
    for (query, failure) in [
        (sha1, "unrecognized or unsupported algorithm identifier"),
        (sha3, "unrecognized or unsupported algorithm identifier"),
        (policy, "the requested TSA policy is not supported by the TSA"),
        (hex::decode(WITH_EXTENSION).unwrap(), "the requested extension is not supported by the TSA"),
        (b"0".to_vec(), "the data submitted has the wrong format"),
        (vec![0x30; 65 * 1024], "transaction not permitted or supported"),
    ] {
        is_refused(&authority, &openssl, query, failure).await;
    }
    let good = query_for(&openssl, &[]);
    authority.clock.set(sigstead_clock::Timestamp::from_seconds(NOW - 60));
    is_refused(&authority, &openssl, good.clone(), "the TSA's time source is not available").await;
    // The signing certificate has ended.
    authority.clock.advance(11 * DAY);
    is_refused(&authority, &openssl, good, "the request cannot be handled due to system failure").await;
    let json = authority.query_json(&json!({ "hashAlgorithm": "sha1" })).await;
    assert_eq!(json.status, StatusCode::BAD_REQUEST, "JSON has refusals of its own");
}

async fn is_refused(authority: &Authority, openssl: &OpenSsl, query: Vec<u8>, failure: &str) {
    let reply = authority.query(query).await;
    let media_type = reply.header("content-type");
    assert_eq!((reply.status, media_type), (StatusCode::OK, "application/timestamp-reply"), "{failure}");
    let text = text_of(openssl, &reply);
    assert!(text.contains("Status: Rejected.") && text.contains(failure), "{text}");
}
