//! Warnings before a CA or TSA has nothing to sign with any more.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::Ground;
use super::authorities::NamedAuthority;

/// How long before the end the warnings begin: an organization's CA takes its time.
const AHEAD_DAYS: i64 = 30;
const DAY: i64 = 24 * 3600;
/// How often the gauges are set; they count days.
const PERIOD: Duration = Duration::from_secs(60);

/// When a service's last authority ends.
#[derive(Debug, Clone)]
pub(super) struct Expiry(Arc<RwLock<Ends>>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Ends {
    /// Unix seconds.
    last: i64,
    /// Its name.
    name: String,
}

/// Tells in health, metrics and the log when the end is near.
pub(super) fn watch(service: &'static str, named: &[NamedAuthority], ground: &Ground) -> Expiry {
    let expiry = Expiry(Arc::new(RwLock::new(ends(named))));
    let (told, clock) = (expiry.clone(), Arc::clone(&ground.clock));
    ground
        .health
        .add_warning(format!("{service}-authorities"), move || told.warning(clock.now().unix_seconds()));
    let (counted, clock, shutdown) =
        (expiry.clone(), Arc::clone(&ground.clock), ground.tasks.shutdown().clone());
    ground.tasks.spawn(async move {
        let mut warned_at = 0;
        loop {
            let now = clock.now().unix_seconds();
            counted.count(service, now);
            if let Some(warning) = counted.warning(now).filter(|_| now - warned_at >= DAY) {
                tracing::warn!(service, "{warning}");
                warned_at = now;
            }
            if shutdown.run_until_cancelled(tokio::time::sleep(PERIOD)).await.is_none() {
                return;
            }
        }
    });
    expiry
}

impl Expiry {
    /// After authorities changed.
    pub(super) fn replace(&self, named: &[NamedAuthority]) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = ends(named);
    }

    fn ends(&self) -> Ends {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn warning(&self, now: i64) -> Option<String> {
        let Ends { last, name } = self.ends();
        let left = (last - now).div_euclid(DAY);
        (left < AHEAD_DAYS).then(|| {
            format!(
                "the authority {name} ends in {left} days and none follows: `init` and `import` the next one"
            )
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "times fit a float's 53 bits")]
    fn count(&self, service: &'static str, now: i64) {
        let last = self.ends().last;
        metrics::gauge!("sigstead_authority_end_seconds", "service" => service).set(last as f64);
        if service == "tsa" {
            // The original's name, which dashboards know.
            let days = (last - now) as f64 / DAY as f64;
            metrics::gauge!("timestamp_authority_certificate_valid_days_remaining").set(days);
        }
    }
}

fn ends(named: &[NamedAuthority]) -> Ends {
    let with_keys = named.iter().filter(|one| one.key.is_some());
    let ends = with_keys
        .map(|one| Ends { last: one.term.last(&one.chain).unwrap_or_default(), name: one.name.clone() });
    ends.max_by_key(|ends| ends.last).unwrap_or_default()
}
