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

/// When the last authority of a service ends that signs for everybody.
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

/// One for some tokens counts only where there is none for everybody: without it, that one signs for them too.
fn ends(named: &[NamedAuthority]) -> Ends {
    let end = |one: &NamedAuthority| one.term.last(&one.chain).unwrap_or_default();
    let with_keys = named.iter().filter(|one| one.key.is_some());
    let last = with_keys.max_by_key(|one| (one.token_issuers.is_empty(), end(one)));
    last.map(|one| Ends { last: end(one), name: one.name.clone() }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use sigstead_x509::Term;

    use super::*;

    fn authority(name: &str, until: i64, token_issuers: &[&str]) -> NamedAuthority {
        NamedAuthority {
            name: name.to_owned(),
            key: Some("file:a.key".to_owned()),
            chain: Vec::new(),
            term: Term { since: 0, until: Some(until) },
            token_issuers: token_issuers.iter().map(ToString::to_string).collect(),
            is_stolen: false,
        }
    }

    #[test]
    fn the_last_one_for_everybody_counts() {
        let general = [authority("old", 10 * DAY, &[]), authority("new", 40 * DAY, &[])];
        let special = authority("ci", 90 * DAY, &["https://ci.example"]);
        let all = [&general[..], std::slice::from_ref(&special)].concat();
        let expiry = Expiry(Arc::new(RwLock::new(ends(&all))));
        assert_eq!(expiry.warning(10 * DAY), None);
        let warning = expiry.warning(15 * DAY).unwrap();
        assert!(warning.contains("the authority new ends in 25 days"), "{warning}");
        expiry.replace(&[special]);
        assert_eq!((expiry.warning(15 * DAY), expiry.ends().name.as_str()), (None, "ci"));
        let believed = NamedAuthority { key: None, ..authority("gone", 90 * DAY, &[]) };
        expiry.replace(&[general[0].clone(), believed]);
        assert!(expiry.warning(0).unwrap().contains("the authority old ends in 10 days"));
    }
}
