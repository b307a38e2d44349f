//! Timestamp requests in DER and JSON (the first byte chooses), through the service: it answers what it was asked.
#![no_main]

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use libfuzzer_sys::fuzz_target;
use sigstead_clock::{ManualClock, Timestamp};
use sigstead_crypto::{KeyKind, Signer as _, SoftwareSigner};
use sigstead_tsa::{SigningKey, Terms, TimestampAuthority, TsaConfig, router};
use sigstead_x509::authority::{Profile, issue, root};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static SERVICE: LazyLock<Router> = LazyLock::new(|| RUNTIME.block_on(service()));

/// PKIStatusInfo of an answer with a token (RFC 3161 §2.4.2).
const GRANTED: [u8; 5] = [0x30, 0x03, 0x02, 0x01, 0x00];
/// Of the sequence around it: a tag, and a length in up to three bytes.
const LONGEST_HEADER: usize = 4;

fuzz_target!(|bytes: &[u8]| {
    let Some((form, body)) = bytes.split_first() else { return };
    let media_type = if form % 2 == 0 { "application/timestamp-query" } else { "application/json" };
    let request = Request::post("/api/v1/timestamp").header("content-type", media_type);
    let request = request.body(Body::from(body.to_vec())).unwrap();
    let service = SERVICE.clone();
    RUNTIME.block_on(async {
        let answer = service.oneshot(request).await.unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        assert!(matches!(status.as_u16(), 200..300 | 400 | 413 | 422), "{status}");
        let is_granted = body.windows(GRANTED.len()).take(LONGEST_HEADER + 1).any(|part| part == GRANTED);
        assert_eq!(is_granted, status.is_success(), "{status}: {body:?}");
    });
});

async fn service() -> Router {
    let key = || SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap();
    let (root_key, signer) = (key(), key());
    let (begin, lifetime) = (1_800_000_000, Duration::from_secs(86_400));
    let root = root(&root_key, "CN=root", begin, lifetime).await.unwrap();
    let below = ("CN=tsa", signer.public_key());
    let leaf = issue((&root_key, &root), below, Profile::Timestamping, begin, lifetime).await.unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1_800_000_100)));
    let terms = Terms { takes_extensions: true, ..Terms::default() };
    let config = TsaConfig {
        keys: vec![SigningKey::new(Arc::new(signer), vec![leaf, root])],
        clock,
        terms,
        time_sources: None,
    };
    router(Arc::new(TimestampAuthority::new(config).unwrap()))
}
