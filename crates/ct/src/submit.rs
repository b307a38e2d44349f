use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use sigstead_crypto::note::digitally_signed;
use sigstead_store::{LeafSource, Proposal};

use crate::CtLog;
use crate::chain_policy::{Accepted, Endpoint, accept};
use crate::error::Error;
use crate::leaf::index_extension;

pub(crate) fn routes() -> Router<Arc<CtLog>> {
    Router::new()
        .route("/ct/v1/add-chain", post(add_chain))
        .route("/ct/v1/add-pre-chain", post(add_pre_chain))
}

type Body = Result<Bytes, BytesRejection>;

/// RFC 6962 §4.1.
async fn add_chain(State(log): State<Arc<CtLog>>, body: Body) -> Result<Json<AddedChain>, Error> {
    log.add(&whole(body)?, Endpoint::Chain).await.map(Json)
}

/// RFC 6962 §4.2.
async fn add_pre_chain(State(log): State<Arc<CtLog>>, body: Body) -> Result<Json<AddedChain>, Error> {
    log.add(&whole(body)?, Endpoint::PreChain).await.map(Json)
}

fn whole(body: Body) -> Result<Bytes, Error> {
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge,
        _ => Error::BadRequest(rejection.body_text()),
    })
}

/// A signed certificate timestamp, as RFC 6962 writes it in JSON.
#[derive(Debug, Serialize)]
pub(crate) struct AddedChain {
    sct_version: u8,
    id: String,
    timestamp: u64,
    extensions: String,
    signature: String,
}

impl CtLog {
    /// Appends a submission, or finds the equal one; then promises, for the index and time it has.
    async fn add(&self, body: &[u8], endpoint: Endpoint) -> Result<AddedChain, Error> {
        let Accepted { submitted, issuers } = accept(body, endpoint, &self.authorities.load())?;
        self.store_issuers(&issuers.certificates).await?;
        let submitted = Arc::new(submitted);
        let for_leaf = Arc::clone(&submitted);
        let leaf = LeafSource::Sequenced {
            identity: submitted.identity(),
            make: Arc::new(move |assigned| for_leaf.leaf(assigned)),
        };
        let appended = self.log.append(Proposal::new(leaf)).await?;
        // Signed after the commit: an SCT for an entry that a crash took back would be a broken promise.
        let extensions = index_extension(appended.index);
        let data = submitted.signed_entry().signed_data(appended.timestamp_ms, &extensions);
        let signature = self.signer.sign(&data).await?;
        let key = self.signer.public_key();
        Ok(AddedChain {
            sct_version: 0,
            id: BASE64_STANDARD.encode(key.fingerprint()),
            timestamp: appended.timestamp_ms,
            extensions: BASE64_STANDARD.encode(extensions),
            signature: BASE64_STANDARD.encode(digitally_signed(key, &signature)),
        })
    }
}
