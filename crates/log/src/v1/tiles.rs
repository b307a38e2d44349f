//! The tree itself, for auditors: the newest checkpoint and hash tiles (C2SP tlog-tiles paths).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use sigstead_merkle::{TileCoord, TilePath};

use super::error::Error;
use crate::RekorLog;

/// `GET /api/v1/log/checkpoint`
pub(super) async fn checkpoint(State(log): State<Arc<RekorLog>>) -> Result<Response, Error> {
    let head = log.shards.active().1.log.published().await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], head.note.clone()).into_response())
}

/// `GET /api/v1/log/tile/{level}/{n}[.p/{width}]` of the active tree; never more than is published.
pub(super) async fn tile(State(log): State<Arc<RekorLog>>, uri: Uri) -> Result<Response, Error> {
    let missing = || Error::framework(StatusCode::NOT_FOUND, format!("path {} was not found", uri.path()));
    let (coord, width) = coordinates(uri.path()).ok_or_else(missing)?;
    let tile = log.shards.active().1.log.tile(coord, width).await?.ok_or_else(missing)?;
    // Of a given width it never changes, full or not.
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, tile).into_response())
}

/// What a path asks for: the tile, and how many of its hashes.
fn coordinates(path: &str) -> Option<(TileCoord, u16)> {
    let (level, n) = path.strip_prefix("/api/v1/log/tile/")?.split_once('/')?;
    let number: u8 = level.parse().ok()?;
    let at = TilePath::parse(n)?;
    // One spelling each, so that caches hold each tile once.
    (number.to_string() == level)
        .then(|| (TileCoord { level: number, n: at.n }, at.partial.map_or(256, u16::from)))
}
