use std::time::Duration;

use sigstead_clock::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Tls, TlsError};

/// How often the files are compared with what is served.
const PERIOD: Duration = Duration::from_secs(2);
/// A certificate is old in the last tenth of its life, and not before its last two weeks.
const OLD_PART: i64 = 10;
const OLD_SECONDS: i64 = 14 * 24 * 60 * 60;

/// How much of a certificate's life is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    Good,
    Old,
    Expired,
}

impl Tls {
    /// Keeps what is served in step with the files, and tells of certificates that end soon.
    pub(crate) async fn watch(self, listener: &'static str, shutdown: CancellationToken) {
        // From zero, so that alerts see the first one.
        for outcome in ["loaded", "refused"] {
            count_reload(listener, outcome, 0);
        }
        let (mut told, mut told_age) = (None, Age::Good);
        loop {
            self.tell_age(listener, &mut told_age);
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                () = shutdown.cancelled() => return,
            }
            let tls = self.clone();
            // A disk that hangs must not hold up a worker.
            let Ok(reloaded) = tokio::task::spawn_blocking(move || tls.reload()).await else { return };
            tell_reload(listener, reloaded, &mut told);
        }
    }

    fn tell_age(&self, listener: &'static str, told: &mut Age) {
        let (first, last) = self.live.load().validity;
        let until = Timestamp::from_unix_seconds(last);
        metrics::gauge!("sigstead_tls_certificate_not_after_seconds", "listener" => listener)
            .set(Duration::from_secs(until.seconds()).as_secs_f64());
        let age = age(first, last, self.clock.now().unix_seconds());
        let until = until.to_rfc3339();
        match age {
            _ if age == *told => {}
            Age::Good => {}
            Age::Old => tracing::warn!(listener, until, "the TLS certificate ends soon"),
            Age::Expired => tracing::error!(listener, until, "the TLS certificate has expired"),
        }
        *told = age;
    }
}

/// Each fault is told once, however long it stays.
fn tell_reload(listener: &'static str, reloaded: Result<bool, TlsError>, told: &mut Option<String>) {
    let outcome = match reloaded {
        Ok(false) => {
            *told = None;
            return;
        }
        Ok(true) => {
            *told = None;
            tracing::info!(listener, "the TLS certificate was loaded again");
            "loaded"
        }
        Err(error) => {
            let reason = error.to_string();
            if told.as_ref() == Some(&reason) {
                return;
            }
            tracing::error!(listener, reason, "new TLS files cannot be used; the old ones stay");
            *told = Some(reason);
            "refused"
        }
    };
    count_reload(listener, outcome, 1);
}

fn count_reload(listener: &'static str, outcome: &'static str, more: u64) {
    metrics::counter!("sigstead_tls_reloads_total", "listener" => listener, "outcome" => outcome)
        .increment(more);
}

fn age(first: i64, last: i64, now: i64) -> Age {
    let old = (last.saturating_sub(first) / OLD_PART).min(OLD_SECONDS);
    match last.saturating_sub(now) {
        left if left < 0 => Age::Expired,
        left if left < old => Age::Old,
        _ => Age::Good,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_lives_are_old_late() {
        let (day, year) = (86_400, 365 * 86_400);
        assert_eq!(age(0, day, day / 2), Age::Good);
        assert_eq!(age(0, day, day - 3600), Age::Old);
        assert_eq!(age(0, year, year - 15 * day), Age::Good);
        assert_eq!(age(0, year, year - 13 * day), Age::Old);
        assert_eq!(age(0, year, year + 1), Age::Expired);
    }
}
