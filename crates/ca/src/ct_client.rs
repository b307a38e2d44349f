use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::RETRY_AFTER;
use axum::http::{Response, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::TryStreamExt as _;
use serde_json::json;
use sigstead_clock::Clock;
use sigstead_crypto::PublicKey;
use sigstead_x509::precertificate::{issuer_key_hash, tbs_without_poison};
use sigstead_x509::sct::SignedEntry;
use sigstead_x509::{Certificate, Sct};

use crate::added_chain::AddedChain;
use crate::ct_way::CtWay;
use crate::error::Error;

/// How far the log's clock may be from ours.
const CLOCK_DIFFERENCE_MS: u64 = 5 * 60 * 1000;
/// Longest answer.
const MAX_ANSWER: usize = 64 * 1024;

/// A CT log and the key by which its promises are checked.
#[derive(Debug)]
pub struct CtLogConfig {
    /// What stands before `/ct/v1/…`.
    pub url: String,
    /// The log's key. A promise by any other is refused.
    pub public_key: PublicKey,
    /// Its routes, if it is in this process; then the URL is its name and no more.
    pub here: Option<Router>,
}

/// Submits to one log.
#[derive(Debug)]
pub(crate) struct CtClient {
    url: String,
    public_key: PublicKey,
    way: CtWay,
    clock: Arc<dyn Clock>,
}

/// What logs are asked to promise for.
pub(crate) struct Submission {
    /// The chain in JSON.
    json: Bytes,
    entry: Entry,
}

enum Entry {
    Precertificate { issuer_key_hash: [u8; 32], tbs: Vec<u8> },
    Certificate(Vec<u8>),
}

/// Why a log did not promise.
pub(crate) enum Fault {
    /// Busy or not reached; after a while it may.
    Passing {
        /// For the operator.
        why: String,
        /// How long the log wants to be left alone.
        pause: Option<Duration>,
    },
    /// It refused, or what it said is not believed.
    Final(Error),
}

impl Submission {
    /// A precertificate under its issuers, to `add-pre-chain` (RFC 6962 §4.2).
    pub(crate) fn precertificate(leaf: &Certificate, issuers: &[Certificate]) -> Result<Self, Error> {
        let issuer = issuers.first().ok_or_else(|| Error::CtLog("no issuer".to_owned()))?;
        let entry = Entry::Precertificate {
            issuer_key_hash: issuer_key_hash(issuer),
            tbs: tbs_without_poison(leaf)?,
        };
        Ok(Self { json: chain_json(leaf, issuers), entry })
    }

    /// A certificate under its issuers, to `add-chain` (RFC 6962 §4.1).
    pub(crate) fn certificate(leaf: &Certificate, issuers: &[Certificate]) -> Self {
        Self { json: chain_json(leaf, issuers), entry: Entry::Certificate(leaf.der().to_vec()) }
    }

    fn path(&self) -> &'static str {
        match self.entry {
            Entry::Precertificate { .. } => "/ct/v1/add-pre-chain",
            Entry::Certificate(_) => "/ct/v1/add-chain",
        }
    }

    fn signed_entry(&self) -> SignedEntry<'_> {
        match &self.entry {
            Entry::Precertificate { issuer_key_hash, tbs } => {
                SignedEntry::Precertificate { issuer_key_hash, tbs }
            }
            Entry::Certificate(der) => SignedEntry::X509(der),
        }
    }
}

/// The body of RFC 6962 §4.1 and §4.2.
fn chain_json(leaf: &Certificate, issuers: &[Certificate]) -> Bytes {
    let encode = |certificate: &Certificate| BASE64_STANDARD.encode(certificate.der());
    let chain: Vec<_> = std::iter::once(leaf).chain(issuers).map(encode).collect();
    json!({ "chain": chain }).to_string().into()
}

impl CtClient {
    pub(crate) fn new(
        config: CtLogConfig,
        client: Arc<ArcSwap<reqwest::Client>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let url = config.url.trim_end_matches('/').to_owned();
        let way = config.here.map_or_else(|| CtWay::Http(url.clone(), client), CtWay::Here);
        Self { url, public_key: config.public_key, way, clock }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The log's promise, checked: by this log, for this entry, of this time.
    pub(crate) async fn add(&self, submission: &Submission) -> Result<Sct, Fault> {
        let answer = self.way.post(submission.path(), submission.json.clone()).await;
        let answer = answer.map_err(|why| Fault::Passing { why, pause: None })?;
        if answer.status() != StatusCode::OK {
            return Err(refusal(&answer));
        }
        let sct = read(answer).await?;
        self.verify(&sct, submission).map_err(Fault::Final)?;
        Ok(sct)
    }

    fn verify(&self, sct: &Sct, submission: &Submission) -> Result<(), Error> {
        let verified = sct.verify(&submission.signed_entry(), &self.public_key);
        verified.map_err(|error| Error::CtLog(error.to_string()))?;
        if self.clock.now().millis().abs_diff(sct.timestamp) > CLOCK_DIFFERENCE_MS {
            return Err(Error::CtLog(format!("the SCT's time is {}", sct.timestamp)));
        }
        Ok(())
    }
}

/// Logs that are busy, and proxies that do not reach theirs, are asked again; any other refusal is final.
fn refusal(answer: &Response<Body>) -> Fault {
    let why = format!("the log answered {}", answer.status());
    match answer.status() {
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => {
            let named = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            Fault::Passing { why, pause: named.map(Duration::from_secs) }
        }
        _ => Fault::Final(Error::CtLog(why)),
    }
}

async fn read(answer: Response<Body>) -> Result<Sct, Fault> {
    let (mut parts, mut text) = (answer.into_body().into_data_stream(), Vec::new());
    let lost = |error: axum::Error| Fault::Passing { why: error.to_string(), pause: None };
    while let Some(part) = parts.try_next().await.map_err(lost)? {
        text.extend_from_slice(&part);
        if text.len() > MAX_ANSWER {
            return Err(Fault::Final(Error::CtLog("the answer is too long".to_owned())));
        }
    }
    let added: Option<AddedChain> = serde_json::from_slice(&text).ok();
    let sct = added.and_then(AddedChain::into_sct);
    sct.ok_or_else(|| Fault::Final(Error::CtLog("the answer is not an SCT".to_owned())))
}
