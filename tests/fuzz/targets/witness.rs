//! Witness policies and keys, and requests to a witness through the service.
#![no_main]

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use libfuzzer_sys::fuzz_target;
use sigstead_clock::{ManualClock, Timestamp};
use sigstead_crypto::{Cosigner, KeyKind, Signer, SoftwareSigner, VerifierKey};
use sigstead_log::{Witness, witness_router};
use sigstead_store::{Database, Options};
use sigstead_tlog::Policy;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());
static SERVICE: LazyLock<Router> = LazyLock::new(|| RUNTIME.block_on(service()));

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(policy) = Policy::parse(text) {
            assert!(policy.is_met(&policy.witnesses.keys().cloned().collect()));
        }
        if let Ok(key) = VerifierKey::parse(text) {
            assert_eq!(VerifierKey::parse(&key.to_text()), Ok(key));
        }
    }
    let service = SERVICE.clone();
    let request = Request::post("/witness/add-checkpoint").body(Body::from(bytes.to_vec())).unwrap();
    RUNTIME.block_on(async {
        let answer = service.oneshot(request).await.unwrap();
        // Nobody here has the log's key.
        assert!(matches!(answer.status().as_u16(), 400 | 403 | 404 | 413), "{}", answer.status());
        assert!(!to_bytes(answer.into_body(), usize::MAX).await.unwrap().is_empty());
    });
});

async fn service() -> Router {
    let url = format!("sqlite:{}", FOLDER.path().join("witness.db").display());
    let database = Database::open(&url, &Options::default()).await.unwrap();
    database.migrate().await.unwrap();
    let signer: Arc<dyn Signer> = Arc::new(SoftwareSigner::generate(KeyKind::Ed25519).unwrap());
    let logs = vec![VerifierKey::of_log("log.example", signer.public_key().clone()).unwrap()];
    let cosigner = Cosigner::new("witness.example", signer).unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1_800_000_000)));
    witness_router(Arc::new(Witness { cosigner, logs, database, clock }))
}
