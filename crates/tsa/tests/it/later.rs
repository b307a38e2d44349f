//! Times from 2050 on have another encoding (RFC 5280 §4.1.2.5, RFC 5652 §11.3).

use axum::http::StatusCode;
use sigstead_crypto::KeyKind;
use sigstead_testkit::OpenSsl;

use crate::fixture::{Authority, DAY, query_for, text_of, verify};

/// The last second of 2049.
const LAST: u64 = 2_524_607_999;

#[tokio::test]
async fn certificates_and_tokens_around_2050() {
    let openssl = OpenSsl::new();
    let authority = Authority::valid_for(KeyKind::EcdsaP256, LAST, 20 * 365 * DAY).await;
    authority.write_chain(&openssl);
    openssl.write("data", "what is stamped");
    for certificate in &authority.chain {
        openssl.write("certificate.der", certificate.der());
        let asn1 = openssl.run(&["asn1parse", "-inform", "DER", "-in", "certificate.der"]);
        let times: Vec<&str> = asn1.lines().filter(|line| line.contains("TIME")).collect();
        assert!(times[0].contains("UTCTIME") && times[0].ends_with(":491231235959Z"), "{times:?}");
        assert!(times[1].contains("GENERALIZEDTIME") && times[1].ends_with(":20691226235959Z"), "{times:?}");
        assert_eq!(times.len(), 2);
    }
    for (later, stamped, signing_time) in [
        (0, "Time stamp: Dec 31 23:59:59 2049 GMT", "UTCTIME           :491231235959Z"),
        (1, "Time stamp: Jan  1 00:00:00 2050 GMT", "GENERALIZEDTIME   :20500101000000Z"),
        (315_532_801, "Time stamp: Jan  1 00:00:00 2060 GMT", "GENERALIZEDTIME   :20600101000000Z"),
    ] {
        let now = LAST + later;
        authority.clock.set(sigstead_clock::Timestamp::from_seconds(now));
        let reply = authority.query(query_for(&openssl, &["-sha256", "-cert"])).await;
        assert_eq!(reply.status, StatusCode::OK, "{stamped}");
        assert!(verify(&openssl, &reply, ["-queryfile", "query.tsq"], "between.pem", now), "{stamped}");
        assert!(text_of(&openssl, &reply).contains(stamped));
        let asn1 = openssl.run(&["asn1parse", "-inform", "DER", "-in", "reply.tsr"]);
        // Beside it stand the two times of the certificate.
        let times: Vec<&str> = asn1.lines().filter(|line| line.contains("TIME")).collect();
        assert_eq!(times.len(), 3, "{asn1}");
        assert!(times[2].ends_with(signing_time), "{times:?}");
    }
}
