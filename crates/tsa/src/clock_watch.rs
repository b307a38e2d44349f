use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sigstead_clock::{Clock, Timestamp};
use tokio::time::Instant;

use crate::error::Error;
use crate::time_sources::{Doubt, OnDrift, TimeSources};

/// A clock may be set back by this much without losing trust: small corrections are normal. Meanwhile the time
/// stands still, which is as far off as tokens say they may be.
const TOLERANCE_MS: u64 = 1_000;
/// So many periods long, a comparison is good for; then servers must have answered again.
const GOOD_FOR_PERIODS: u32 = 3;
/// How often it is told in the metrics whether the clock is believed.
const TOLD_EVERY: Duration = Duration::from_secs(5);

/// Says what time it is, unless the clock is not to be believed.
#[derive(Debug)]
pub(crate) struct ClockWatch {
    clock: Arc<dyn Clock>,
    /// The latest time that was ever given out, in milliseconds.
    latest: AtomicU64,
    sources: Option<TimeSources>,
    compared: RwLock<Compared>,
}

/// What comparing the clock with time servers has shown.
#[derive(Debug, Clone)]
enum Compared {
    NotYet,
    Right(Instant),
    Wrong(String),
}

impl ClockWatch {
    pub(crate) fn new(clock: Arc<dyn Clock>, sources: Option<TimeSources>) -> Self {
        let latest = AtomicU64::new(clock.now().millis());
        Self { clock, latest, sources, compared: RwLock::new(Compared::NotYet) }
    }

    /// The clock's own time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The time to put into a token.
    pub(crate) fn trusted_now(&self) -> Result<Timestamp, Error> {
        if self.refuses_doubtful() && self.disagreement().is_some() {
            return Err(Error::Clock);
        }
        let now = self.clock.now();
        let latest = self.latest.fetch_max(now.millis(), Ordering::SeqCst);
        if let Some(why) = gone_back(now, latest) {
            tracing::error!(why, "no timestamp");
            return Err(Error::Clock);
        }
        Ok(Timestamp::from_millis(now.millis().max(latest)))
    }

    /// Why nothing is signed because of the clock; `None` if it does not stand in the way.
    pub(crate) fn refusal(&self) -> Option<String> {
        self.gone_back().or_else(|| self.disagreement().filter(|_| self.refuses_doubtful()))
    }

    /// Why the clock is not believed, whether or not it stops anything.
    pub(crate) fn doubt(&self) -> Option<String> {
        self.gone_back().or_else(|| self.disagreement())
    }

    /// Watches the clock, for ever.
    pub(crate) async fn watch(&self) {
        tokio::join!(self.compare(), async {
            loop {
                self.tell();
                tokio::time::sleep(TOLD_EVERY).await;
            }
        });
    }

    /// Compares the clock with its time servers from time to time, for ever; returns if there are none.
    async fn compare(&self) {
        let Some(sources) = &self.sources else { return };
        loop {
            self.note(sources.compare(&self.clock).await);
            self.tell();
            tokio::time::sleep(sources.period).await;
        }
    }

    fn tell(&self) {
        metrics::gauge!("sigstead_tsa_clock_trusted").set(f64::from(u8::from(self.doubt().is_none())));
    }

    /// Whether the clock went back, since a time was given out; a time that was only looked at is nobody's.
    fn gone_back(&self) -> Option<String> {
        gone_back(self.clock.now(), self.latest.load(Ordering::SeqCst))
    }

    fn refuses_doubtful(&self) -> bool {
        self.sources.as_ref().is_some_and(|sources| sources.on_drift == OnDrift::Refuse)
    }

