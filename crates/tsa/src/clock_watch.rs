use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sigstead_clock::{Clock, Timestamp};

use crate::error::Error;

/// A clock may be set back by this much without losing trust: small corrections are normal.
const TOLERANCE_MS: u64 = 2_000;

/// Says what time it is, unless the clock is not to be believed.
#[derive(Debug)]
pub(crate) struct ClockWatch {
    clock: Arc<dyn Clock>,
    /// The latest time that was ever given out, in milliseconds.
    latest: AtomicU64,
}

impl ClockWatch {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let latest = AtomicU64::new(clock.now().millis());
        Self { clock, latest }
    }

    /// The time to put into a token.
    pub(crate) fn trusted_now(&self) -> Result<Timestamp, Error> {
        let now = self.clock.now();
        let latest = self.latest.fetch_max(now.millis(), Ordering::SeqCst);
        if now.millis().saturating_add(TOLERANCE_MS) < latest {
            tracing::error!(
                now = now.millis(),
                latest,
                "the clock went back; no timestamps until it catches up"
            );
            return Err(Error::Clock);
        }
        Ok(now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sigstead_clock::ManualClock;

    use super::*;

    #[test]
    fn a_clock_that_jumps_back_is_not_believed_until_it_catches_up() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1000)));
        let watch = ClockWatch::new(clock.clone());
        clock.set(Timestamp::from_seconds(999));
        assert!(watch.trusted_now().is_ok());
        clock.set(Timestamp::from_seconds(900));
        assert!(matches!(watch.trusted_now(), Err(Error::Clock)));
        clock.advance(Duration::from_secs(100));
        assert!(watch.trusted_now().is_ok());
    }
}
