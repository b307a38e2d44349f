use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Every background task of the process, and the one signal that ends them.
///
/// A task that is spawned here is waited for at shutdown, so work that a reply has promised is
/// never cut off. Clones share the same set.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    shutdown: CancellationToken,
}

impl Tasks {
    /// An empty set that is not shutting down.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `task` until it ends; it must end soon after [`Tasks::shutdown`] is cancelled.
    pub fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tracker.spawn(task);
    }

    /// Cancelled when the process should stop.
    pub fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// The tracker itself, for engines that track their own tasks.
    pub fn tracker(&self) -> &TaskTracker {
        &self.tracker
    }

    /// Asks every task to stop and waits at most `patience`. True if all of them ended.
    pub async fn finish(&self, patience: Duration) -> bool {
        self.shutdown.cancel();
        self.tracker.close();
        tokio::time::timeout(patience, self.tracker.wait()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn finish_waits_for_promised_work() {
        let tasks = Tasks::new();
        let stop = tasks.shutdown().clone();
        let (done, mut finished) = tokio::sync::oneshot::channel();
        tasks.spawn(async move {
            stop.cancelled().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            done.send(()).unwrap();
        });
        assert!(tasks.finish(Duration::from_secs(5)).await);
        assert!(finished.try_recv().is_ok());
    }

    #[tokio::test]
    async fn finish_gives_up_after_its_patience() {
        let tasks = Tasks::new();
        tasks.spawn(std::future::pending());
        assert!(!tasks.finish(Duration::from_millis(10)).await);
    }
}
