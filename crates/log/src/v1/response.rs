use std::collections::BTreeMap;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::Serialize;
use sigstead_crypto::SignError;
use sigstead_merkle::leaf_hash;
use sigstead_tlog::InclusionProof;

use super::hex_hash::HexHash;
use crate::RekorLog;
use crate::entry_id::EntryId;
use crate::record::Promise;
use crate::service::{FoundEntry, LogError};
use crate::shards::{Location, Shard};

/// One entry under its id. Fields stand in the order of their names, as Rekor writes them.
pub(super) type LogEntry = BTreeMap<String, EntryBody>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EntryBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    attestation: Option<AttestationBody>,
    body: String,
    integrated_time: u64,
    #[serde(rename = "logID")]
    log_id: String,
    log_index: u64,
    verification: Verification,
}

#[derive(Serialize)]
struct AttestationBody {
    data: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Verification {
    inclusion_proof: ProofBody,
    signed_entry_timestamp: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProofBody {
    checkpoint: String,
    hashes: Vec<HexHash>,
    log_index: u64,
    root_hash: HexHash,
    tree_size: u64,
}

/// What the SET is over: RFC 8785 of exactly these fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SignedEntry<'a> {
    body: &'a str,
    integrated_time: u64,
    #[serde(rename = "logID")]
    log_id: &'a str,
    log_index: u64,
}

/// What an answer is made of.
pub(super) struct Shown<'a> {
    pub(super) location: Location,
    pub(super) body: &'a Bytes,
    pub(super) timestamp_ms: u64,
    pub(super) proof: &'a InclusionProof,
    pub(super) checkpoint: &'a str,
    pub(super) attestation: Option<&'a Bytes>,
    pub(super) promise: Option<&'a Promise>,
}

impl<'a> From<&'a FoundEntry> for Shown<'a> {
    fn from(found: &'a FoundEntry) -> Self {
        Self {
            location: found.location,
            body: &found.body,
            timestamp_ms: found.timestamp_ms,
            proof: &found.proof,
            checkpoint: &found.checkpoint,
            attestation: found.attestation.as_ref(),
            promise: found.promise.as_ref(),
        }
    }
}

/// The entry as the API shows it, with a fresh SET or the one that came with it; and its id.
pub(super) async fn log_entry(log: &RekorLog, shown: Shown<'_>) -> Result<(EntryId, LogEntry), LogError> {
    let shards = log.shards();
    let shard = shards.get(shown.location.shard);
    let (log_id, log_index) = (shard.log_id(), shards.global_index(shown.location));
    let integrated_time = shown.timestamp_ms / 1000;
    let body = BASE64_STANDARD.encode(shown.body);
    let set = match shown.promise {
        Some(promise) => promise.set.to_vec(),
        None => signed_entry_timestamp(shard, &log_id, &body, integrated_time, log_index).await?,
    };
    let id = EntryId::new(shard.tree_id(), leaf_hash(shown.body));
    let entry = EntryBody {
        attestation: shown.attestation.map(|data| AttestationBody { data: BASE64_STANDARD.encode(data) }),
        body,
        integrated_time,
        log_id,
        log_index,
        verification: Verification {
            inclusion_proof: ProofBody {
                checkpoint: shown.checkpoint.to_owned(),
                hashes: shown.proof.hashes.iter().copied().map(HexHash).collect(),
                log_index: shown.proof.index,
                root_hash: HexHash(shown.proof.root),
                tree_size: shown.proof.size,
            },
            signed_entry_timestamp: BASE64_STANDARD.encode(set),
        },
    };
    Ok((id, BTreeMap::from([(id.to_string(), entry)])))
}

/// The shard's promise for an entry, whose body is given in base64: RFC 8785 JSON, signed.
pub(crate) async fn signed_entry_timestamp(
    shard: &Shard,
    log_id: &str,
    body: &str,
    integrated_time: u64,
    log_index: u64,
) -> Result<Vec<u8>, SignError> {
    let promised = promised(body, integrated_time, log_id, log_index);
    shard.signer()?.sign(&promised).await
}

/// What a SET is over: RFC 8785 of exactly these fields.
pub(crate) fn promised(body: &str, integrated_time: u64, log_id: &str, log_index: u64) -> Vec<u8> {
    serde_json::to_vec(&SignedEntry { body, integrated_time, log_id, log_index }).unwrap_or_default()
}

/// Compact JSON and one line feed, as Rekor's handlers write it.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let mut text = serde_json::to_vec(value).unwrap_or_default();
    text.push(b'\n');
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}