    /// Why time servers do not vouch for the clock; `None` if they do, or if none are asked.
    fn disagreement(&self) -> Option<String> {
        let sources = self.sources.as_ref()?;
        let compared = self.compared.read().unwrap_or_else(PoisonError::into_inner).clone();
        match compared {
            Compared::NotYet => Some("no time server has been heard yet".to_owned()),
            Compared::Wrong(why) => Some(why),
            Compared::Right(at) if at.elapsed() > sources.period * GOOD_FOR_PERIODS => {
                Some(format!("no time server has vouched for the clock for {} s", at.elapsed().as_secs()))
            }
            Compared::Right(_) => None,
        }
    }

    fn note(&self, compared: Result<(), Doubt>) {
        let next = match compared {
            Ok(()) => Compared::Right(Instant::now()),
            // What was right a moment ago is not wrong because a network is: it only grows old.
            Err(Doubt::TooFew(why)) => {
                metrics::counter!("timestamp_authority_ntp_errors_total", "reason" => "err_too_few")
                    .increment(1);
                tracing::warn!(why, "the clock could not be compared");
                return;
            }
            Err(Doubt::Drift(why)) => {
                metrics::counter!("timestamp_authority_ntp_errors_total", "reason" => "err_inv_time")
                    .increment(1);
                tracing::error!(why, "the clock is not trusted");
                Compared::Wrong(why)
            }
        };
        *self.compared.write().unwrap_or_else(PoisonError::into_inner) = next;
    }
}

fn gone_back(now: Timestamp, latest: u64) -> Option<String> {
    let back = latest.saturating_sub(now.millis());
    (back > TOLERANCE_MS).then(|| {
        let back = Duration::from_millis(back);
        format!("the clock went back by {back:?}; nothing is stamped until it catches up")
    })
}

#[cfg(test)]
mod tests {
    use sigstead_clock::ManualClock;

    use super::*;

    #[test]
    fn a_clock_that_jumps_back_is_not_believed_until_it_catches_up() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1000)));
        let watch = ClockWatch::new(clock.clone(), None);
        clock.set(Timestamp::from_seconds(999));
        assert_eq!(watch.trusted_now().unwrap(), Timestamp::from_seconds(1000), "time stands still");
        assert_eq!((watch.refusal(), watch.doubt()), (None, None));
        // A mistake that is mended before anything was stamped is none.
        clock.set(Timestamp::from_seconds(5000));
        assert_eq!(watch.refusal(), None);
        clock.set(Timestamp::from_seconds(900));
        assert!(matches!(watch.trusted_now(), Err(Error::Clock)));
        assert!(watch.refusal().unwrap().contains("went back by 100s"), "{:?}", watch.refusal());
        assert_eq!(watch.doubt(), watch.refusal());
        clock.advance(Duration::from_secs(101));
        assert_eq!(watch.trusted_now().unwrap(), Timestamp::from_seconds(1001));
        assert_eq!((watch.refusal(), watch.doubt()), (None, None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_comparison_grows_old() {
        let period = Duration::from_secs(60);
        let sources = TimeSources {
            servers: vec!["ntp.test".to_owned()],
            asked: 1,
            needed: 1,
            patience: Duration::from_secs(1),
            period,
            max_offset: Duration::from_secs(1),
            on_drift: OnDrift::Refuse,
        };
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1000)));
        let watch = ClockWatch::new(clock, Some(sources));
        assert!(matches!(watch.trusted_now(), Err(Error::Clock)), "before the first comparison");
        watch.note(Ok(()));
        assert!(watch.trusted_now().is_ok());
        tokio::time::advance(2 * period).await;
        watch.note(Err(Doubt::TooFew("none".to_owned())));
        assert!(watch.trusted_now().is_ok());
        tokio::time::advance(2 * period).await;
        assert!(matches!(watch.trusted_now(), Err(Error::Clock)));
        watch.note(Ok(()));
        assert!(watch.trusted_now().is_ok());
        watch.note(Err(Doubt::Drift("an hour".to_owned())));
        assert!(matches!(watch.trusted_now(), Err(Error::Clock)));
        assert_eq!(watch.doubt().as_deref(), Some("an hour"));
    }
}
