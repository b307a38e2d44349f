use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use moka::future::Cache;
use sigstead_clock::Clock;
use sigstead_merkle::TileCoord;
use sigstead_store::{StoredEntry, Tree, TreeStore};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::append::{Batcher, Waiting};
use crate::held_tile::HeldTile;
use crate::publish::{PublishedHead, Publisher};
use crate::witness::{Round, Witnesses};
use crate::{AppendError, RollbackGuard};

/// A log on a tree. Clones are the same log.
pub struct Log<S> {
    pub(crate) shared: Arc<Shared<S>>,
}

impl<S> Clone for Log<S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<S> std::fmt::Debug for Log<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Log({})", self.shared.tree.origin)
    }
}

pub(crate) struct Shared<S> {
    pub(crate) store: S,
    pub(crate) tree: Tree,
    pub(crate) publisher: Publisher,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) guard: RollbackGuard,
    pub(crate) limits: Limits,
    /// The largest head that this process signed.
    pub(crate) published: ArcSwapOption<PublishedHead>,
    /// Full tiles.
    pub(crate) tiles: Cache<TileCoord, HeldTile>,
    /// The first hashes of tiles, by how many.
    pub(crate) partial_tiles: Cache<(TileCoord, u16), HeldTile>,
    /// Runs of 32 entries of full bundles, unpacked.
    pub(crate) runs: Cache<u64, Arc<Vec<StoredEntry>>>,
    /// If others cosign before anything is published.
    pub(crate) round: Option<Round>,
    /// When a checkpoint was kept last, in milliseconds.
    pub(crate) kept_ms: AtomicU64,
    pub(crate) queue: mpsc::Sender<Waiting>,
    /// Held by the one task that seals.
    pub(crate) sealing: tokio::sync::Mutex<()>,
    pub(crate) tracker: TaskTracker,
}

/// What a log is made of.
pub struct LogParts<S> {
    /// Where the tree lives.
    pub store: S,
    /// The tree.
    pub tree: Tree,
    /// How its heads are signed.
    pub publisher: Publisher,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The folder of rollback guards.
    pub guard_folder: PathBuf,
    /// How much may wait.
    pub limits: Limits,
    /// Who cosigns checkpoints before they are published.
    pub witnesses: Option<Arc<Witnesses>>,
}

/// How much a log takes on.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Entries in one transaction.
    pub batch: usize,
    /// Entries that wait for a transaction; one more is refused.
    pub queue: usize,
    /// What a refused client is told.
    pub retry_after: Duration,
    /// Bytes of full tiles kept in memory; a quarter more for partial ones.
    pub tile_cache: u64,
    /// Bytes of unpacked entries kept in memory.
    pub entry_cache: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            batch: 512,
            queue: 4096,
            retry_after: Duration::from_secs(1),
            tile_cache: 16 << 20,
            entry_cache: 32 << 20,
        }
    }
}

impl<S: TreeStore> Log<S> {
    /// Checks the tree against the rollback guard, then takes entries until `shutdown` is cancelled;
    /// its tasks are `tracker`'s.
    ///
    /// # Errors
    /// When the database is older than what was signed, or not available, or the key is of the wrong kind
    /// or not the tree's.
    pub async fn start(
        parts: LogParts<S>,
        tracker: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Result<Self, AppendError> {
        let LogParts { store, tree, publisher, clock, guard_folder, limits, witnesses } = parts;
        publisher.validate()?;
        let guard = RollbackGuard::open(&guard_folder, tree.tree_id)?;
        let (queue, waiting) = mpsc::channel(limits.queue);
        let tracker = tracker.clone();
        let round = witnesses.map(|witnesses| Round::new(witnesses, &tree.origin));
        let log = Self {
            shared: Arc::new(Shared {
                store,
                tree,
                publisher,
                clock,
                guard,
                limits,
                published: ArcSwapOption::empty(),
                tiles: Cache::builder()
                    .weigher(|_, tile: &HeldTile| weight(tile.len_bytes()))
                    .max_capacity(limits.tile_cache)
                    .build(),
                partial_tiles: Cache::builder()
                    .weigher(|_, tile: &HeldTile| weight(tile.len_bytes()))
                    .max_capacity(limits.tile_cache / 4)
                    .build(),
                runs: Cache::builder()
                    .weigher(|_, run: &Arc<Vec<StoredEntry>>| {
                        weight(run.iter().map(|entry| entry.record.len()).sum())
                    })
                    .max_capacity(limits.entry_cache)
                    .build(),
                round,
                kept_ms: AtomicU64::new(0),
                queue,
                sealing: tokio::sync::Mutex::new(()),
                tracker,
            }),
        };
        log.check_history().await?;
        log.check_key().await?;
        // What is committed can be signed for; witnesses are asked when somebody wants to know.
        log.publish(&log.shared.store.head(log.shared.tree.key).await?, None).await?;
        log.seal_in_background();
        let batcher = Batcher::new(log.clone(), waiting).await?;
        log.shared.tracker.spawn(batcher.run(shutdown.clone()));
        Ok(log)
    }

    /// The tree that the log is on.
    pub fn tree(&self) -> &Tree {
        &self.shared.tree
    }

    /// Seals what is full, unless that is being done already; any server may, so a failure is left to the next one.
    pub(crate) fn seal_in_background(&self) {
        let log = self.clone();
        self.shared.tracker.spawn(async move {
            let Ok(_alone) = log.shared.sealing.try_lock() else { return };
            if let Err(error) = log.shared.store.seal(log.shared.tree.key).await {
                tracing::warn!(origin = log.shared.tree.origin, %error, "sealing entry bundles");
            }
        });
    }
}

fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
