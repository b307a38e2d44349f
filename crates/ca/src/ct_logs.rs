//! Several CT logs, of which some must promise: asked at the same time, and spare ones when others fail or are slow.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use sigstead_clock::Clock;
use sigstead_x509::Sct;
use tokio::time::{sleep, timeout};

use crate::ct_client::{CtClient, CtLogConfig, Fault, Submission};
use crate::error::Error;

/// Between tries when the log names no time; doubled with each.
const PAUSE: Duration = Duration::from_millis(250);
/// Most doublings: four seconds.
const MAX_DOUBLINGS: u32 = 4;
/// A spare log is asked when this part of the deadline went by in silence.
const PATIENCE_PART: u32 = 4;

/// Where certificates are logged, and how the logs' promises reach the client.
#[derive(Debug)]
pub struct CtConfig {
    /// The logs, preferred ones first.
    pub logs: Vec<CtLogConfig>,
    /// How they are reached: whose certificates are believed, which one is shown.
    pub http: reqwest::ClientBuilder,
    /// How many of them must promise; at least one.
    pub needed: usize,
    /// For everything together: a client waits for its certificate.
    pub deadline: Duration,
    /// How promises are delivered.
    pub delivery: SctDelivery,
}

/// How a log's promise reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SctDelivery {
    /// In the certificate (RFC 6962 §3.3): its precertificate is logged.
    Embedded,
    /// Beside it: the certificate itself is logged. The APIs have a place for one promise.
    Detached,
}

/// The logs, ready to be asked.
#[derive(Debug)]
pub(crate) struct CtLogs {
    logs: Vec<CtClient>,
    client: Arc<ArcSwap<reqwest::Client>>,
    needed: usize,
    deadline: Duration,
    pub(crate) delivery: SctDelivery,
}

/// One try at a log, which has its place in the order of preference.
struct Try<'a> {
    place: usize,
    log: &'a CtClient,
    earlier: u32,
    outcome: Result<Sct, Fault>,
}

impl CtLogs {
    pub(crate) fn new(config: CtConfig, clock: &Arc<dyn Clock>) -> reqwest::Result<Self> {
        let CtConfig { logs, http, needed, deadline, delivery } = config;
        let client = Arc::new(ArcSwap::from_pointee(client(http, deadline)?));
        let logs = logs.into_iter().map(|log| CtClient::new(log, Arc::clone(&client), Arc::clone(clock)));
        Ok(Self { logs: logs.collect(), client, needed, deadline, delivery })
    }

    /// Reaches them by another client from now on; what is under way ends as it began.
    pub(crate) fn reach_by(&self, http: reqwest::ClientBuilder) -> reqwest::Result<()> {
        self.client.store(Arc::new(client(http, self.deadline)?));
        Ok(())
    }

    /// As many promises as are needed, each checked, of different logs, in the order of preference.
    pub(crate) async fn promises(&self, submission: &Submission) -> Result<Vec<Sct>, Error> {
        let late = |_| Error::CtLogUnavailable(format!("{} promises were not there in time", self.needed));
        timeout(self.deadline, self.race(submission)).await.map_err(late)?
    }

    /// The preferred logs first. A spare one is asked for each that fails once, and when nothing is heard for a
    /// while; one that may recover is asked again, which is safe: a log has an entry once.
    async fn race(&self, submission: &Submission) -> Result<Vec<Sct>, Error> {
        let patience = self.deadline / PATIENCE_PART;
        let ask = |(place, log)| attempt(place, log, 0, Duration::ZERO, submission);
        let mut spares = self.logs.iter().enumerate();
        let mut asked: FuturesUnordered<_> = spares.by_ref().take(self.needed).map(ask).collect();
        let mut promises = BTreeMap::new();
        let mut hopeful = self.logs.len();
        while promises.len() < self.needed {
            let wants_spare = match timeout(patience, asked.next()).await {
                Err(_) => true,
                Ok(None) => return Err(Error::CtLogUnavailable("there are too few logs".to_owned())),
                Ok(Some(Try { place, outcome: Ok(sct), .. })) => {
                    promises.insert(place, sct);
                    false
                }
                Ok(Some(Try { place, log, earlier, outcome: Err(Fault::Passing { why, pause }) })) => {
                    tracing::warn!(log = log.url(), why, "a CT log will be asked again");
                    let pause = pause.unwrap_or(PAUSE * 2u32.pow(earlier.min(MAX_DOUBLINGS)));
                    asked.push(attempt(place, log, earlier + 1, pause.max(PAUSE), submission));
                    earlier == 0
                }
                Ok(Some(Try { log, outcome: Err(Fault::Final(error)), .. })) => {
                    tracing::error!(log = log.url(), ?error, "a CT log refused");
                    hopeful -= 1;
                    if hopeful < self.needed {
                        return Err(error);
                    }
                    true
                }
            };
            if wants_spare {
                asked.extend(spares.next().map(ask));
            }
        }
        Ok(promises.into_values().collect())
    }
}

fn client(http: reqwest::ClientBuilder, deadline: Duration) -> reqwest::Result<reqwest::Client> {
    http.timeout(deadline).redirect(reqwest::redirect::Policy::none()).build()
}

async fn attempt<'a>(
    place: usize,
    log: &'a CtClient,
    earlier: u32,
    pause: Duration,
    submission: &Submission,
) -> Try<'a> {
    // A sleep of no time at all ends with the clock's next tick, a millisecond later.
    if !pause.is_zero() {
        sleep(pause).await;
    }
    let outcome = log.add(submission).await;
    let result = match &outcome {
        Ok(_) => "promised",
        Err(Fault::Passing { .. }) => "unavailable",
        Err(Fault::Final(_)) => "refused",
    };
    metrics::counter!("sigstead_ct_submissions_total", "log" => log.url().to_owned(), "result" => result)
        .increment(1);
    Try { place, log, earlier, outcome }
}
