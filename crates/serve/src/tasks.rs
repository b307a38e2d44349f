use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Every task of the process, and the two signals that end them: first those that serve requests, which
/// finish what they accepted, then the engines under them.
///
/// A task that is spawned here is waited for at shutdown, so work that a reply has promised is
/// never cut off. Clones share the same set.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    serving: TaskTracker,
    shutdown: CancellationToken,
    engines: TaskTracker,
    drained: CancellationToken,
}

impl Tasks {
    /// An empty set that is not shutting down.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `task`, which serves requests; it must end soon after [`Tasks::shutdown`] is cancelled.
    pub fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.serving.spawn(task);
    }

    /// Cancelled when no more requests should be accepted.
    pub fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// Cancelled when no more requests are being served, so engines get no more work.
    pub fn drained(&self) -> &CancellationToken {
        &self.drained
    }

    /// Tracks the tasks of engines; they must end soon after [`Tasks::drained`] is cancelled.
    pub fn tracker(&self) -> &TaskTracker {
        &self.engines
    }

    /// Asks every task to stop and waits at most `patience` for each kind. True if all of them ended.
    pub async fn finish(&self, patience: Duration) -> bool {
        self.shutdown.cancel();
        self.serving.close();
        let served = tokio::time::timeout(patience, self.serving.wait()).await.is_ok();
        self.drained.cancel();
        self.engines.close();
        served & tokio::time::timeout(patience, self.engines.wait()).await.is_ok()
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
    async fn engines_outlive_the_requests_that_need_them() {
        let tasks = Tasks::new();
        let (work, mut waiting) = tokio::sync::mpsc::channel::<tokio::sync::oneshot::Sender<()>>(1);
        let drained = tasks.drained().clone();
        tasks.tracker().spawn(async move {
            while let Some(answer) = tokio::select! {
                answer = waiting.recv() => answer,
                () = drained.cancelled() => None,
            } {
                answer.send(()).unwrap();
            }
        });
        let stop = tasks.shutdown().clone();
        let (done, mut finished) = tokio::sync::oneshot::channel();
        tasks.spawn(async move {
            stop.cancelled().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            let (answer, answered) = tokio::sync::oneshot::channel();
            work.send(answer).await.unwrap();
            done.send(answered.await).unwrap();
        });
        assert!(tasks.finish(Duration::from_secs(5)).await);
        assert_eq!(finished.try_recv(), Ok(Ok(())));
    }

    #[tokio::test]
    async fn finish_gives_up_after_its_patience() {
        let tasks = Tasks::new();
        tasks.spawn(std::future::pending());
        assert!(!tasks.finish(Duration::from_millis(10)).await);
    }
}
