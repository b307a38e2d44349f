use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::{Clock, Timestamp};

/// A clock that stands still until it is told otherwise.
#[derive(Debug)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// A clock that shows `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(AtomicU64::new(now.millis()))
    }

    /// Shows `now` from here on; it may lie in the past.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.millis(), Ordering::SeqCst);
    }

    /// Moves forward by `by`, to the millisecond.
    pub fn advance(&self, by: Duration) {
        self.set(self.now().plus(by));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_only_when_told() {
        let clock = ManualClock::new(Timestamp::from_seconds(10));
        assert_eq!(clock.now().seconds(), 10);
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now().millis(), 11_500);
        clock.set(Timestamp::from_seconds(3));
        assert_eq!(clock.now().seconds(), 3);
    }
}
