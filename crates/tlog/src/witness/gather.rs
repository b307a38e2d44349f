use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use sigstead_store::TreeStore;
use tokio::task::JoinSet;

use super::ask::Refusal;
use super::{OnMissing, Witnesses};
use crate::AppendError;
use crate::log::Log;
use crate::publish::PublishedHead;

/// What somebody who waited in vain is told.
const COME_AGAIN: Duration = Duration::from_secs(1);

/// The state of witnessing: one round at a time.
#[derive(Debug)]
pub(crate) struct Round {
    witnesses: Arc<Witnesses>,
    running: tokio::sync::Mutex<()>,
    /// The newest checkpoint that was published, with its cosignatures.
    published: ArcSwapOption<PublishedHead>,
    /// When a round had too few cosignatures.
    failed: Mutex<Option<Instant>>,
    /// Why nothing is published any more: a witness has seen another log than this one.
    alarm: RwLock<Option<String>>,
}

/// How a round ended.
enum Cosigned {
    /// With these signature lines.
    Enough(String),
    /// With these, which are too few.
    TooFew(String),
    /// With a witness that has seen what this log does not have.
    Alarm(String),
}

impl Round {
    /// For the log of that name.
    pub(crate) fn new(witnesses: Arc<Witnesses>, origin: &str) -> Self {
        set_alarm(origin, 0);
        Self {
            witnesses,
            running: tokio::sync::Mutex::default(),
            published: ArcSwapOption::empty(),
            failed: Mutex::default(),
            alarm: RwLock::default(),
        }
    }

    pub(crate) fn published(&self) -> Option<Arc<PublishedHead>> {
        self.published.load_full()
    }

    pub(crate) fn alarm(&self) -> Option<String> {
        self.alarm.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a reader had better take what is published: a round is under way, or one has just failed.
    pub(crate) fn is_hopeless(&self) -> bool {
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        self.running.try_lock().is_err() || failed.is_some_and(|failed| failed.elapsed() < COME_AGAIN)
    }

    fn raise(&self, origin: &str, why: String) -> AppendError {
        tracing::error!(origin, why, "a witness has seen another log: nothing is published any more");
        set_alarm(origin, 1);
        *self.alarm.write().unwrap_or_else(PoisonError::into_inner) = Some(why.clone());
        AppendError::Forked(why.into())
    }
}

impl<S: TreeStore> Log<S> {
    /// A published checkpoint of at least `wanted` entries: the newest there is, or a new round's.
    pub(crate) async fn witnessed(
        &self,
        round: &Round,
        wanted: u64,
    ) -> Result<Arc<PublishedHead>, AppendError> {
        let is_enough = |head: &Arc<PublishedHead>| head.size >= wanted;
        if let Some(head) = round.published().filter(is_enough) {
            return Ok(head);
        }
        if let Some(why) = round.alarm() {
            return Err(AppendError::Forked(why.into()));
        }
        let _alone = round.running.lock().await;
        // Whoever had the round before may have published what is wanted here.
        if let Some(head) = round.published().filter(is_enough) {
            return Ok(head);
        }
        let signed = self.publish(&self.shared.store.head(self.shared.tree.key).await?, None).await?;
        let lines = match self.gather(&round.witnesses, &signed).await? {
            Cosigned::Enough(lines) => lines,
            Cosigned::TooFew(lines) if round.witnesses.on_missing == OnMissing::Publish => {
                tracing::warn!(
                    origin = self.shared.tree.origin,
                    "a checkpoint is published with too few cosignatures"
                );
                lines
            }
            Cosigned::TooFew(_) => {
                *round.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                return Err(AppendError::Unwitnessed { retry_after: COME_AGAIN });
            }
            Cosigned::Alarm(why) => return Err(round.raise(&self.shared.tree.origin, why)),
        };
        let cosigned =
            Arc::new(PublishedHead { note: format!("{}{lines}", signed.note), ..(*signed).clone() });
        round.published.store(Some(Arc::clone(&cosigned)));
        self.keep(&cosigned);
        Ok(cosigned)
    }

    /// Asks every witness at once, until those that answered are enough, or all have answered.
    async fn gather(
        &self,
        witnesses: &Arc<Witnesses>,
        signed: &Arc<PublishedHead>,
    ) -> Result<Cosigned, AppendError> {
        let mut asked = JoinSet::new();
        for witness in witnesses.all() {
            let (log, witnesses, signed) = (self.clone(), Arc::clone(witnesses), Arc::clone(signed));
            asked.spawn(async move {
                let seen = witnesses.seen_by(&witness.name).min(signed.size);
                let answer = witness.ask(&witnesses.client.load_full(), &log, &signed, seen).await;
                (witness.name, answer)
            });
        }
        let (mut lines, mut names) = (String::new(), BTreeSet::new());
        while !witnesses.policy.is_met(&names) {
            let Some(Ok((name, answer))) = asked.join_next().await else {
                return Ok(Cosigned::TooFew(lines));
            };
            match answer {
                Ok(line) => {
                    witnesses.has_seen(&name, signed.size);
                    lines.push_str(&line);
                    names.insert(name);
                }
                Err(Refusal::Absent(why)) => tracing::warn!(witness = name, why, "no cosignature"),
                Err(Refusal::Ahead(size)) if self.has(size).await? => {
                    // Another server of this log was quicker; the next round asks about its checkpoint.
                    witnesses.has_seen(&name, size);
                }
                Err(Refusal::Ahead(size)) => {
                    let found = signed.size;
                    return Ok(Cosigned::Alarm(format!(
                        "{name} has seen {size} entries of this log, which has {found}: it was rolled back"
                    )));
                }
                Err(Refusal::Other(why)) => {
                    return Ok(Cosigned::Alarm(format!("{name} has seen another log by this name: {why}")));
                }
            }
        }
        Ok(Cosigned::Enough(lines))
    }

    /// Whether the tree of now has as many entries.
    async fn has(&self, size: u64) -> Result<bool, AppendError> {
        Ok(self.shared.store.head(self.shared.tree.key).await?.size() >= size)
    }
}

fn set_alarm(origin: &str, alarm: u8) {
    metrics::gauge!("sigstead_tlog_witness_alarm", "origin" => origin.to_owned()).set(alarm);
}
