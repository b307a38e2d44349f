use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use sigstead_serve::Tasks;

/// How often files are compared with what is used. By content: Kubernetes swaps a link above them.
const PERIOD: Duration = Duration::from_secs(5);

/// Faults of one change that are told; more would be one that words itself anew each time.
const MAX_TOLD: usize = 10;

/// What files say, kept in step with them. What cannot be used changes nothing, and is tried again: the fault may be
/// in what the files name, such as a KMS that does not answer.
#[derive(Debug)]
pub(super) struct Followed<T> {
    /// In metrics and the log.
    what: &'static str,
    used: T,
    refused: Option<T>,
    /// Why it was refused, or could not be read; each fault is told once, however long it stays.
    told: BTreeSet<String>,
}

impl<T: Clone + PartialEq + Send + 'static> Followed<T> {
    /// From what was read and used at the start.
    pub(super) const fn new(what: &'static str, used: T) -> Self {
        Self { what, used, refused: None, told: BTreeSet::new() }
    }

    /// Reads from time to time, and uses what is new, until shutdown.
    pub(super) fn follow<F>(
        mut self,
        read: impl Fn() -> anyhow::Result<T> + Send + Sync + 'static,
        apply: impl Fn(T) -> F + Send + Sync + 'static,
        tasks: &Tasks,
    ) where
        F: Future<Output = anyhow::Result<()>> + Send,
    {
        // From zero, so that alerts see the first one.
        for outcome in ["loaded", "refused"] {
            self.count(outcome, 0);
        }
        let shutdown = tasks.shutdown().clone();
        let read = Arc::new(read);
        tasks.spawn(async move {
            while shutdown.run_until_cancelled(tokio::time::sleep(PERIOD)).await.is_some() {
                let read = Arc::clone(&read);
                // A disk that hangs must not hold up a worker.
                let Ok(read) = tokio::task::spawn_blocking(move || read()).await else { return };
                self.look(read, &apply).await;
            }
        });
    }

    /// What became of what was read, if it is news.
    async fn look<F>(&mut self, read: anyhow::Result<T>, apply: impl Fn(T) -> F) -> Option<&'static str>
    where
        F: Future<Output = anyhow::Result<()>>,
    {
        let applied = match read {
            Ok(read) if read == self.used => {
                self.refused = None;
                self.told.clear();
                return None;
            }
            Ok(read) => self.try_to_use(read, apply).await,
            Err(error) => Err(error),
        };
        let what = self.what;
        let outcome = match applied {
            Ok(()) => {
                tracing::info!(what, "a changed configuration is in use");
                "loaded"
            }
            Err(error) => {
                let reason = format!("{error:#}");
                if self.told.len() >= MAX_TOLD || !self.told.insert(reason.clone()) {
                    return None;
                }
                tracing::error!(what, reason, "a changed configuration cannot be used; the old one stays");
                "refused"
            }
        };
        self.count(outcome, 1);
        Some(outcome)
    }

    async fn try_to_use<F>(&mut self, read: T, apply: impl Fn(T) -> F) -> anyhow::Result<()>
    where
        F: Future<Output = anyhow::Result<()>>,
    {
        if self.refused.as_ref() != Some(&read) {
            self.told.clear();
        }
        let applied = apply(read.clone()).await;
        match applied {
            Ok(()) => {
                self.told.clear();
                (self.used, self.refused) = (read, None);
            }
            Err(_) => self.refused = Some(read),
        }
        applied
    }

    fn count(&self, outcome: &'static str, more: u64) {
        metrics::counter!("sigstead_reloads_total", "what" => self.what, "outcome" => outcome)
            .increment(more);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use anyhow::bail;

    use super::*;

    #[tokio::test]
    async fn what_cannot_be_used_changes_nothing_and_is_told_once() {
        let used = RefCell::new("a");
        let apply = async |read: &'static str| {
            if read.starts_with("bad") {
                bail!("it is bad");
            }
            *used.borrow_mut() = read;
            Ok(())
        };
        let mut followed = Followed::new("test", "a");
        let gone = || Err(anyhow::anyhow!("gone"));
        for (read, told) in [
            (Ok("a"), None),
            (Ok("bad"), Some("refused")),
            (Ok("bad"), None),
            (gone(), Some("refused")),
            (gone(), None),
            (Ok("bad"), None),
            (Ok("bad too"), Some("refused")),
            (Ok("a"), None),
        ] {
            assert_eq!(followed.look(read, apply).await, told);
        }
        assert_eq!(*used.borrow(), "a");
        assert_eq!(followed.look(Ok("b"), apply).await, Some("loaded"));
        assert_eq!(*used.borrow(), "b");
    }

    #[tokio::test]
    async fn what_a_change_names_may_come_later() {
        let (tries, is_there) = (Cell::new(0), Cell::new(false));
        let apply = async |_| {
            tries.set(tries.get() + 1);
            if is_there.get() { Ok(()) } else { bail!("no answer after {} tries", tries.get()) }
        };
        let mut followed = Followed::new("test", "a");
        let mut told = 0;
        for _ in 0..50 {
            told += usize::from(followed.look(Ok("b"), apply).await.is_some());
        }
        assert_eq!((tries.get(), told), (50, MAX_TOLD));
        is_there.set(true);
        assert_eq!(followed.look(Ok("b"), apply).await, Some("loaded"));
        assert_eq!(followed.look(Ok("b"), apply).await, None);
        assert_eq!(tries.get(), 51);
    }
}
