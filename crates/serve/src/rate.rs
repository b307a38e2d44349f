use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Keys in each of two generations: about 3 MB together.
const GENERATION: usize = 65_536;

/// How much somebody may ask for: `burst` at once, and one more each `interval`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    interval: Duration,
    burst: u32,
}

impl Rate {
    /// `count` in each `period` in the long run, `burst` at once.
    pub fn new(count: NonZeroU32, period: Duration, burst: NonZeroU32) -> Self {
        Self { interval: period / count.get(), burst: burst.get() }
    }
}

/// Counts by key what was asked for, in bounded memory. When more keys come than there is room for, those that
/// asked for nothing lately are forgotten: to them everything is allowed again.
#[derive(Debug)]
pub struct RateLimiter {
    rate: Rate,
    begun: Instant,
    hasher: RandomState,
    seen: Mutex<Seen>,
}

/// By the hash of a key, when it will have nothing left to wait for (the theoretical arrival time of the generic
/// cell rate algorithm, ITU-T I.371), since the beginning.
#[derive(Debug, Default)]
struct Seen {
    young: HashMap<u64, Duration>,
    old: HashMap<u64, Duration>,
}

impl RateLimiter {
    /// Nobody asked for anything yet.
    pub fn new(rate: Rate) -> Self {
        Self { rate, begun: Instant::now(), hasher: RandomState::new(), seen: Mutex::default() }
    }

    /// Counts one more for `key`.
    ///
    /// # Errors
    /// With the time after which asking again may succeed; then nothing was counted.
    pub fn admit(&self, key: impl Hash, now: Instant) -> Result<(), Duration> {
        let now = now.saturating_duration_since(self.begun);
        let tolerance = self.rate.interval.saturating_mul(self.rate.burst - 1);
        let key = self.hasher.hash_one(key);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let free_at = seen.free_at(key).max(now);
        let wait = free_at.saturating_sub(now + tolerance);
        if wait > Duration::ZERO {
            return Err(wait);
        }
        seen.remember(key, free_at + self.rate.interval);
        Ok(())
    }
}

impl Seen {
    fn free_at(&self, key: u64) -> Duration {
        self.young.get(&key).or_else(|| self.old.get(&key)).copied().unwrap_or_default()
    }

    fn remember(&mut self, key: u64, free_at: Duration) {
        if self.young.len() >= GENERATION && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, free_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(count: u32, burst: u32) -> RateLimiter {
        let number = |n| NonZeroU32::new(n).unwrap();
        RateLimiter::new(Rate::new(number(count), Duration::from_secs(1), number(burst)))
    }

    #[test]
    fn a_burst_then_one_each_interval() {
        let (limiter, begun) = (limiter(10, 3), Instant::now());
        for _ in 0..3 {
            assert_eq!(limiter.admit("a", begun), Ok(()));
        }
        let wait = limiter.admit("a", begun).unwrap_err();
        assert!(wait > Duration::from_millis(95) && wait <= Duration::from_millis(100), "{wait:?}");
        assert_eq!(limiter.admit("b", begun), Ok(()), "another one");
        assert!(limiter.admit("a", begun + wait / 2).is_err());
        assert_eq!(limiter.admit("a", begun + wait), Ok(()));
        assert!(limiter.admit("a", begun + wait).is_err());
        let later = begun + Duration::from_secs(60);
        assert_eq!((0..9).filter(|_| limiter.admit("a", later).is_ok()).count(), 3, "no more than a burst");
    }

    #[test]
    fn memory_is_bounded() {
        let (limiter, now) = (limiter(1, 1), Instant::now());
        for key in 0..GENERATION * 3 {
            assert_eq!(limiter.admit(key, now), Ok(()));
        }
        assert!(limiter.admit(GENERATION * 3 - 1, now).is_err(), "who came lately is remembered");
        assert_eq!(limiter.admit(0, now), Ok(()), "who did not is forgotten");
        let seen = limiter.seen.lock().unwrap();
        assert!(seen.young.len() <= GENERATION && seen.old.len() <= GENERATION);
    }
}
