use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use sigstead_entry::{Canonical, Proposed, Rejection};

use super::error::{Error, class, no_entry};
use super::request;
use super::response::{LogEntry, Shown, json, log_entry};
use crate::RekorLog;
use crate::entry_id::EntryId;
use crate::shards::Location;

/// Rekor's pattern for entry ids.
pub(super) const ID_PATTERN: &str = "^([0-9a-fA-F]{64}|[0-9a-fA-F]{80})$";

/// Bodies from this length on are checked aside: smaller ones take less than a millisecond, unless they unpack.
const LARGE: usize = 128 << 10;

/// `POST /api/v1/log/entries`
pub(super) async fn create(
    State(log): State<Arc<RekorLog>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Error> {
    let body = request::whole(body, log.limits.body)?;
    let canonical = canonical(&log, body).await?;
    let (location, body, appended) = log.append(canonical).await?;
    let shown = Shown {
        location,
        body: &body,
        timestamp_ms: appended.timestamp_ms,
        proof: &appended.proof,
        checkpoint: &appended.checkpoint.note,
        attestation: None,
        promise: None,
    };
    let (id, entry) = log_entry(&log, shown).await?;
    match appended.is_new {
        true => Ok(created(&id, &entry)),
        false => Err(Error::equivalent_exists(&id.to_string(), &location_of(&id))),
    }
}

/// 201, with the id where clients look for it: bare in `ETag`, and last in a `Location` without a host.
fn created(id: &EntryId, entry: &LogEntry) -> Response {
    metrics::counter!("rekor_new_entries").increment(1);
    let mut response = json(StatusCode::CREATED, entry);
    for (name, value) in [(header::LOCATION, location_of(id)), (header::ETAG, id.to_string())] {
        response.headers_mut().extend(HeaderValue::from_str(&value).ok().map(|value| (name, value)));
    }
    response
}

fn location_of(id: &EntryId) -> String {
    format!("/api/v1/log/entries/{id}")
}

/// A proposed entry, checked, as the leaf's bytes. What may take long must not keep a thread from all the small
/// requests that it serves.
async fn canonical(log: &Arc<RekorLog>, body: Bytes) -> Result<Canonical, Error> {
    if body.len() < LARGE {
        let proposed = proposed(log, &body)?;
        if !proposed.unpacks() {
            return Ok(log.verify(proposed)?);
        }
    }
    let log = Arc::clone(log);
    let checked = tokio::task::spawn_blocking(move || Ok(log.verify(proposed(&log, &body)?)?)).await;
    let lost = |_| Error::handler(StatusCode::INTERNAL_SERVER_ERROR, "the entry was not checked to its end");
    checked.map_err(lost)?
}

fn proposed(log: &RekorLog, body: &[u8]) -> Result<Proposed, Error> {
    let missing = || Error::invalid(class::MISSING, "proposedEntry in body is required");
    let entry = request::json(body)?.ok_or_else(missing)?;
    let fields = request::fields(&entry)?;
    let proposed = Proposed::parse(&entry)?;
    if let Some(kind) = fields.text("kind").filter(|kind| !log.surface.takes_kind(kind)) {
        return Err(Rejection::KindNotEnabled(kind.to_owned()).into());
    }
    if !proposed.is_insertable() {
        let why = "entry not insertable into log: it is in the form that the log keeps".to_owned();
        return Err(Rejection::Entry(why).into());
    }
    Ok(proposed)
}

/// `GET /api/v1/log/entries?logIndex=N`
pub(super) async fn by_index(
    State(log): State<Arc<RekorLog>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Error> {
    let missing = || Error::invalid(class::MISSING, "logIndex in query is required");
    let index = request::number(query.as_deref(), "logIndex", 0)?.ok_or_else(missing)?;
    shown(&log, log.shards().locate(index)).await
}

/// `GET /api/v1/log/entries/{id}`
pub(super) async fn by_id(
    State(log): State<Arc<RekorLog>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Error> {
    let malformed =
        || Error::invalid(class::PATTERN, format!("entryUUID in path should match '{ID_PATTERN}'"));
    let id = id.ok().and_then(|Path(id)| EntryId::parse(&id)).ok_or_else(malformed)?;
    if let Some(tree_id) = id.tree_id.filter(|tree_id| i64::try_from(*tree_id).is_err()) {
        return Err(Error::bad_request(format!("validation error: {tree_id:016x} is not a valid TreeID")));
    }
    let Some(location) = log.shards().find(&id).await?.first().copied() else { return Ok(no_entry()) };
    shown(&log, location).await
}

async fn shown(log: &RekorLog, location: Location) -> Result<Response, Error> {
    match log.entry(location).await? {
        Some(found) => Ok(json(StatusCode::OK, &log_entry(log, (&found).into()).await?.1)),
        None => Ok(no_entry()),
    }
}
