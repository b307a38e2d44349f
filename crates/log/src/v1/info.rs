use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::error::{Error, class};
use super::hex_hash::HexHash;
use super::request;
use super::response::json;
use crate::RekorLog;
use crate::shards::Shard;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogInfo {
    /// `null` when there are none.
    inactive_shards: Option<Vec<ShardInfo>>,
    #[serde(flatten)]
    active: ShardInfo,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShardInfo {
    root_hash: String,
    signed_tree_head: String,
    #[serde(rename = "treeID")]
    tree_id: String,
    tree_size: u64,
}

/// `GET /api/v1/log`
pub(super) async fn info(State(log): State<Arc<RekorLog>>) -> Result<Response, Error> {
    let shards = log.shards();
    let (_, active) = shards.active();
    // Two answers about the active shard differ, as Rekor's do; frozen shards always say the same.
    let head = active.log.published_afresh().await?;
    let mut inactive = Vec::new();
    for shard in shards.inactive() {
        let head = shard.log.published().await?;
        inactive.push(shard_info(shard, head.size, &head.root, &head.note));
    }
    let info = LogInfo {
        inactive_shards: (!inactive.is_empty()).then_some(inactive),
        active: shard_info(active, head.size, &head.root, &head.note),
    };
    Ok(json(StatusCode::OK, &info))
}

fn shard_info(shard: &Shard, size: u64, root: &[u8], note: &str) -> ShardInfo {
    ShardInfo {
        root_hash: hex::encode(root),
        signed_tree_head: note.to_owned(),
        tree_id: shard.tree_id().to_string(),
        tree_size: size,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConsistencyProof {
    hashes: Vec<HexHash>,
    root_hash: HexHash,
}

/// `GET /api/v1/log/proof?firstSize=&lastSize=&treeID=`; the root hash is the tree's newest.
pub(super) async fn proof(
    State(log): State<Arc<RekorLog>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Error> {
    let query = query.as_deref();
    let first = request::number(query, "firstSize", 1)?.unwrap_or(1);
    let missing = || Error::invalid(class::MISSING, "lastSize in query is required");
    let last = request::number(query, "lastSize", 1)?.ok_or_else(missing)?;
    let shard = proven_shard(&log, tree_id(query)?)?;
    if first > last {
        return Err(Error::bad_request(format!("firstSize({first}) must be less than lastSize({last})")));
    }
    let head = shard.log.published().await?;
    if last > head.size {
        return Err(Error::bad_request(format!(
            "the tree size requested({last}) was greater than what is currently observable({})",
            head.size
        )));
    }
    let hashes = shard.log.consistency(first, last).await?;
    let hashes = hashes.into_iter().map(HexHash).collect();
    let proof = ConsistencyProof { hashes, root_hash: HexHash(head.root) };
    Ok(json(StatusCode::OK, &proof))
}

/// The shard that a proof is asked for.
fn proven_shard(log: &RekorLog, tree_id: Option<String>) -> Result<Shard, Error> {
    let shards = log.shards();
    let Some(text) = tree_id else { return Ok(shards.active().1.clone()) };
    let invalid = || Error::bad_request(format!("invalid tree ID specified: {text}"));
    let tree_id = text.parse::<i64>().ok().and_then(|id| u64::try_from(id).ok()).ok_or_else(invalid)?;
    let unknown = || Error::bad_request(format!("no log range found for tree ID {tree_id}"));
    Ok(shards.by_tree_id(tree_id).ok_or_else(unknown)?.1.clone())
}

/// `GET /api/v1/log/publicKey?treeID=`
pub(super) async fn public_key(
    State(log): State<Arc<RekorLog>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Error> {
    let pem_type = [(header::CONTENT_TYPE, "application/x-pem-file")];
    let shards = log.shards();
    let shard = match tree_id(query.as_deref())? {
        None => Some(shards.active().1),
        Some(text) => {
            text.parse().ok().and_then(|tree_id| shards.by_tree_id(tree_id)).map(|(_, shard)| shard)
        }
    };
    Ok(match shard {
        Some(shard) => (pem_type, shard.public_key().to_pem()).into_response(),
        // Rekor names the wrong media type here, and clients do not mind.
        None => {
            (StatusCode::BAD_REQUEST, pem_type, r#"{"code":400,"message":"Bad Request"}"#).into_response()
        }
    })
}

/// The `treeID` parameter: digits; an empty one is the active tree.
fn tree_id(query: Option<&str>) -> Result<Option<String>, Error> {
    match request::parameter(query, "treeID").filter(|text| !text.is_empty()) {
        Some(text) if !text.bytes().all(|digit| digit.is_ascii_digit()) => {
            Err(Error::invalid(class::PATTERN, "treeID in query should match '^[0-9]+$'"))
        }
        other => Ok(other),
    }
}
