use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Publisher, Standing, audit};
use crate::{Documents, Published};

/// How often the repository is looked after.
const TURN: Duration = Duration::from_secs(60);
/// People who sign are told so long before.
const NOTICE: Duration = Duration::from_secs(30 * 24 * 3600);

/// A repository that is looked after while the service runs.
#[derive(Debug)]
pub struct Upkeep {
    publisher: Publisher,
    last: Mutex<Last>,
}

/// How the last turn went.
#[derive(Debug, Default)]
struct Last {
    /// As a client would find it; empty if a client could not use it.
    standings: Vec<Standing>,
    /// Why the repository could not be published, or used.
    failure: Option<String>,
}

impl Upkeep {
    /// By that publisher; [`Upkeep::turn`] comes first.
    pub fn new(publisher: Publisher) -> Arc<Self> {
        Arc::new(Self { publisher, last: Mutex::default() })
    }

    /// A turn a minute, with the documents as they are then.
    pub async fn run(self: Arc<Self>, documents: Published, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(TURN)).await.is_some() {
            self.turn(&documents.load_full()).await;
        }
    }

    /// Publishes what is due, and looks at the outcome as a client does.
    pub async fn turn(&self, documents: &Documents) {
        let published = self.publisher.publish(documents).await;
        // Another publisher's root may come in between the files that are looked at.
        let folder = self.publisher.folder();
        let audited = audit(folder).or_else(|_| audit(folder));
        let failure = published.as_ref().err().or(audited.as_ref().err()).map(ToString::to_string);
        let standings = audited.unwrap_or_default();
        for Standing { role, expires, .. } in &standings {
            #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact in a double")]
            metrics::gauge!("sigstead_tuf_end_seconds", "role" => role.name()).set(expires.seconds() as f64);
        }
        let mut last = self.last();
        if let Some(failure) = failure.as_ref().filter(|failure| last.failure.as_ref() != Some(failure)) {
            tracing::error!(%failure, "the TUF repository is not as it should be");
        }
        *last = Last { standings, failure };
    }

    /// Why clients cannot use the repository.
    ///
    /// # Errors
    /// That reason.
    pub fn usable(&self) -> Result<(), String> {
        let (last, now) = (self.last(), self.publisher.now());
        if last.standings.is_empty() {
            return Err(last.failure.clone().unwrap_or_else(|| "not looked at yet".to_owned()));
        }
        match last.standings.iter().find(|standing| standing.left(now).is_zero()) {
            Some(Standing { role, expires, .. }) => {
                Err(format!("{role} expired at {}", expires.to_rfc3339()))
            }
            None => Ok(()),
        }
    }

    /// What people should see to before clients notice.
    pub fn warning(&self) -> Option<String> {
        let (last, now) = (self.last(), self.publisher.now());
        let ends = |standing: &&Standing| {
            self.publisher.is_signed_by_people(standing.role) && standing.left(now) < NOTICE
        };
        let ending = || {
            let Standing { role, expires, .. } = last.standings.iter().find(ends)?;
            Some(format!("{role} ends at {}; sign the next one (docs/trust-root.md)", expires.to_rfc3339()))
        };
        last.failure.clone().or_else(ending)
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
