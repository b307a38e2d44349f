//! The tree itself, for auditors: the newest checkpoint and hash tiles (C2SP tlog-tiles paths).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use sigstead_merkle::parse_tile_url;
use sigstead_serve::{Freshness, resource};

use super::error::Error;
use crate::RekorLog;

/// `GET /api/v1/log/checkpoint`
pub(super) async fn checkpoint(
    State(log): State<Arc<RekorLog>>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let shards = log.shards();
    let note = shards.active().1.log.published().await?.note.clone();
    Ok(resource(&headers, "text/plain; charset=utf-8", Freshness::Revalidate, None, note.into()))
}

/// `GET /api/v1/log/tile/{level}/{n}[.p/{width}]` of the active tree; never more than is published.
pub(super) async fn tile(
    State(log): State<Arc<RekorLog>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let missing = || Error::framework(StatusCode::NOT_FOUND, format!("path {} was not found", uri.path()));
    let wanted = uri.path().strip_prefix("/api/v1/log/tile/").and_then(|path| path.split_once('/'));
    let wanted = wanted.and_then(|(level, n)| parse_tile_url(level, n));
    let (coord, width) = wanted.ok_or_else(missing)?;
    let shards = log.shards();
    let tile = shards.active().1.log.tile(coord, width).await?.ok_or_else(missing)?;
    // Of a given width it never changes, full or not.
    Ok(resource(&headers, "application/octet-stream", Freshness::Immutable, None, tile))
}
