//! One certificate from request to answer: token, proof, signature, audit trail on SQLite; without a CT log.
#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;
use sigstead_ca::{CaConfig, CertificateAuthority, IssuingCa, router};
use sigstead_clock::{Clock, ManualClock, Timestamp};
use sigstead_crypto::{KeyKind, Signer, SoftwareSigner};
use sigstead_identity::{FulcioConfig, Providers};
use sigstead_serve::Tasks;
use sigstead_store::{Database, Options};
use sigstead_testkit::Issuer;
use sigstead_x509::authority::root;
use tower::ServiceExt as _;

const NOW: u64 = 1_800_000_000;
const DAY: Duration = Duration::from_secs(86_400);

async fn authority(issuer: &Issuer, database: &str) -> Router {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp::from_seconds(NOW)));
    let url = issuer.url();
    let trust =
        format!("oidc-issuers:\n  {url}:\n    issuer-url: {url}\n    client-id: sigstore\n    type: email\n");
    let database = Database::open(database, &Options::default()).await.unwrap();
    database.migrate().await.unwrap();
    let signer: Arc<dyn Signer> = Arc::new(SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap());
    let chain = vec![root(&*signer, "CN=bench", NOW.cast_signed(), DAY).await.unwrap()];
    let config = CaConfig {
        providers: Arc::new(
            Providers::new(FulcioConfig::parse(&trust).unwrap(), Arc::clone(&clock)).unwrap(),
        ),
        issuing: vec![IssuingCa::new(signer, chain)],
        ct: None,
        database,
        clock,
        lifetime: Duration::from_secs(600),
    };
    router(Arc::new(CertificateAuthority::new(config, &Tasks::new()).unwrap()))
}

fn body(issuer: &Issuer) -> String {
    let email = "ada@example.com";
    let claims =
        json!({ "sub": "1", "aud": "sigstore", "exp": NOW + 60, "email": email, "email_verified": true });
    let key = SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap();
    let proof = key.sign_now(email.as_bytes()).unwrap();
    json!({
        "credentials": { "oidcIdentityToken": issuer.token(&claims) },
        "publicKeyRequest": {
            "publicKey": { "content": key.public_key().to_pem() },
            "proofOfPossession": BASE64_STANDARD.encode(proof),
        },
    })
    .to_string()
}

fn issue(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("ca.db").display());
    let issuer = runtime.block_on(Issuer::start());
    let router = runtime.block_on(authority(&issuer, &database));
    let body = body(&issuer);
    criterion.bench_function("issue a certificate", |bencher| {
        bencher.iter(|| {
            let request = Request::post("/api/v2/signingCert").body(Body::from(body.clone())).unwrap();
            let answer = runtime.block_on(router.clone().oneshot(request)).unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
        });
    });
}

criterion_group!(benches, issue);
criterion_main!(benches);
