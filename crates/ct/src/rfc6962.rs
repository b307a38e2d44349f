//! RFC 6962's read API.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use sigstead_merkle::Hash;
use sigstead_x509::sct::push_u24;

use crate::CtLog;
use crate::error::Error;
use crate::leaf::TileLeaf;

/// Most entries in one answer; a client asks again for the rest.
const MAX_ENTRIES: u64 = 256;

pub(crate) fn routes() -> Router<Arc<CtLog>> {
    Router::new()
        .route("/ct/v1/get-roots", get(roots))
        .route("/ct/v1/get-sth", get(tree_head))
        .route("/ct/v1/get-sth-consistency", get(consistency))
        .route("/ct/v1/get-proof-by-hash", get(proof_by_hash))
        .route("/ct/v1/get-entries", get(entries))
        .route("/ct/v1/get-entry-and-proof", get(entry_and_proof))
}

type Params<T> = Result<Query<T>, axum::extract::rejection::QueryRejection>;

fn checked<T>(params: Params<T>) -> Result<T, Error> {
    params.map(|Query(params)| params).map_err(|rejection| Error::BadRequest(rejection.body_text()))
}

#[derive(Serialize)]
struct Roots {
    certificates: Vec<String>,
}

async fn roots(State(log): State<Arc<CtLog>>) -> Json<Roots> {
    Json(Roots {
        certificates: log
            .authorities
            .load()
            .roots()
            .iter()
            .map(|root| BASE64_STANDARD.encode(root.der()))
            .collect(),
    })
}

#[derive(Serialize)]
struct TreeHead {
    tree_size: u64,
    timestamp: u64,
    sha256_root_hash: String,
    tree_head_signature: String,
}

async fn tree_head(State(log): State<Arc<CtLog>>) -> Result<Json<TreeHead>, Error> {
    let head = log.log.published().await?;
    Ok(Json(TreeHead {
        tree_size: head.size,
        timestamp: head.timestamp_ms,
        sha256_root_hash: BASE64_STANDARD.encode(head.root),
        tree_head_signature: BASE64_STANDARD.encode(head.tree_head_signature.as_deref().unwrap_or_default()),
    }))
}

#[derive(Deserialize)]
struct Sizes {
    first: u64,
    second: u64,
}

#[derive(Serialize)]
struct Consistency {
    consistency: Vec<String>,
}

async fn consistency(
    State(log): State<Arc<CtLog>>,
    sizes: Params<Sizes>,
) -> Result<Json<Consistency>, Error> {
    let Sizes { first, second } = checked(sizes)?;
    if first > second {
        return Err(Error::bad_request(format!("first ({first}) is greater than second ({second})")));
    }
    log.check_size(second).await?;
    Ok(Json(Consistency { consistency: encode_all(&log.log.consistency(first, second).await?) }))
}

#[derive(Deserialize)]
struct ByHash {
    hash: String,
    tree_size: u64,
}

#[derive(Serialize)]
struct Proof {
    leaf_index: u64,
    audit_path: Vec<String>,
}

async fn proof_by_hash(State(log): State<Arc<CtLog>>, wanted: Params<ByHash>) -> Result<Json<Proof>, Error> {
    let ByHash { hash, tree_size } = checked(wanted)?;
    // A `+` that was not escaped arrives as a space.
    let decoded = BASE64_STANDARD.decode(hash.replace(' ', "+")).ok();
    let decoded: Option<Hash> = decoded.and_then(|bytes| bytes.try_into().ok());
    let leaf = decoded.ok_or_else(|| Error::bad_request("hash is not 32 bytes of base64"))?;
    log.check_size(tree_size).await?;
    let index = log.log.find_leaf(&leaf).await?.filter(|index| *index < tree_size);
    let index = index.ok_or_else(|| Error::NotFound(format!("leaf hash {hash}")))?;
    let proof = log.log.inclusion(index, tree_size).await?;
    Ok(Json(Proof { leaf_index: index, audit_path: encode_all(&proof.hashes) }))
}

#[derive(Deserialize)]
struct Range {
    start: u64,
    end: u64,
}

#[derive(Serialize)]
struct Entries {
    entries: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    leaf_input: String,
    extra_data: String,
}

async fn entries(State(log): State<Arc<CtLog>>, range: Params<Range>) -> Result<Json<Entries>, Error> {
    let Range { start, end } = checked(range)?;
    let size = log.log.published().await?.size;
    if start > end || start >= size {
        return Err(Error::bad_request(format!(
            "the range {start} to {end} is not in a tree of {size} entries"
        )));
    }
    let count = (end.min(size - 1) - start).saturating_add(1).min(MAX_ENTRIES);
    let mut entries = Vec::new();
    for stored in log.log.entries(start, count).await? {
        entries.push(log.entry(&stored.record).await?);
    }
    Ok(Json(Entries { entries }))
}

#[derive(Deserialize)]
struct IndexAndSize {
    leaf_index: u64,
    tree_size: u64,
}

#[derive(Serialize)]
struct EntryAndProof {
    #[serde(flatten)]
    entry: Entry,
    audit_path: Vec<String>,
}

async fn entry_and_proof(
    State(log): State<Arc<CtLog>>,
    wanted: Params<IndexAndSize>,
) -> Result<Json<EntryAndProof>, Error> {
    let IndexAndSize { leaf_index, tree_size } = checked(wanted)?;
    log.check_size(tree_size).await?;
    if leaf_index >= tree_size {
        return Err(Error::bad_request(format!("leaf {leaf_index} is not in a tree of {tree_size} entries")));
    }
    let missing = || Error::NotFound(format!("leaf {leaf_index}"));
    let stored = log.log.entry(leaf_index, tree_size).await?.ok_or_else(missing)?;
    let proof = log.log.inclusion(leaf_index, tree_size).await?;
    Ok(Json(EntryAndProof { entry: log.entry(&stored.record).await?, audit_path: encode_all(&proof.hashes) }))
}

impl CtLog {
    /// A size that proofs can be about: at least 1, and published.
    async fn check_size(&self, size: u64) -> Result<(), Error> {
        let published = self.log.published().await?.size;
        if (1..=published).contains(&size) {
            Ok(())
        } else {
            Err(Error::bad_request(format!("tree size {size} is not between 1 and {published}")))
        }
    }

    /// A stored entry in RFC 6962's form, its chain put together again (§4.6).
    async fn entry(&self, record: &[u8]) -> Result<Entry, Error> {
        let damaged = || Error::from(sigstead_store::StoreError::Corrupt("a CT record".to_owned()));
        let leaf = TileLeaf::parse(record).ok_or_else(damaged)?;
        let mut chain = Vec::new();
        for fingerprint in leaf.issuers() {
            push_u24(&mut chain, &self.issuer(&fingerprint).await?.ok_or_else(damaged)?);
        }
        let mut extra_data = Vec::new();
        if let Some(precertificate) = leaf.precertificate {
            push_u24(&mut extra_data, precertificate);
        }
        push_u24(&mut extra_data, &chain);
        Ok(Entry {
            leaf_input: BASE64_STANDARD.encode(leaf.leaf_input()),
            extra_data: BASE64_STANDARD.encode(extra_data),
        })
    }
}

fn encode_all(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(|hash| BASE64_STANDARD.encode(hash)).collect()
}
