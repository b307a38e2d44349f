use std::sync::Arc;
use std::time::{Duration, Instant};

use sigstead_merkle::{Growth, Hash};
use sigstead_store::{BUNDLE_WIDTH, Batch, Committed, Outcome, Proposal, StoreError, TreeStore};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span};

use crate::AppendError;
use crate::log::Log;
use crate::proof::InclusionProof;
use crate::publish::PublishedHead;

/// How often a batch is tried while the database is busy, or its outcome is unknown.
const TRIES: u32 = 8;
/// Before the second try; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// Where an entry is, and the proof.
#[derive(Debug, Clone)]
pub struct Appended {
    /// Its index in the tree.
    pub index: u64,
    /// Its time, in milliseconds since the Unix epoch.
    pub timestamp_ms: u64,
    /// Its leaf hash.
    pub leaf_hash: Hash,
    /// Whether this call appended it; otherwise an equal entry was there before.
    pub is_new: bool,
    /// That it is in the tree of `checkpoint`.
    pub proof: InclusionProof,
    /// A signed head of a committed tree that contains the entry.
    pub checkpoint: Arc<PublishedHead>,
}

/// An entry whose caller waits.
pub(crate) struct Waiting {
    proposal: Proposal,
    answer: oneshot::Sender<Result<Appended, AppendError>>,
    /// The caller's.
    span: Span,
}

impl<S: TreeStore> Log<S> {
    /// Appends an entry, or finds the equal one that is there; returns when it is committed and signed for.
    ///
    /// # Errors
    /// When the log is frozen, overloaded or ending, or a part that it stands on fails. After
    /// [`AppendError::Store`] with an unknown outcome the entry may be in the log; asking again finds it.
    pub async fn append(&self, proposal: Proposal) -> Result<Appended, AppendError> {
        let (answer, answered) = oneshot::channel();
        let span = tracing::info_span!("append");
        let waiting = Waiting { proposal, answer, span: span.clone() };
        self.shared.queue.try_send(waiting).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => {
                AppendError::Overloaded { retry_after: self.shared.limits.retry_after }
            }
            mpsc::error::TrySendError::Closed(_) => AppendError::Stopping,
        })?;
        answered.instrument(span).await.unwrap_or(Err(AppendError::Stopping))
    }
}

/// Turns what waits into batches: while one commits, the next collects. There is no timer.
pub(crate) struct Batcher<S> {
    log: Log<S>,
    waiting: mpsc::Receiver<Waiting>,
    /// No larger than the tree: the size after the last commit seen here.
    known_size: u64,
}

impl<S: TreeStore> Batcher<S> {
    pub(crate) async fn new(log: Log<S>, waiting: mpsc::Receiver<Waiting>) -> Result<Self, AppendError> {
        let known_size = log.shared.store.head(log.shared.tree.key).await?.size();
        Ok(Self { log, waiting, known_size })
    }

