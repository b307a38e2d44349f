use std::sync::Arc;
use std::time::Duration;

use sigstead_clock::{Clock, Timestamp};
use tokio::sync::Mutex;

use super::exchange::Fault;

/// Credentials are replaced so long before they run out.
const EARLY: Duration = Duration::from_secs(300);

/// Credentials that run out.
#[derive(Debug)]
pub(super) struct Cached<T> {
    clock: Arc<dyn Clock>,
    kept: Mutex<Option<(T, Timestamp)>>,
}

impl<T: Clone> Cached<T> {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, kept: Mutex::new(None) }
    }

    /// Those that are kept, or what `fetch` brings: with the time when they run out. Who comes meanwhile waits.
    pub(super) async fn or_fetch(
        &self,
        fetch: impl Future<Output = Result<(T, Timestamp), Fault>>,
    ) -> Result<T, Fault> {
        let mut kept = self.kept.lock().await;
        let now = self.clock.now();
        if let Some((credentials, until)) = &*kept
            && now.plus(EARLY) < *until
        {
            return Ok(credentials.clone());
        }
        match (fetch.await, &*kept) {
            (Ok((credentials, until)), _) => {
                *kept = Some((credentials.clone(), until));
                Ok(credentials)
            }
            (Err(_), Some((credentials, until))) if now < *until => Ok(credentials.clone()),
            (Err(fault), _) => Err(fault),
        }
    }

    /// The next ones are fetched.
    pub(super) async fn forget(&self) {
        *self.kept.lock().await = None;
    }
}

#[cfg(test)]
mod tests {
    use sigstead_clock::ManualClock;

    use super::*;

    #[tokio::test]
    async fn kept_until_shortly_before_the_end() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(0)));
        let cached = Cached::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let bring = |name: &'static str| {
            let until = clock.now().plus(2 * EARLY);
            cached.or_fetch(async move { Ok((name, until)) })
        };
        assert_eq!(bring("first").await, Ok("first"));
        assert_eq!(bring("second").await, Ok("first"));
        clock.advance(EARLY);
        assert_eq!(bring("second").await, Ok("second"));
        cached.forget().await;
        assert_eq!(bring("third").await, Ok("third"));
    }

    #[tokio::test]
    async fn good_to_the_end_when_no_others_come() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(0)));
        let cached = Cached::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let end = Timestamp::from_seconds(600);
        cached.or_fetch(async { Ok(("first", end)) }).await.unwrap();
        let fails = || cached.or_fetch(async { Err(Fault::Passing("down".to_owned())) });
        clock.set(Timestamp::from_seconds(599));
        assert_eq!(fails().await, Ok("first"));
        clock.set(end);
        assert_eq!(fails().await, Err(Fault::Passing("down".to_owned())));
    }
}
