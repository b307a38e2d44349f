use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use sigstead_clock::{Clock, SystemClock};
use sigstead_crypto::note::NoteSigner;
use sigstead_crypto::{KeyKind, Signer, SoftwareSigner};
use sigstead_log::{RekorConfig, RekorLimits, RekorLog, Shard, open_active_tree, router};
use sigstead_store::{Database, Options, Tree};
use sigstead_tlog::{Limits, Log, LogParts, Publisher};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

pub(crate) const HOST: &str = "rekor.test";

/// A database, and what may stand on it.
pub(crate) struct Ground {
    folder: TempDir,
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
    tracker: TaskTracker,
    shutdown: CancellationToken,
}

impl Ground {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("log.db").display());
        let database = Database::open(&url, &Options::default()).await.unwrap();
        database.migrate().await.unwrap();
        let (tracker, shutdown) = (TaskTracker::new(), CancellationToken::new());
        Self { folder, database, clock: Arc::new(SystemClock), tracker, shutdown }
    }

    /// The tree that takes entries, under a new key.
    pub(crate) async fn shard(&self) -> Shard {
        let tree = open_active_tree(&self.database, HOST, &*self.clock).await.unwrap();
        let signer: Arc<dyn Signer> = Arc::new(SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap());
        let log = self.start(tree, NoteSigner::rekor_v1(HOST, Arc::clone(&signer))).await;
        Shard { log, signer }
    }

    /// The engine on a tree.
    pub(crate) async fn start(&self, tree: Tree, signer: NoteSigner) -> Log<Database> {
        let parts = LogParts {
            store: self.database.clone(),
            tree,
            publisher: Publisher::Checkpoint(signer),
            clock: Arc::clone(&self.clock),
            guard_folder: self.folder.path().join("guard"),
            limits: Limits::default(),
        };
        Log::start(parts, &self.tracker, &self.shutdown).await.unwrap()
    }

    pub(crate) async fn serve(self, inactive: Vec<Shard>, active: Shard, limits: RekorLimits) -> Server {
        let config =
            RekorConfig { active: active.clone(), inactive, database: self.database.clone(), limits };
        let log = Arc::new(RekorLog::new(config).await.unwrap());
        Server { router: router(Arc::clone(&log)), log, active, ground: self }
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// A running log with one shard.
pub(crate) struct Server {
    router: Router,
    pub(crate) log: Arc<RekorLog>,
    pub(crate) active: Shard,
    ground: Ground,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

impl Server {
    pub(crate) async fn new() -> Self {
        Self::with_limits(RekorLimits::default()).await
    }

    pub(crate) async fn with_limits(limits: RekorLimits) -> Self {
        let ground = Ground::new().await;
        let active = ground.shard().await;
        ground.serve(Vec::new(), active, limits).await
    }

    /// The database, and the shard that takes entries.
    pub(crate) fn into_parts(self) -> (Ground, Shard) {
        (self.ground, self.active)
    }

    pub(crate) fn tree_id(&self) -> i64 {
        self.active.log.tree().tree_id
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, &[("content-type", "application/json")], Some(body)).await
    }

    /// Appends a new entry, signed by the log's own key.
    pub(crate) async fn append(&self, message: &str) -> Value {
        let entry = entry(&self.active, message).await;
        let answer = self.post("/api/v1/log/entries", &entry.to_string()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        answer.json()
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_owned()));
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

/// A hashedrekord over `message`.
pub(crate) async fn entry(shard: &Shard, message: &str) -> Value {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    let signature = shard.signer.sign(message.as_bytes()).await.unwrap();
    let digest = hex::encode(sigstead_crypto::sha256(message.as_bytes()));
    let key = BASE64_STANDARD.encode(shard.signer.public_key().to_pem());
    json!({ "kind": "hashedrekord", "apiVersion": "0.0.1", "spec": {
        "data": { "hash": { "algorithm": "sha256", "value": digest } },
        "signature": { "content": BASE64_STANDARD.encode(signature), "publicKey": { "content": key } },
    }})
}

/// The only key and value of a one-key map.
pub(crate) fn only(entry: &Value) -> (&str, &Value) {
    let map = entry.as_object().unwrap();
    assert_eq!(map.len(), 1, "{entry}");
    let (id, entry) = map.iter().next().unwrap();
    (id, entry)
}
