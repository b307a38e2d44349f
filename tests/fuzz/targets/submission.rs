//! Submissions to the CT log (the first byte chooses the endpoint), through the service: refused with a reason.
#![no_main]

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use libfuzzer_sys::fuzz_target;
use sigstead_clock::{Clock, ManualClock, Timestamp};
use sigstead_crypto::note::NoteSigner;
use sigstead_crypto::{KeyKind, Signer, SoftwareSigner};
use sigstead_ct::{CtConfig, CtLog, open_active_tree, router};
use sigstead_store::{Database, Options};
use sigstead_tlog::{Limits, Log, LogParts, Publisher};
use sigstead_x509::authority::root;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());
static SERVICE: LazyLock<Router> = LazyLock::new(|| RUNTIME.block_on(service()));

fuzz_target!(|bytes: &[u8]| {
    let Some((endpoint, body)) = bytes.split_first() else { return };
    let path = if endpoint % 2 == 0 { "/ct/v1/add-chain" } else { "/ct/v1/add-pre-chain" };
    let request = Request::post(path).header("content-type", "application/json");
    let request = request.body(Body::from(body.to_vec())).unwrap();
    let service = SERVICE.clone();
    RUNTIME.block_on(async {
        let answer = service.oneshot(request).await.unwrap();
        // Nothing that a stranger makes up is below the root, whose key only this process ever had.
        assert!(answer.status().is_client_error(), "{}", answer.status());
        assert!(!to_bytes(answer.into_body(), usize::MAX).await.unwrap().is_empty());
    });
});

async fn service() -> Router {
    let url = format!("sqlite:{}", FOLDER.path().join("ct.db").display());
    let database = Database::open(&url, &Options::default()).await.unwrap();
    database.migrate().await.unwrap();
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp::from_seconds(1_800_000_000)));
    let signer: Arc<dyn Signer> = Arc::new(SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap());
    let tree = open_active_tree(&database, "ct.fuzz", &*clock).await.unwrap();
    let parts = LogParts {
        store: database.clone(),
        publisher: Publisher::TreeHead(NoteSigner::rfc6962(tree.origin.clone(), Arc::clone(&signer))),
        tree,
        clock,
        guard_folder: FOLDER.path().join("guard"),
        limits: Limits::default(),
        witnesses: None,
    };
    let log = Log::start(parts, &TaskTracker::new(), &CancellationToken::new()).await.unwrap();
    let root = root(&*signer, "CN=root", 1_800_000_000, Duration::from_secs(86_400)).await.unwrap();
    router(Arc::new(CtLog::new(CtConfig { log, database, signer, roots: vec![root] })))
}
