use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::postgres::Postgres;
use crate::{Database, Options, StoreError};

/// How long a request waits for a connection to a replica before the database itself is asked.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long one that does not answer is left alone.
const REST: Duration = Duration::from_secs(10);

/// A copy that Postgres keeps, a little behind. It is asked for searches, and for what never changes once it is
/// there; what it does not have (yet), the database is asked for. What is signed or proven never comes from it.
#[derive(Debug, Clone)]
pub(crate) struct Replica {
    pub(crate) postgres: Postgres,
    rests_until: Arc<Mutex<Option<Instant>>>,
}

impl Replica {
    pub(crate) fn new(postgres: Postgres) -> Self {
        Self { postgres, rests_until: Arc::default() }
    }

    /// The replica as a database of its own.
    pub(crate) fn database(&self) -> Database {
        Database::Postgres(self.postgres.clone())
    }

    pub(crate) fn rests(&self) -> bool {
        let until = *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    /// Its answer. A query that it ended because the original moved on says nothing of the next one.
    pub(crate) fn answer<T>(&self, answer: Result<T, StoreError>) -> Option<T> {
        let error = match answer {
            Ok(answer) => return Some(answer),
            Err(StoreError::Busy | StoreError::UnknownTree) => return None,
            Err(error) => error,
        };
        metrics::counter!("sigstead_database_replica_failures_total").increment(1);
        tracing::warn!(%error, "the database's replica does not answer; the database itself is read");
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
        None
    }
}

/// How a replica is connected to.
pub(crate) fn patient(options: &Options) -> Options {
    Options { acquire_timeout: options.acquire_timeout.min(PATIENCE), ..options.clone() }
}
