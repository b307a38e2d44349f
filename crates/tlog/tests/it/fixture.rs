//! A log over a database of its own.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use sigstead_clock::{Clock, ManualClock, Timestamp};
use sigstead_crypto::note::NoteSigner;
use sigstead_crypto::{KeyKind, Signer, SoftwareSigner};
use sigstead_merkle::{leaf_hash, verify_inclusion};
use sigstead_store::{Database, Leaf, LeafSource, NewTree, Options, Proposal, Tree, TreeKind, TreeStore};
use sigstead_tlog::{AppendError, Appended, Limits, Log, LogParts, Publisher, audit};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) database: Database,
    pub(crate) tree: Tree,
    pub(crate) tracker: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

/// Every log's, unless a test brings another.
static KEY: LazyLock<Arc<SoftwareSigner>> =
    LazyLock::new(|| Arc::new(SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap()));

pub(crate) fn url(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

impl Fixture {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = url(&folder.path().join("log.db"));
        Self::over(folder, &url).await
    }

    pub(crate) async fn over(folder: TempDir, url: &str) -> Self {
        let database = Database::open(url, &Options::default()).await.unwrap();
        database.migrate().await.unwrap();
        let new = NewTree { tree_id: 7, kind: TreeKind::RekorV1, origin: "test - 7".into(), created_ms: 1 };
        let tree = database.open_active_tree(&new).await.unwrap();
        Self { folder, database, tree, tracker: TaskTracker::new(), shutdown: CancellationToken::new() }
    }

    pub(crate) async fn start(&self) -> Log<Database> {
        self.start_on(self.database.clone(), "guard", Limits::default()).await.unwrap()
    }

    pub(crate) async fn start_on<S: TreeStore>(
        &self,
        store: S,
        guard: &str,
        limits: Limits,
    ) -> Result<Log<S>, AppendError> {
        let signer = Arc::clone(&*KEY) as Arc<dyn Signer>;
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1000)));
        let parts = LogParts { limits, ..self.parts(store, guard, signer, clock) };
        Log::start(parts, &self.tracker, &self.shutdown).await
    }

    /// Over the fixture's own database, with this key and clock.
    pub(crate) async fn start_with(&self, signer: Arc<dyn Signer>, clock: Arc<dyn Clock>) -> Log<Database> {
        self.try_start_with(signer, clock).await.unwrap()
    }

    pub(crate) async fn try_start_with(
        &self,
        signer: Arc<dyn Signer>,
        clock: Arc<dyn Clock>,
    ) -> Result<Log<Database>, AppendError> {
        let parts = self.parts(self.database.clone(), "guard", signer, clock);
        Log::start(parts, &self.tracker, &self.shutdown).await
    }

    fn parts<S>(&self, store: S, guard: &str, signer: Arc<dyn Signer>, clock: Arc<dyn Clock>) -> LogParts<S> {
        LogParts {
            store,
            tree: self.tree.clone(),
            publisher: Publisher::Checkpoint(NoteSigner::rekor_v1("test", signer)),
            clock,
            guard_folder: self.folder.path().join(guard),
            limits: Limits::default(),
            witnesses: None,
        }
    }

    /// Ends the log's tasks, then derives the whole tree again.
    pub(crate) async fn ends_clean(self, entries: u64) {
        self.shutdown.cancel();
        self.tracker.close();
        self.tracker.wait().await;
        let report =
            audit(&self.database, &self.tree, |entry, _| Some(leaf_hash(&entry.record)), &[]).await.unwrap();
        assert!(report.is_clean(), "{:?}", report.differences);
        assert_eq!(report.entries, entries);
    }
}

pub(crate) fn record(text: &str) -> Proposal {
    let leaf = Leaf { record: Bytes::from(text.to_owned()), hash: leaf_hash(text.as_bytes()) };
    Proposal::new(LeafSource::Fixed(leaf))
}

/// Appends and checks what the answer proves.
pub(crate) async fn append<S: TreeStore>(log: &Log<S>, text: &str) -> Result<Appended, AppendError> {
    let appended = log.append(record(text)).await?;
    let proof = &appended.proof;
    assert_eq!(appended.leaf_hash, leaf_hash(text.as_bytes()));
    assert_eq!((proof.size, proof.root), (appended.checkpoint.size, appended.checkpoint.root));
    verify_inclusion(proof.index, proof.size, &appended.leaf_hash, &proof.hashes, &proof.root).unwrap();
    Ok(appended)
}

/// Appends all at once, so that batches form.
pub(crate) async fn append_all<S: TreeStore>(
    log: &Log<S>,
    texts: impl IntoIterator<Item = String>,
) -> Vec<Result<Appended, AppendError>> {
    let tasks = TaskTracker::new();
    let handles: Vec<_> = texts
        .into_iter()
        .map(|text| {
            let log = log.clone();
            tasks.spawn(async move { append(&log, &text).await })
        })
        .collect();
    let mut answers = Vec::new();
    for handle in handles {
        answers.push(handle.await.unwrap());
    }
    answers
}
