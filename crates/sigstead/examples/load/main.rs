//! Loads a running `sigstead up` and tells how fast it answered. `scripts/load` runs this.
//!
//! Every request is real work: distinct signed entries, certificates for a proven key, timestamps. The
//! generator shares the machine with what it measures, so its own work is part of the picture.

mod client;
mod entries;

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use clap::{Parser, ValueEnum};
use client::Client;
use http::{Request, Uri, header};
use http_body_util::Full;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use sigstead_crypto::{HashAlgorithm, KeyKind, Signer as _, SoftwareSigner};

/// Loads one service with a number of clients for a time, then prints rate and latencies.
#[derive(Parser)]
struct Arguments {
    /// What to load.
    #[arg(value_enum)]
    target: Target,
    /// The service's base URL (for the TSA its endpoint).
    #[arg(long)]
    url: String,
    /// Clients that each wait for their answer before they ask again.
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// How long.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Until so many answers, instead of for a time.
    #[arg(long)]
    count: Option<u64>,
    /// No more than so many requests a second, each at its time: one that waits for a client counts from then.
    #[arg(long)]
    rate: Option<u32>,
    /// The global index below which entries are read.
    #[arg(long, default_value_t = 1)]
    size: u64,
    /// A file with an identity token, for the CA.
    #[arg(long)]
    token: Option<PathBuf>,
    /// The e-mail address in the token.
    #[arg(long, default_value = "load@example.com")]
    email: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum Target {
    /// Rekor v1 entries: hashedrekord by a bare key.
    Log,
    /// Rekor v1 entries: hashedrekord by certificates of CI workflows, each new.
    LogCi,
    /// Rekor v2 entries: hashedrekord by a bare key.
    LogV2,
    /// Reads of Rekor v1 entries by index, at random.
    Read,
    /// RFC 3161 timestamps.
    Tsa,
    /// Certificates with embedded SCT.
    Ca,
}

/// Makes requests: where to, and what no other request has.
struct Work {
    url: Uri,
    bearer: Option<String>,
    ask: Ask,
    expected: u16,
}

/// From the number of a request.
enum Ask {
    /// A body in JSON.
    Post(Box<dyn Fn(u64) -> anyhow::Result<Vec<u8>> + Send + Sync>),
    /// What stands after the URL.
    Get(Box<dyn Fn(u64) -> String + Send + Sync>),
}

impl Work {
    fn post(
        url: &str,
        body: impl Fn(u64) -> anyhow::Result<Vec<u8>> + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        Ok(Self { url: url.parse()?, bearer: None, ask: Ask::Post(Box::new(body)), expected: 201 })
    }

    fn request(&self, number: u64) -> anyhow::Result<Request<Full<Bytes>>> {
        let path = self.url.path();
        let (request, body) = match &self.ask {
            Ask::Post(body) => {
                (Request::post(path).header(header::CONTENT_TYPE, "application/json"), body(number)?.into())
            }
            Ask::Get(rest) => (Request::get(format!("{path}{}", rest(number))), Bytes::new()),
        };
        let request = match &self.bearer {
            Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        };
        Ok(request.body(Full::new(body))?)
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let work = Arc::new(work(&arguments)?);
    let numbers = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let until = match arguments.count {
        Some(count) => Until::Number(count),
        None => Until::Time(begun + Duration::from_secs(arguments.seconds)),
    };
    let progress = progress(arguments.count.unwrap_or(arguments.seconds * 1000));
    let mut clients = tokio::task::JoinSet::new();
    let pace =
        Pace { begun, until, interval: arguments.rate.map(|rate| Duration::from_secs(1) / rate.max(1)) };
    for _ in 0..arguments.clients {
        let (work, numbers) = (Arc::clone(&work), Arc::clone(&numbers));
        clients.spawn(one_client(work, numbers, pace, progress.clone()));
    }
    let mut latencies = Vec::new();
    while let Some(done) = clients.join_next().await {
        latencies.extend(done??);
    }
    progress.finish_and_clear();
    report(&arguments, begun.elapsed(), latencies)
}

/// When requests are sent.
#[derive(Clone, Copy)]
struct Pace {
    begun: Instant,
    until: Until,
    /// Between two requests; none to send when the answer before has come.
    interval: Option<Duration>,
}

impl Pace {
    /// When the latency of a request begins.
    async fn due(&self, number: u64) -> Instant {
        let Some(interval) = self.interval else { return Instant::now() };
        let due = self.begun + interval.mul_f64(number as f64);
        tokio::time::sleep_until(due.into()).await;
        due
    }
}

#[derive(Clone, Copy)]
enum Until {
    Time(Instant),
    Number(u64),
}

fn progress(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent}% {eta} left") {
        bar.set_style(style);
    }
    bar
}

