use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use serde_json::{Value, json};
use sigstead_clock::{Clock, SystemClock};
use sigstead_crypto::note::NoteSigner;
use sigstead_crypto::{KeyKind, Signer, SoftwareSigner};
use sigstead_log::{
    OpenShard, RekorConfig, RekorLimits, RekorLog, Shard, ShardKey, Surface, open_active_tree, router,
};
use sigstead_store::{Database, Options, Tree, TreeKind};
use sigstead_testkit::Answer;
use sigstead_tlog::{Limits, Log, LogParts, Publisher};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) const HOST: &str = "rekor.test";

/// A database, and what may stand on it.
pub(crate) struct Ground {
    folder: TempDir,
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
    signers: Mutex<BTreeMap<i64, Arc<dyn Signer>>>,
    tracker: TaskTracker,
    shutdown: CancellationToken,
}

impl Ground {
    pub(crate) async fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("log.db").display());
        let database = Database::open(&url, &Options::default()).await.unwrap();
        database.migrate().await.unwrap();
        let (tracker, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let signers = Mutex::default();
        Arc::new(Self { folder, database, clock, signers, tracker, shutdown })
    }

    /// A server of the log over every tree, each under a key of its own.
    pub(crate) async fn serve(self: &Arc<Self>, limits: RekorLimits, genesis: bool) -> Server {
        self.serve_part(limits, genesis, Surface::default()).await
    }

    /// The same with a part of the API.
    pub(crate) async fn serve_part(
        self: &Arc<Self>,
        limits: RekorLimits,
        genesis: bool,
        surface: Surface,
    ) -> Server {
        open_active_tree(&self.database, HOST, &*self.clock).await.unwrap();
        let opener = Arc::clone(self);
        let open_shard: OpenShard = Box::new(move |tree| {
            let ground = Arc::clone(&opener);
            Box::pin(async move {
                let signer = ground.signer_of(tree.tree_id);
                let log = ground.start(tree, NoteSigner::rekor_v1(HOST, Arc::clone(&signer))).await;
                Ok(Shard { log, key: ShardKey::Here(signer) })
            })
        });
        let config = RekorConfig {
            open_shard,
            genesis,
            surface,
            database: self.database.clone(),
            clock: Arc::clone(&self.clock),
            limits,
        };
        let log = Arc::new(RekorLog::open(config).await.unwrap());
        Server { router: router(Arc::clone(&log)), log, ground: Arc::clone(self) }
    }

    /// The key of a shard.
    pub(crate) fn signer_of(&self, tree_id: i64) -> Arc<dyn Signer> {
        let mut signers = self.signers.lock().unwrap();
        let new = || Arc::new(SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap()) as Arc<dyn Signer>;
        Arc::clone(signers.entry(tree_id).or_insert_with(new))
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
            witnesses: None,
        };
        Log::start(parts, &self.tracker, &self.shutdown).await.unwrap()
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
    log: Arc<RekorLog>,
    pub(crate) ground: Arc<Ground>,
}

/// A shard as its clients know it.
pub(crate) struct KnownShard {
    pub(crate) tree: Tree,
    pub(crate) signer: Arc<dyn Signer>,
}

impl Server {
    pub(crate) async fn new() -> Self {
        Self::with_limits(RekorLimits::default()).await
    }

    pub(crate) async fn with_limits(limits: RekorLimits) -> Self {
        Ground::new(Arc::new(SystemClock)).await.serve(limits, false).await
    }

    pub(crate) async fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Ground::new(clock).await.serve(RekorLimits::default(), false).await
    }

    pub(crate) fn log(&self) -> Arc<RekorLog> {
        Arc::clone(&self.log)
    }

    /// The shard that takes entries.
    pub(crate) async fn active(&self) -> KnownShard {
        let tree = self.ground.database.trees(TreeKind::RekorV1).await.unwrap().pop().unwrap();
        KnownShard { signer: self.ground.signer_of(tree.tree_id), tree }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, &[("content-type", "application/json")], Some(body)).await
    }

    /// Appends a new entry, signed by the log's own key.
    pub(crate) async fn append(&self, message: &str) -> Value {
        let entry = entry(&self.active().await, message).await;
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
        Answer::of(&self.router, method, path, headers, body.unwrap_or_default().to_owned()).await
    }
}

/// A hashedrekord over `message`.
pub(crate) async fn entry(shard: &KnownShard, message: &str) -> Value {
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
