//! A witness for other logs (C2SP tlog-witness): it cosigns their checkpoints as long as each continues the one before.

mod request;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use sigstead_clock::Clock;
use sigstead_crypto::note::Note;
use sigstead_crypto::{Cosigner, SignError, VerifierKey};
use sigstead_merkle::{Checkpoint, empty_root, verify_consistency};
use sigstead_store::{Database, StoreError, WitnessedHead};
use thiserror::Error;

use request::Request;

/// Longest request: 63 hashes and a note.
const MAX_REQUEST: usize = 64 * 1024;

/// A witness: its key, the logs that it watches, and what it has seen of them.
#[derive(Debug)]
pub struct Witness {
    /// Signs.
    pub cosigner: Cosigner,
    /// The keys of the logs; each signs under the log's origin.
    pub logs: Vec<VerifierKey>,
    /// Remembers.
    pub database: Database,
    /// The time of cosignatures.
    pub clock: Arc<dyn Clock>,
}

/// Why there is no cosignature.
#[derive(Debug, Error)]
enum Refusal {
    #[error("{0}")]
    Malformed(&'static str),
    #[error("this witness does not watch {0}")]
    UnknownLog(String),
    #[error("the checkpoint is not signed by a key of its log")]
    Unsigned,
    /// What was seen is of another size.
    #[error("{0}")]
    Seen(u64),
    #[error("the tree does not continue the one that was seen: {0}")]
    Other(&'static str),
    #[error("the witness cannot remember")]
    Store(#[from] StoreError),
    #[error("the witness cannot sign")]
    Sign(#[from] SignError),
}

/// `POST /witness/add-checkpoint`
pub fn router(witness: Arc<Witness>) -> Router {
    Router::new()
        .route("/witness/add-checkpoint", post(add_checkpoint))
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .with_state(witness)
}

async fn add_checkpoint(State(witness): State<Arc<Witness>>, body: Bytes) -> Result<Response, Refusal> {
    let text = std::str::from_utf8(&body).map_err(|_| Refusal::Malformed("the request is not UTF-8"))?;
    let line = witness.add(Request::parse(text).map_err(Refusal::Malformed)?).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], line).into_response())
}

impl Witness {
    /// Checks, remembers, signs. If we die after remembering, the log asks again for the same size.
    async fn add(&self, request: Request<'_>) -> Result<String, Refusal> {
        let note =
            Note::parse(request.note).map_err(|_| Refusal::Malformed("the checkpoint is not a note"))?;
        let checkpoint =
            Checkpoint::parse(&note.text).map_err(|_| Refusal::Malformed("the note is not a checkpoint"))?;
        let Checkpoint { origin, size, root } = checkpoint;
        self.check_signed(&note, &origin)?;
        if request.old > size {
            return Err(Refusal::Malformed("the old size is larger than the checkpoint's"));
        }
        let seen = self.database.witnessed(&origin).await?;
        let seen_size = seen.as_ref().map_or(0, |seen| seen.size);
        if seen_size != request.old {
            return Err(Refusal::Seen(seen_size));
        }
        let now = WitnessedHead { size, root };
        continues(seen.as_ref(), &now, &request)?;
        if seen.as_ref() != Some(&now) && !self.database.witness(&origin, seen.as_ref(), &now).await? {
            // Another request was quicker.
            let seen = self.database.witnessed(&origin).await?;
            return Err(Refusal::Seen(seen.map_or(0, |seen| seen.size)));
        }
        Ok(self.cosigner.cosign(&note.text, self.clock.now().seconds()).await?)
    }
}

impl Witness {
    fn check_signed(&self, note: &Note, origin: &str) -> Result<(), Refusal> {
        let keys: Vec<&VerifierKey> = self.logs.iter().filter(|key| key.name() == origin).collect();
        if keys.is_empty() {
            return Err(Refusal::UnknownLog(origin.to_owned()));
        }
        let is_signed = keys.iter().any(|key| key.verify(note).is_ok());
        if is_signed { Ok(()) } else { Err(Refusal::Unsigned) }
    }
}

fn continues(
    seen: Option<&WitnessedHead>,
    now: &WitnessedHead,
    request: &Request<'_>,
) -> Result<(), Refusal> {
    let proof = &request.proof;
    match seen {
        _ if now.size == 0 && now.root != empty_root() => {
            Err(Refusal::Other("it is empty, and its root is not"))
        }
        Some(seen) if seen.size > 0 => verify_consistency(seen.size, now.size, proof, &seen.root, &now.root)
            .map_err(|_| Refusal::Other("the proof does not hold")),
        _ if proof.is_empty() => Ok(()),
        _ => Err(Refusal::Other("nothing can be proved about an empty tree")),
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::UnknownLog(_) => StatusCode::NOT_FOUND,
            Self::Unsigned => StatusCode::FORBIDDEN,
            Self::Seen(size) => {
                let media_type = [(header::CONTENT_TYPE, "text/x.tlog.size")];
                return (StatusCode::CONFLICT, media_type, format!("{size}\n")).into_response();
            }
            Self::Other(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Store(_) | Self::Sign(_) => {
                tracing::error!(error = %self, "no cosignature");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        (status, format!("{self}\n")).into_response()
    }
}
