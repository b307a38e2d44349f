use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_crypto::{KeyKind, PublicKey, Signer as _, SoftwareSigner};
use sigstead_testkit::Loopback;
use sigstead_x509::precertificate::{is_precertificate, issuer_key_hash, tbs_without_poison};
use sigstead_x509::sct::{SignedEntry, push_u16};
use sigstead_x509::{Certificate, Sct};

use crate::fixture::NOW;

/// How the log behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Good,
    /// Another key signs, under the log's id.
    Forged,
    /// Another key signs, under its own id.
    Stranger,
    /// The signature is over another certificate.
    OtherEntry,
    /// Signed right, a day ago.
    Stale,
    Version2,
    Junk,
    Huge,
    Status(u16),
    /// So many refusals with `Retry-After: 1`, then good.
    Busy(usize),
    Redirect,
    Silent,
    /// Nothing listens.
    Down,
}

/// A CT log that keeps what it was sent.
pub(crate) struct CtLog {
    server: Loopback,
    state: Arc<LogState>,
}

struct LogState {
    key: SoftwareSigner,
    mood: Mood,
    refusals: AtomicUsize,
    entries: Mutex<Vec<Vec<Certificate>>>,
}

impl CtLog {
    pub(crate) async fn start(mood: Mood) -> Self {
        let key = SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap();
        let state = LogState { key, mood, refusals: AtomicUsize::new(0), entries: Mutex::default() };
        let state = Arc::new(state);
        let routes = Router::new().nest("/log", routes(&state));
        Self { server: Loopback::serve(|_| routes).await, state }
    }

    /// What it is reached by from the same process.
    pub(crate) fn routes(&self) -> Router {
        routes(&self.state)
    }

    pub(crate) fn url(&self) -> String {
        if self.state.mood == Mood::Down {
            return "http://127.0.0.1:1".to_owned();
        }
        format!("{}/log/", self.server.url())
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        self.state.key.public_key().clone()
    }

    /// The chains that were submitted.
    pub(crate) fn entries(&self) -> Vec<Vec<Certificate>> {
        self.state.entries.lock().unwrap().clone()
    }
}

fn routes(state: &Arc<LogState>) -> Router {
    Router::new()
        .route("/ct/v1/add-pre-chain", post(add_pre_chain))
        .route("/ct/v1/add-chain", post(add_chain))
        .with_state(Arc::clone(state))
}

async fn add_pre_chain(State(log): State<Arc<LogState>>, Json(submission): Json<Value>) -> Response {
    add(log, submission, true).await
}

async fn add_chain(State(log): State<Arc<LogState>>, Json(submission): Json<Value>) -> Response {
    add(log, submission, false).await
}

async fn add(log: Arc<LogState>, submission: Value, is_poisoned: bool) -> Response {
    let decode = |text: &Value| BASE64_STANDARD.decode(text.as_str().unwrap()).unwrap();
    let chain: Vec<Certificate> = submission["chain"]
        .as_array()
        .unwrap()
        .iter()
        .map(decode)
        .map(|der| Certificate::from_der(&der).unwrap())
        .collect();
    assert_eq!(is_precertificate(&chain[0]), is_poisoned);
    chain[0].verify_signed_by(&chain[1]).unwrap();
    log.entries.lock().unwrap().push(chain.clone());
    match log.mood {
        Mood::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Mood::Busy(times) if log.refusals.fetch_add(1, Ordering::SeqCst) < times => {
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")]).into_response()
        }
        Mood::Junk => "{\"sct_version\":".into_response(),
        Mood::Huge => (" ".repeat(1 << 16) + &promise(&log, Mood::Good, &chain).to_string()).into_response(),
        Mood::Redirect => axum::response::Redirect::temporary("http://127.0.0.1:1/").into_response(),
        Mood::Silent => std::future::pending().await,
        mood => Json(promise(&log, mood, &chain)).into_response(),
    }
}

fn promise(log: &LogState, mood: Mood, chain: &[Certificate]) -> Value {
    let stranger = SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap();
    let key = if matches!(mood, Mood::Forged | Mood::Stranger) { &stranger } else { &log.key };
    let named = if mood == Mood::Stranger { &stranger } else { &log.key };
    let is_precertificate = is_precertificate(&chain[0]);
    let mut entry = match is_precertificate {
        true => tbs_without_poison(&chain[0]).unwrap(),
        false => chain[0].der().to_vec(),
    };
    if mood == Mood::OtherEntry {
        *entry.last_mut().unwrap() ^= 1;
    }
    let timestamp = if mood == Mood::Stale { (NOW - 86_400) * 1000 } else { NOW * 1000 + 7 };
    let extensions = [0, 0, 5, 0, 0, 0, 0, 9];
    let issuer_key_hash = issuer_key_hash(&chain[1]);
    let entry = match is_precertificate {
        true => SignedEntry::Precertificate { issuer_key_hash: &issuer_key_hash, tbs: &entry },
        false => SignedEntry::X509(&entry),
    };
    let mut signature = vec![4, 3];
    push_u16(&mut signature, &key.sign_now(&entry.signed_data(timestamp, &extensions)).unwrap());
    let sct = Sct {
        log_id: named.public_key().fingerprint(),
        timestamp,
        extensions: extensions.to_vec(),
        signature,
    };
    json!({
        "sct_version": if mood == Mood::Version2 { 1 } else { 0 },
        "id": BASE64_STANDARD.encode(sct.log_id),
        "timestamp": sct.timestamp,
        "extensions": BASE64_STANDARD.encode(sct.extensions),
        "signature": BASE64_STANDARD.encode(sct.signature),
    })
}