    /// Runs until shutdown; what waits then is still appended and answered.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let mut batch = Vec::new();
        loop {
            let limit = self.log.shared.limits.batch;
            let received = tokio::select! {
                received = self.waiting.recv_many(&mut batch, limit) => received,
                () = shutdown.cancelled(), if !self.waiting.is_closed() => {
                    self.waiting.close();
                    continue;
                }
            };
            if received == 0 {
                return;
            }
            self.append(std::mem::take(&mut batch)).await;
        }
    }

    /// One batch, from waiting callers to their answers. The order is what makes it safe:
    async fn append(&mut self, waiting: Vec<Waiting>) {
        // 1. Commit. If we die before, nobody was promised anything. If we die during or after, the
        //    entries may be in the tree unanswered; a caller that asks again finds them.
        let tree = &self.log.shared.tree;
        let span = tracing::info_span!(parent: None, "batch", origin = tree.origin, entries = waiting.len());
        for waiting in &waiting {
            span.follows_from(&waiting.span);
        }
        let (proposals, answers): (Vec<_>, Vec<_>) =
            waiting.into_iter().map(|waiting| (waiting.proposal, waiting.answer)).unzip();
        let commit = tracing::info_span!(parent: &span, "commit");
        let committed = match self.commit(proposals).instrument(commit).await {
            Ok(committed) => committed,
            Err(error) => {
                let origin = &self.log.shared.tree.origin;
                tracing::error!(origin, entries = answers.len(), %error, "a batch was not appended");
                answers.into_iter().for_each(|answer| drop(answer.send(Err(error.clone()))));
                return;
            }
        };
        self.known_size = committed.head.size();
        if committed.before.size() / BUNDLE_WIDTH != self.known_size / BUNDLE_WIDTH {
            self.log.seal_in_background();
        }
        // 2. Sign and answer, while the next batch commits. If we die here, the tree is committed and
        //    unsigned: the next signature, ours or another server's, covers it.
        let log = self.log.clone();
        let sign = tracing::info_span!(parent: &span, "sign");
        let answering = async move { answer_all(&log, &committed, answers).await };
        self.log.shared.tracker.spawn(answering.instrument(sign));
    }

    /// One transaction, tried again while the database is busy. Nothing is signed before its outcome is
    /// known: when it is not, the next try finds the entries, if they landed, at or past `since`.
    async fn commit(&mut self, proposals: Vec<Proposal>) -> Result<Committed, AppendError> {
        let shared = &self.log.shared;
        let begun = Instant::now();
        let mut batch = Batch { proposals, timestamp_ms: shared.clock.now().millis(), since: None };
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            match shared.store.append(shared.tree.key, &batch).await {
                Ok(committed) => {
                    metrics::histogram!("sigstead_tlog_commit_seconds").record(begun.elapsed().as_secs_f64());
                    metrics::histogram!("sigstead_tlog_batch_entries").record(batch.proposals.len() as f64);
                    metrics::gauge!("sigstead_tlog_size", "origin" => shared.tree.origin.clone())
                        .set(committed.head.size() as f64);
                    return Ok(committed);
                }
                Err(StoreError::UnknownOutcome) if attempt < TRIES => batch.since = Some(self.known_size),
                Err(StoreError::Busy) if attempt < TRIES => {}
                // The outcome stays unknown while the database cannot be asked.
                Err(StoreError::Unavailable(_)) if attempt < TRIES && batch.since.is_some() => {}
                Err(error) => return Err(error.into()),
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Err(AppendError::Stopping)
    }
}

async fn answer_all<S: TreeStore>(
    log: &Log<S>,
    committed: &Committed,
    answers: Vec<oneshot::Sender<Result<Appended, AppendError>>>,
) {
    let checkpoint = log.publish_committed(committed).await;
    let growth = Growth::new(&committed.before, &committed.appended);
    for (outcome, answer) in committed.outcomes.iter().zip(answers) {
        let appended = match &checkpoint {
            Ok(checkpoint) => prove(log, &growth, outcome, checkpoint).await,
            Err(error) => Err(error.clone()),
        };
        // A caller that went away misses its answer, not its entry.
        drop(answer.send(appended));
    }
}

/// A new entry's proof comes from the batch alone; one that was there before is looked up.
async fn prove<S: TreeStore>(
    log: &Log<S>,
    growth: &Growth,
    outcome: &Outcome,
    checkpoint: &Arc<PublishedHead>,
) -> Result<Appended, AppendError> {
    let index = outcome.assigned.index;
    // Witnesses take their time: what they cosigned may be the tree of a later batch.
    let is_of_batch = checkpoint.size == growth.after().size();
    let proof = match growth.inclusion(index).filter(|_| is_of_batch) {
        Some(hashes) => InclusionProof { index, size: checkpoint.size, root: checkpoint.root, hashes },
        None => log.inclusion(index, checkpoint.size).await?,
    };
    Ok(Appended {
        index,
        timestamp_ms: outcome.assigned.timestamp_ms,
        leaf_hash: outcome.leaf_hash,
        is_new: outcome.is_new,
        proof,
        checkpoint: Arc::clone(checkpoint),
    })
}
