//! The log as C2SP tlog-tiles: checkpoint, hash tiles, entry bundles. Never more than is published.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use sigstead_merkle::{TILE_WIDTH, TilePath, parse_tile_url};
use sigstead_serve::{Freshness, accepts_gzip, resource};

use super::error::Error;
use super::service::RekorV2;

pub(super) fn routes() -> Router<Arc<RekorV2>> {
    Router::new()
        .route("/checkpoint", get(checkpoint))
        .route("/checkpoint/{size}", get(kept_checkpoint))
        .route("/tile/entries/{*path}", get(bundle))
        .route("/tile/{level}/{*path}", get(tile))
}

async fn checkpoint(State(log): State<Arc<RekorV2>>, headers: HeaderMap) -> Result<Response, Error> {
    let note = log.log.published().await?.note.clone();
    Ok(resource(&headers, "text/plain; charset=utf-8", Freshness::Revalidate, None, note.into()))
}

/// The newest kept checkpoint of at most that size: one a second is.
async fn kept_checkpoint(
    State(log): State<Arc<RekorV2>>,
    Path(size): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let size = size.parse().map_err(|_| Error::NotFound)?;
    let note = log.log.kept_checkpoint(size).await?.ok_or(Error::NotFound)?;
    Ok(resource(&headers, "text/plain; charset=utf-8", Freshness::Revalidate, None, note.into()))
}

async fn tile(
    State(log): State<Arc<RekorV2>>,
    Path((level, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let (coord, width) = parse_tile_url(&level, &path).ok_or(Error::NotFound)?;
    let tile = log.log.tile(coord, width).await?.ok_or(Error::NotFound)?;
    Ok(octets(&headers, None, tile))
}

/// A full bundle is sent as it is stored, compressed, to whoever takes gzip; a partial one is the beginning
/// of the full one.
async fn bundle(
    State(log): State<Arc<RekorV2>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let at = TilePath::parse(&path).ok_or(Error::NotFound)?;
    let width = at.partial.map_or(TILE_WIDTH, u64::from);
    let bundle = log.log.bundle(at.n, width, accepts_gzip(&headers)).await?.ok_or(Error::NotFound)?;
    Ok(octets(&headers, bundle.is_gzip.then_some("gzip"), bundle.bytes))
}

fn octets(headers: &HeaderMap, encoding: Option<&'static str>, body: Bytes) -> Response {
    resource(headers, "application/octet-stream", Freshness::Immutable, encoding, body)
}
