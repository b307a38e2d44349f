use std::sync::Arc;
use std::time::Duration;

use sigstead_serve::Tasks;

/// How often files are compared with what is used. By content: Kubernetes swaps a link above them.
const PERIOD: Duration = Duration::from_secs(5);

/// What files say, kept in step with them. What cannot be used changes nothing.
#[derive(Debug)]
pub(super) struct Followed<T> {
    /// In metrics and the log.
    what: &'static str,
    seen: T,
    /// Why the files could not be read last; each fault is told once, however long it stays.
    unreadable: Option<String>,
}

impl<T: Clone + PartialEq + Send + 'static> Followed<T> {
    /// From what was read and used at the start.
    pub(super) const fn new(what: &'static str, seen: T) -> Self {
        Self { what, seen, unreadable: None }
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
            Ok(read) => {
                self.unreadable = None;
                if read == self.seen {
                    return None;
                }
                self.seen = read;
                apply(self.seen.clone()).await
            }
            Err(error) => {
                let reason = format!("{error:#}");
                if self.unreadable.as_ref() == Some(&reason) {
                    return None;
                }
                self.unreadable = Some(reason);
                Err(error)
            }
        };
        let what = self.what;
        let outcome = match applied {
            Ok(()) => {
                tracing::info!(what, "a changed configuration is in use");
                "loaded"
            }
            Err(error) => {
                let reason = format!("{error:#}");
                tracing::error!(what, reason, "a changed configuration cannot be used; the old one stays");
                "refused"
            }
        };
        self.count(outcome, 1);
        Some(outcome)
    }

    fn count(&self, outcome: &'static str, more: u64) {
        metrics::counter!("sigstead_reloads_total", "what" => self.what, "outcome" => outcome)
            .increment(more);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use anyhow::bail;

    use super::*;

    #[tokio::test]
    async fn what_cannot_be_used_changes_nothing_and_is_told_once() {
        let used = RefCell::new("a");
        let apply = async |read: &'static str| {
            if read == "bad" {
                bail!("it is bad");
            }
            *used.borrow_mut() = read;
            Ok(())
        };
        let mut followed = Followed::new("test", "a");
        assert_eq!(followed.look(Ok("a"), apply).await, None);
        assert_eq!(followed.look(Ok("bad"), apply).await, Some("refused"));
        assert_eq!(followed.look(Ok("bad"), apply).await, None, "told once");
        for _ in 0..2 {
            let first = followed.unreadable.is_none();
            let told = followed.look(Err(anyhow::anyhow!("gone")), apply).await;
            assert_eq!(told.is_some(), first, "told once");
        }
        assert_eq!(*used.borrow(), "a");
        assert_eq!(followed.look(Ok("b"), apply).await, Some("loaded"));
        assert_eq!(*used.borrow(), "b");
    }
}
