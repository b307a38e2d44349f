//! static-ct-api's read paths: checkpoint, tiles, data tiles, issuers.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sigstead_merkle::{Hash, TILE_WIDTH, TileCoord, TilePath};
use sigstead_serve::accepts_gzip;

use crate::CtLog;
use crate::error::Error;

const IMMUTABLE: &str = "public, max-age=31536000, immutable";

pub(crate) fn routes() -> Router<Arc<CtLog>> {
    Router::new()
        .route("/checkpoint", get(checkpoint))
        .route("/tile/data/{*path}", get(data_tile))
        .route("/tile/{level}/{*path}", get(tile))
        .route("/issuer/{fingerprint}", get(issuer))
}

async fn checkpoint(State(log): State<Arc<CtLog>>) -> Result<Response, Error> {
    let head = log.log.published().await?;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, head.note.clone()).into_response())
}

async fn tile(
    State(log): State<Arc<CtLog>>,
    Path((level, path)): Path<(String, String)>,
) -> Result<Response, Error> {
    let missing = || Error::NotFound(format!("tile {level}/{path}"));
    let number: u8 =
        level.parse().ok().filter(|number: &u8| number.to_string() == level).ok_or_else(missing)?;
    let at = TilePath::parse(&path).ok_or_else(missing)?;
    let width = at.partial.map_or(256, u16::from);
    let tile = log.log.tile(TileCoord { level: number, n: at.n }, width).await?.ok_or_else(missing)?;
    Ok((octets(), tile).into_response())
}

/// A full data tile is sent as it is stored, compressed, to whoever takes gzip.
async fn data_tile(
    State(log): State<Arc<CtLog>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let missing = || Error::NotFound(format!("data tile {path}"));
    let at = TilePath::parse(&path).ok_or_else(missing)?;
    let width = at.partial.map_or(TILE_WIDTH, u64::from);
    let first = at.n.checked_mul(TILE_WIDTH).ok_or_else(missing)?;
    let published = log.log.published().await?.size;
    if first.checked_add(width).is_none_or(|end| end > published) {
        return Err(missing());
    }
    if at.partial.is_none()
        && accepts_gzip(&headers)
        && let Some(gzip) = log.log.sealed_bundle(at.n).await?
    {
        return Ok((octets(), [(header::CONTENT_ENCODING, "gzip")], gzip).into_response());
    }
    let entries = log.log.entries(first, width).await?;
    let records: Vec<&[u8]> = entries.iter().map(|entry| entry.record.as_ref()).collect();
    Ok((octets(), records.concat()).into_response())
}

async fn issuer(State(log): State<Arc<CtLog>>, Path(fingerprint): Path<String>) -> Result<Response, Error> {
    let missing = || Error::NotFound(format!("issuer {fingerprint}"));
    let mut hash: Hash = [0; 32];
    hex::decode_to_slice(&fingerprint, &mut hash).map_err(|_| missing())?;
    let certificate = log.issuer(&hash).await?.ok_or_else(missing)?;
    let headers = [(header::CONTENT_TYPE, "application/pkix-cert"), (header::CACHE_CONTROL, IMMUTABLE)];
    Ok((headers, certificate).into_response())
}

fn octets() -> [(header::HeaderName, &'static str); 3] {
    [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, IMMUTABLE),
        (header::VARY, "accept-encoding"),
    ]
}
