//! Loads a running `sigstead up` and tells how fast it answered. `scripts/load` runs this.
//!
//! Every request is real work: distinct signed entries, certificates for a proven key, timestamps. The
//! generator shares the machine with what it measures, so its own work is part of the picture.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::{Parser, ValueEnum};
use serde_json::{Value, json};
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
    /// A file with an identity token, for the CA.
    #[arg(long)]
    token: Option<PathBuf>,
    /// The e-mail address in the token.
    #[arg(long, default_value = "load@example.com")]
    email: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum Target {
    /// Rekor v1 entries (hashedrekord).
    Log,
    /// RFC 3161 timestamps.
    Tsa,
    /// Certificates with embedded SCT.
    Ca,
}

/// Makes requests: where to, what media type, and a body that no other request has.
struct Work {
    url: String,
    media_type: &'static str,
    bearer: Option<String>,
    body: Box<dyn Fn(u64) -> Vec<u8> + Send + Sync>,
    expected: u16,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let arguments = Arguments::parse();
    let work = Arc::new(work(&arguments)?);
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(arguments.clients).build()?;
    let numbers = Arc::new(AtomicU64::new(0));
    let end = Instant::now() + Duration::from_secs(arguments.seconds);
    let begun = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..arguments.clients {
        clients.spawn(one_client(client.clone(), Arc::clone(&work), Arc::clone(&numbers), end));
    }
    let mut latencies = Vec::new();
    while let Some(done) = clients.join_next().await {
        latencies.extend(done??);
    }
    report(&arguments, begun.elapsed(), latencies)
}

async fn one_client(
    client: reqwest::Client,
    work: Arc<Work>,
    numbers: Arc<AtomicU64>,
    end: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    while Instant::now() < end {
        let body = (work.body)(numbers.fetch_add(1, Ordering::Relaxed));
        let begun = Instant::now();
        let mut request = client.post(&work.url).header("content-type", work.media_type).body(body);
        if let Some(token) = &work.bearer {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.bytes().await?;
        if status.as_u16() != work.expected {
            bail!("{} answered {status}: {}", work.url, String::from_utf8_lossy(&text));
        }
        latencies.push(begun.elapsed());
    }
    Ok(latencies)
}

fn work(arguments: &Arguments) -> anyhow::Result<Work> {
    let base = arguments.url.trim_end_matches('/').to_owned();
    Ok(match arguments.target {
        Target::Log => {
            let key = SoftwareSigner::generate(KeyKind::EcdsaP256)?;
            // Runs differ, so that no entry was there before.
            let run: u64 = rand::random();
            Work {
                url: format!("{base}/api/v1/log/entries"),
                media_type: "application/json",
                bearer: None,
                body: Box::new(move |number| entry(&key, &format!("{run} {number}"))),
                expected: 201,
            }
        }
        Target::Tsa => Work {
            url: base,
            media_type: "application/json",
            bearer: None,
            body: Box::new(|number| {
                let digest = HashAlgorithm::Sha256.digest(&number.to_be_bytes());
                json!({ "artifactHash": BASE64_STANDARD.encode(digest), "hashAlgorithm": "sha256", "nonce": number, "certificates": true })
                    .to_string()
                    .into_bytes()
            }),
            expected: 200,
        },
        Target::Ca => {
            let file = arguments.token.as_ref().context("--token FILE is needed for the CA")?;
            let key = SoftwareSigner::generate(KeyKind::EcdsaP256)?;
            let proof = key.sign_now(arguments.email.as_bytes())?;
            let body = json!({ "publicKeyRequest": {
                "publicKey": { "algorithm": "ECDSA", "content": key.public_key().to_pem() },
                "proofOfPossession": BASE64_STANDARD.encode(proof),
            }});
            Work {
                url: format!("{base}/api/v2/signingCert"),
                media_type: "application/json",
                bearer: Some(std::fs::read_to_string(file)?.trim().to_owned()),
                body: Box::new(move |_| body.to_string().into_bytes()),
                expected: 200,
            }
        }
    })
}

/// A hashedrekord over a digest of its own.
fn entry(key: &SoftwareSigner, artifact: &str) -> Vec<u8> {
    let digest = hex::encode(HashAlgorithm::Sha256.digest(artifact.as_bytes()));
    let signature = key.sign_now(artifact.as_bytes()).unwrap_or_default();
    let entry: Value = json!({
        "kind": "hashedrekord",
        "apiVersion": "0.0.1",
        "spec": {
            "data": { "hash": { "algorithm": "sha256", "value": digest } },
            "signature": {
                "content": BASE64_STANDARD.encode(signature),
                "publicKey": { "content": BASE64_STANDARD.encode(key.public_key().to_pem()) },
            },
        },
    });
    entry.to_string().into_bytes()
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
