//! The tree itself, for auditors: the newest checkpoint and hash tiles (C2SP tlog-tiles paths).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sigstead_merkle::{TileCoord, TilePath};

use super::error::Error;
use crate::RekorLog;

/// `GET /api/v1/log/checkpoint`
pub(super) async fn checkpoint(State(log): State<Arc<RekorLog>>) -> Result<Response, Error> {
    let head = log.shards.active().1.log.published().await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], head.note.clone()).into_response())
}

/// `GET /api/v1/log/tile/{level}/{n}[.p/{width}]`; never more than the published tree has.
pub(super) async fn tile(
    State(log): State<Arc<RekorLog>>,
    Path((level, path)): Path<(String, String)>,
) -> Result<Response, Error> {
    let missing = || Error::framework(StatusCode::NOT_FOUND, format!("tile {level}/{path} was not found"));
    let level_number: u8 = level.parse().ok().filter(|number: &u8| number.to_string() == level).ok_or_else(missing)?;
    let at = TilePath::parse(&path).ok_or_else(missing)?;
    let coord = TileCoord { level: level_number, n: at.n };
    let width = at.partial.map_or(256, u16::from);
    let tile = log.shards.active().1.log.tile(coord, width).await?.ok_or_else(missing)?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, tile).into_response())
}
