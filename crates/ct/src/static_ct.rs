//! static-ct-api's read paths: checkpoint, tiles, data tiles, issuers.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use sigstead_merkle::{Hash, TILE_WIDTH, TilePath, parse_tile_url};
use sigstead_serve::{Freshness, accepts_gzip, resource};

use crate::CtLog;
use crate::error::Error;

pub(crate) fn routes() -> Router<Arc<CtLog>> {
    Router::new()
        .route("/checkpoint", get(checkpoint))
        .route("/tile/data/{*path}", get(data_tile))
        .route("/tile/{level}/{*path}", get(tile))
        .route("/issuer/{fingerprint}", get(issuer))
}

async fn checkpoint(State(log): State<Arc<CtLog>>, headers: HeaderMap) -> Result<Response, Error> {
    let note = log.log.published().await?.note.clone();
    Ok(resource(&headers, "text/plain; charset=utf-8", Freshness::Revalidate, None, note.into()))
}

async fn tile(
    State(log): State<Arc<CtLog>>,
    Path((level, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let missing = || Error::NotFound(format!("tile {level}/{path}"));
    let (coord, width) = parse_tile_url(&level, &path).ok_or_else(missing)?;
    let tile = log.log.tile(coord, width).await?.ok_or_else(missing)?;
    Ok(octets(&headers, None, tile))
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
    let bundle = log.log.bundle(at.n, width, accepts_gzip(&headers)).await?.ok_or_else(missing)?;
    Ok(octets(&headers, bundle.is_gzip.then_some("gzip"), bundle.bytes))
}

async fn issuer(
    State(log): State<Arc<CtLog>>,
    Path(fingerprint): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let missing = || Error::NotFound(format!("issuer {fingerprint}"));
    let mut hash: Hash = [0; 32];
    hex::decode_to_slice(&fingerprint, &mut hash).map_err(|_| missing())?;
    let certificate = log.issuer(&hash).await?.ok_or_else(missing)?;
    Ok(resource(&headers, "application/pkix-cert", Freshness::Immutable, None, certificate))
}

fn octets(headers: &HeaderMap, encoding: Option<&'static str>, body: Bytes) -> Response {
    resource(headers, "application/octet-stream", Freshness::Immutable, encoding, body)
}
