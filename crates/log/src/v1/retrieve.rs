use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;
use sigstead_entry::{Fields, Proposed, Rejection};
use sigstead_merkle::leaf_hash;

use super::entries::ID_PATTERN;
use super::error::{Error, class};
use super::request;
use super::response::{LogEntry, json, log_entry};
use crate::RekorLog;
use crate::entry_id::EntryId;
use crate::shards::Location;

/// Most items in one request.
const MAX_ITEMS: usize = 10;

/// `POST /api/v1/log/entries/retrieve`: ids with their tree first, then those without and whole entries,
/// then indexes. What is not there is left out.
pub(super) async fn retrieve(
    State(log): State<Arc<RekorLog>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Error> {
    let missing = || Error::invalid(class::MISSING, "entry in body is required");
    let query = request::json(&request::whole(body, log.limits.body)?)?.ok_or_else(missing)?;
    let query = request::fields(&query)?;
    let (ids, entries) = (ids(items(query, "entryUUIDs")?)?, entries(&log, items(query, "entries")?)?);
    let indexes = indexes(items(query, "logIndexes")?)?;
    if ids.len() + entries.len() + indexes.len() > MAX_ITEMS {
        return Err(Error::unprocessable(format!("more than max allowed {MAX_ITEMS} entries in request")));
    }
    let (with_tree, without): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| id.tree_id.is_some());
    let mut locations: Vec<Location> = Vec::new();
    for id in with_tree.into_iter().chain(without).chain(entries) {
        locations.extend(log.shards().find(&id).await?);
    }
    locations.extend(indexes.into_iter().map(|index| log.shards().locate(index)));
    Ok(json(StatusCode::OK, &found(&log, locations).await?))
}

async fn found(log: &RekorLog, locations: Vec<Location>) -> Result<Vec<LogEntry>, Error> {
    let mut found = Vec::with_capacity(locations.len());
    for location in locations {
        if let Some(entry) = log.entry(location).await? {
            found.push(log_entry(log, (&entry).into()).await?.1);
        }
    }
    Ok(found)
}

/// A list of 1 to 10 items, or nothing.
fn items<'a>(query: Fields<'a>, name: &str) -> Result<&'a [Value], Error> {
    let Some(value) = query.value(name) else { return Ok(&[]) };
    let not_a_list = || Error::invalid(class::WRONG_TYPE, format!("{name} in body must be of type array"));
    match value.as_array().ok_or_else(not_a_list)?.as_slice() {
        [] => Err(Error::invalid(class::TOO_FEW, format!("{name} in body should have at least 1 items"))),
        items if items.len() > MAX_ITEMS => Err(Error::invalid(
            class::TOO_MANY,
            format!("{name} in body should have at most {MAX_ITEMS} items"),
        )),
        items => Ok(items),
    }
}

fn ids(items: &[Value]) -> Result<Vec<EntryId>, Error> {
    let parsed = items.iter().enumerate().map(|(position, item)| {
        let malformed = || {
            Error::invalid(
                class::PATTERN,
                format!("entryUUIDs.{position} in body should match '{ID_PATTERN}'"),
            )
        };
        let text = item.as_str().ok_or_else(malformed)?;
        let id = EntryId::parse(text).ok_or_else(malformed)?;
        match id.tree_id {
            Some(tree_id) if tree_id == 0 || i64::try_from(tree_id).is_err() => {
                Err(Error::bad_request(format!("invalid entryID {text}")))
            }
            _ => Ok(id),
        }
    });
    parsed.collect()
}

fn indexes(items: &[Value]) -> Result<Vec<u64>, Error> {
    let parsed = items.iter().enumerate().map(|(position, item)| {
        let what = format!("logIndexes.{position} in body");
        let wrong = || Error::invalid(class::WRONG_TYPE, format!("{what} must be of type int64"));
        request::at_least(item.as_i64().ok_or_else(wrong)?, 0, &what)
    });
    parsed.collect()
}

/// Whole entries are checked and canonicalized, then looked up by their leaf hash.
fn entries(log: &RekorLog, items: &[Value]) -> Result<Vec<EntryId>, Error> {
    let parsed = items.iter().enumerate().map(|(position, item)| {
        let canonical = Proposed::parse(item).and_then(|proposed| log.verify(proposed));
        let canonical = canonical.map_err(|rejection| refused(position, rejection))?;
        Ok(EntryId { tree_id: None, leaf_hash: leaf_hash(&canonical.body) })
    });
    parsed.collect()
}

fn refused(position: usize, rejection: Rejection) -> Error {
    match rejection {
        Rejection::Required(field) if field != "kind" => {
            Error::invalid(class::MISSING, format!("entries.{position}.{field} in body is required"))
        }
        Rejection::VersionPattern => {
            Error::invalid(class::PATTERN, format!("entries.{position}.{rejection}"))
        }
        Rejection::UnknownKind(_) | Rejection::Required(_) => Error::framework(
            StatusCode::BAD_REQUEST,
            format!("parsing entry body from \"\" failed, because {rejection}"),
        ),
        other => Error::bad_request(other.to_string()),
    }
}
