//! A timestamp from request to answer through the service's routes, without a socket.
#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use criterion::{Criterion, criterion_group, criterion_main};
use sigstead_clock::{Clock as _, SystemClock};
use sigstead_crypto::{KeyKind, Signer as _, SoftwareSigner};
use sigstead_tsa::{SigningKey, Terms, TimestampAuthority, TsaConfig, router};
use sigstead_x509::authority::{Profile, issue, root};
use tower::ServiceExt as _;

const QUERY: &str = r#"{"artifactHash":"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=","hashAlgorithm":"sha256","nonce":7,"certificates":true}"#;

fn timestamp(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let routes = runtime.block_on(async {
        let (root_key, key) = (
            SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap(),
            SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap(),
        );
        let now = SystemClock.now().unix_seconds();
        let day = Duration::from_secs(86_400);
        let root = root(&root_key, "CN=root", now, day).await.unwrap();
        let leaf = issue((&root_key, &root), ("CN=tsa", key.public_key()), Profile::Timestamping, now, day)
            .await
            .unwrap();
        let config = TsaConfig {
            keys: vec![SigningKey::new(Arc::new(key), vec![leaf, root])],
            clock: Arc::new(SystemClock),
            terms: Terms::default(),
            time_sources: None,
        };
        router(Arc::new(TimestampAuthority::new(config).unwrap()))
    });
    criterion.bench_function("timestamp with certificate, P-256", |bencher| {
        bencher.iter(|| {
            let request = Request::post("/api/v1/timestamp").header("content-type", "application/json");
            let answer =
                runtime.block_on(routes.clone().oneshot(request.body(Body::from(QUERY)).unwrap())).unwrap();
            assert_eq!(answer.status(), 200);
        });
    });
}

criterion_group!(benches, timestamp);
criterion_main!(benches);
