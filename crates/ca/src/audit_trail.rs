//! The audit trail's writer: what waits while one transaction commits goes into the next. There is no timer.

use sigstead_serve::Tasks;
use sigstead_store::{Database, Intent, Issuance, StoreError};
use tokio::sync::{mpsc, oneshot};

use crate::error::Error;

/// Most records in one transaction.
const BATCH: usize = 256;
/// Records that wait; one more makes its caller wait for a place.
const QUEUE: usize = 4096;

/// Records issuances. A record is committed when its call returns.
#[derive(Debug, Clone)]
pub(crate) struct AuditTrail {
    queue: mpsc::Sender<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    record: Record,
    answer: oneshot::Sender<Result<(), String>>,
}

#[derive(Debug)]
enum Record {
    Intent(Intent),
    Issuance(Issuance),
    Denial(Intent, Issuance),
}

impl AuditTrail {
    /// Starts the writer, which ends when every handle is gone or the tasks are drained.
    pub(crate) fn start(database: Database, tasks: &Tasks) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let drained = tasks.drained().clone();
        tasks.tracker().spawn(async move {
            let writing = write(database, waiting);
            tokio::select! {
                () = writing => {}
                () = drained.cancelled() => {}
            }
        });
        Self { queue }
    }

    /// Records that a certificate is about to be signed. If this fails, nothing may be signed.
    pub(crate) async fn intend(&self, intent: Intent) -> Result<(), Error> {
        self.record(Record::Intent(intent)).await
    }

    /// Records what became of an intent. If this fails, no certificate may leave.
    pub(crate) async fn conclude(&self, issuance: Issuance) -> Result<(), Error> {
        self.record(Record::Issuance(issuance)).await
    }

    /// Records what was asked for and not allowed, both or nothing.
    pub(crate) async fn deny(&self, intent: Intent, denial: Issuance) -> Result<(), Error> {
        self.record(Record::Denial(intent, denial)).await
    }

    async fn record(&self, record: Record) -> Result<(), Error> {
        let stopped = || Error::Backend("the audit trail is closed".to_owned());
        let (answer, answered) = oneshot::channel();
        self.queue.send(Waiting { record, answer }).await.map_err(|_| stopped())?;
        let failed = |error| Error::Backend(format!("the audit trail: {error}"));
        answered.await.map_err(|_| stopped())?.map_err(failed)
    }
}

async fn write(database: Database, mut waiting: mpsc::Receiver<Waiting>) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        let (records, answers): (Vec<_>, Vec<_>) =
            batch.drain(..).map(|waiting| (waiting.record, waiting.answer)).unzip();
        for (answer, outcome) in answers.into_iter().zip(commit(&database, records).await) {
            // A caller that went away misses its answer, not its record.
            drop(answer.send(outcome));
        }
    }
}

/// All together; each alone if that fails, so that one record the database refuses does not fail others'.
async fn commit(database: &Database, records: Vec<Record>) -> Vec<Result<(), String>> {
    match insert(database, &records).await {
        Ok(()) => records.iter().map(|_| Ok(())).collect(),
        Err(error) if records.len() == 1 => vec![Err(error.to_string())],
        Err(error) => {
            tracing::warn!(records = records.len(), %error, "records of the audit trail are tried one by one");
            let mut outcomes = Vec::new();
            for record in records {
                let outcome = insert(database, std::slice::from_ref(&record)).await;
                outcomes.push(outcome.map_err(|error| error.to_string()));
            }
            outcomes
        }
    }
}

async fn insert(database: &Database, records: &[Record]) -> Result<(), StoreError> {
    let (mut intents, mut issuances) = (Vec::new(), Vec::new());
    for record in records {
        match record {
            Record::Intent(intent) => intents.push(intent),
            Record::Issuance(issuance) => issuances.push(issuance),
            Record::Denial(intent, denial) => {
                intents.push(intent);
                issuances.push(denial);
            }
        }
    }
    database.record_issuances(&intents, &issuances).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_record_that_is_refused_fails_alone() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("trail.db").display());
        let database = Database::open(&url, &sigstead_store::Options::default()).await.unwrap();
        database.migrate().await.unwrap();
        let tasks = Tasks::new();
        let trail = AuditTrail::start(database.clone(), &tasks);
        let mut intents = tokio::task::JoinSet::new();
        for n in 0..40 {
            let trail = trail.clone();
            // The last ten have serial numbers that were used.
            intents.spawn(async move { trail.intend(intent(n % 30)).await.is_ok() });
        }
        let recorded = intents.join_all().await.into_iter().filter(|recorded| *recorded).count();
        assert_eq!(recorded, 30);
        assert_eq!(database.issuance_counts().await.unwrap().open, 30);
        assert!(tasks.finish(std::time::Duration::from_secs(5)).await);
        assert!(trail.intend(intent(99)).await.is_err(), "nothing is promised after the end");
    }

    fn intent(serial: u8) -> Intent {
        Intent {
            serial: vec![serial],
            at_ms: 1,
            issuer: String::new(),
            subject: String::new(),
            san: String::new(),
            claims: "{}".to_owned(),
            key_fingerprint: [0; 32],
            not_before: 0,
            not_after: 1,
        }
    }
}