async fn one_client(
    work: Arc<Work>,
    numbers: Arc<AtomicU64>,
    pace: Pace,
    progress: ProgressBar,
) -> anyhow::Result<Vec<Duration>> {
    let mut client = Client::connect(&work.url).await?;
    let mut latencies = Vec::new();
    loop {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        match pace.until {
            Until::Number(count) if number >= count => return Ok(latencies),
            Until::Time(end) if Instant::now() >= end => return Ok(latencies),
            Until::Number(_) => progress.set_position(number),
            Until::Time(_) => {
                progress.set_position(u64::try_from(pace.begun.elapsed().as_millis()).unwrap_or(u64::MAX));
            }
        }
        let request = work.request(number)?;
        let begun = pace.due(number).await;
        let (status, text) = client.send(request).await?;
        if status.as_u16() != work.expected {
            bail!("{} answered {status}: {}", work.url, String::from_utf8_lossy(&text));
        }
        latencies.push(begun.elapsed());
    }
}

fn work(arguments: &Arguments) -> anyhow::Result<Work> {
    let base = arguments.url.trim_end_matches('/').to_owned();
    // Runs differ, so that no entry was there before.
    let run: u64 = rand::random();
    Ok(match arguments.target {
        Target::Log => {
            let key = SoftwareSigner::generate(KeyKind::EcdsaP256)?;
            let pem = key.public_key().to_pem();
            let entry = move |number| Ok(entries::hashedrekord(&key, &pem, &artifact(run, number)));
            Work::post(&format!("{base}/api/v1/log/entries"), entry)?
        }
        Target::LogCi => {
            let workflows = entries::Workflows::new()?;
            Work::post(&format!("{base}/api/v1/log/entries"), move |number| {
                let (key, certificate) = workflows.signer(number)?;
                Ok(entries::hashedrekord(&key, &certificate.to_pem(), &artifact(run, number)))
            })?
        }
        Target::LogV2 => {
            let key = SoftwareSigner::generate(KeyKind::EcdsaP256)?;
            let entry = move |number| Ok(entries::hashedrekord_v2(&key, &artifact(run, number)));
            Work::post(&format!("{base}/api/v2/log/entries"), entry)?
        }
        Target::Read => {
            let size = arguments.size.max(1);
            // Far apart and never the same twice in a run: a multiplication by an odd number is a permutation.
            let index = move |number: u64| (number ^ run).wrapping_mul(0x9e37_79b9_7f4a_7c15) % size;
            let ask = Ask::Get(Box::new(move |number| format!("?logIndex={}", index(number))));
            let url = format!("{base}/api/v1/log/entries").parse()?;
            Work { url, bearer: None, ask, expected: 200 }
        }
        Target::Tsa => {
            let request = |number: u64| {
                let digest = HashAlgorithm::Sha256.digest(&number.to_be_bytes());
                let request = json!({
                    "artifactHash": BASE64_STANDARD.encode(digest), "hashAlgorithm": "sha256",
                    "nonce": number, "certificates": true,
                });
                Ok(request.to_string().into_bytes())
            };
            Work { expected: 200, ..Work::post(&base, request)? }
        }
        Target::Ca => {
            let file = arguments.token.as_ref().context("--token FILE is needed for the CA")?;
            let key = SoftwareSigner::generate(KeyKind::EcdsaP256)?;
            let proof = key.sign_now(arguments.email.as_bytes())?;
            let body = json!({ "publicKeyRequest": {
                "publicKey": { "algorithm": "ECDSA", "content": key.public_key().to_pem() },
                "proofOfPossession": BASE64_STANDARD.encode(proof),
            }});
            let bearer = Some(std::fs::read_to_string(file)?.trim().to_owned());
            let body = body.to_string().into_bytes();
            let work = Work::post(&format!("{base}/api/v2/signingCert"), move |_| Ok(body.clone()))?;
            Work { bearer, expected: 200, ..work }
        }
    })
}

fn artifact(run: u64, number: u64) -> String {
    format!("{run} {number}")
}

fn report(arguments: &Arguments, elapsed: Duration, mut latencies: Vec<Duration>) -> anyhow::Result<()> {
    latencies.sort();
    let at = |share: f64| {
        let last = latencies.len().saturating_sub(1) as f64;
        latencies.get((last * share) as usize).copied().unwrap_or_default()
    };
    writeln!(
        std::io::stdout(),
        "{} clients: {} answers in {:.1} s, {:.0}/s, p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        arguments.clients,
        latencies.len(),
        elapsed.as_secs_f64(),
        latencies.len() as f64 / elapsed.as_secs_f64(),
        at(0.5).as_secs_f64() * 1e3,
        at(0.99).as_secs_f64() * 1e3,
        at(1.0).as_secs_f64() * 1e3,
    )?;
    Ok(())
}
