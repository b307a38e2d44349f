use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use serde::{Deserialize, Serialize};
use sigstead_clock::Clock;
use sigstead_crypto::PublicKey;
use sigstead_x509::precertificate::{issuer_key_hash, tbs_without_poison};
use sigstead_x509::sct::SignedEntry;
use sigstead_x509::{Certificate, Sct};

use crate::error::Error;

/// For all tries together: a client waits for its certificate.
const DEADLINE: Duration = Duration::from_secs(10);
/// Between tries when the log names no time.
const PAUSE: Duration = Duration::from_millis(250);
/// How far the log's clock may be from ours.
const CLOCK_DIFFERENCE_MS: u64 = 5 * 60 * 1000;
/// Longest answer.
const MAX_ANSWER: usize = 64 * 1024;

/// A CT log and the key by which its promises are checked.
#[derive(Debug)]
pub struct CtLogConfig {
    /// What stands before `/ct/v1/add-pre-chain`.
    pub url: String,
    /// The log's key. A promise by any other is refused.
    pub public_key: PublicKey,
    /// How it is reached: whose certificates are believed, which one is shown.
    pub http: reqwest::ClientBuilder,
}

/// Submits precertificates.
#[derive(Debug)]
pub(crate) struct CtClient {
    endpoint: String,
    public_key: PublicKey,
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
}

#[derive(Serialize)]
struct Submission {
    chain: Vec<String>,
}

#[derive(Deserialize)]
struct Promise {
    sct_version: u8,
    id: String,
    timestamp: u64,
    #[serde(default)]
    extensions: String,
    signature: String,
}

impl CtClient {
    pub(crate) fn new(config: CtLogConfig, clock: Arc<dyn Clock>) -> reqwest::Result<Self> {
        let endpoint = format!("{}/ct/v1/add-pre-chain", config.url.trim_end_matches('/'));
        let client = config.http.timeout(DEADLINE).redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { endpoint, public_key: config.public_key, client, clock })
    }

    /// The log's promise for a precertificate, checked: by this log, for this entry, of this time.
    pub(crate) async fn add_precertificate(
        &self,
        precertificate: &Certificate,
        issuers: &[Certificate],
    ) -> Result<Sct, Error> {
        let encode = |certificate: &Certificate| BASE64_STANDARD.encode(certificate.der());
        let submission =
            Submission { chain: std::iter::once(precertificate).chain(issuers).map(encode).collect() };
        let answered = tokio::time::timeout(DEADLINE, self.submit(&submission)).await;
        let promise = answered.map_err(|_| Error::CtLogUnavailable("no answer in time".to_owned()))??;
        let sct = decode(promise).ok_or_else(|| Error::CtLog("the answer is not an SCT".to_owned()))?;
        self.verify(&sct, precertificate, issuers)?;
        Ok(sct)
    }

    /// Tries again where the log asks for it or was not reached, which is safe: a log has an entry once.
    /// Every refusal is final.
    async fn submit(&self, submission: &Submission) -> Result<Promise, Error> {
        loop {
            let pause = match self.client.post(&self.endpoint).json(submission).send().await {
                Ok(answer) if answer.status() == StatusCode::OK => return read(answer).await,
                Ok(answer) => pause_before_retry(&answer)?,
                Err(error) => {
                    tracing::warn!(%error, "the CT log was not reached");
                    PAUSE
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    fn verify(&self, sct: &Sct, precertificate: &Certificate, issuers: &[Certificate]) -> Result<(), Error> {
        let issuer = issuers.first().ok_or_else(|| Error::CtLog("no issuer".to_owned()))?;
        let (issuer_key_hash, tbs) = (issuer_key_hash(issuer), tbs_without_poison(precertificate)?);
        let entry = SignedEntry::Precertificate { issuer_key_hash: &issuer_key_hash, tbs: &tbs };
        sct.verify(&entry, &self.public_key).map_err(|error| Error::CtLog(error.to_string()))?;
        if self.clock.now().millis().abs_diff(sct.timestamp) > CLOCK_DIFFERENCE_MS {
            return Err(Error::CtLog(format!("the SCT's time is {}", sct.timestamp)));
        }
        Ok(())
    }
}

/// How long the log wants to be left alone.
fn pause_before_retry(answer: &reqwest::Response) -> Result<Duration, Error> {
    match answer.status() {
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let named = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            Ok(named.map_or(PAUSE, Duration::from_secs).max(PAUSE))
        }
        status => Err(Error::CtLog(format!("the log answered {status}"))),
    }
}

async fn read(mut answer: reqwest::Response) -> Result<Promise, Error> {
    let mut text = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|error| Error::CtLogUnavailable(error.to_string()))? {
        text.extend_from_slice(&part);
        if text.len() > MAX_ANSWER {
            return Err(Error::CtLog("the answer is too long".to_owned()));
        }
    }
    serde_json::from_slice(&text).map_err(|error| Error::CtLog(format!("the answer is not an SCT: {error}")))
}

fn decode(promise: Promise) -> Option<Sct> {
    let decode = |text: &str| BASE64_STANDARD.decode(text).ok();
    (promise.sct_version == 0).then_some(())?;
    Some(Sct {
        log_id: decode(&promise.id)?.try_into().ok()?,
        timestamp: promise.timestamp,
        extensions: decode(&promise.extensions)?,
        signature: decode(&promise.signature)?,
    })
}
