use std::ops::Range;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use sigstead_clock::Timestamp;
use sigstead_entry::Fields;
use sigstead_merkle::leaf_hash;
use sigstead_store::{Database, SearchKey, SearchQuery, StoredEntry, TermPattern};
use sigstead_tlog::Log;

use super::SearchedLogs;
use super::error::Error;
use super::parameters::{Condition, Cursor, Parameters};
use super::time_range;
use crate::entry_id::EntryId;
use crate::record::{body_of, time_of};
use crate::v2::body_of as v2_body_of;

/// Most texts that a part may be in.
const MAX_TERMS: u32 = 10_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    entries: Vec<Found>,
    /// For the next page; `null` on the last one.
    cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    log: &'static str,
    #[serde(rename = "treeID")]
    tree_id: String,
    log_index: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<String>,
    time: String,
    kind: String,
    api_version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

/// A tree to search.
struct Searched {
    api: Api,
    log: Log<Database>,
    /// The index of its first entry in its API.
    offset: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Api {
    V1,
    V2,
}

impl Api {
    /// When an entry was taken, in milliseconds.
    const fn time_of(&self) -> fn(&StoredEntry) -> u64 {
        match self {
            Self::V1 => time_of,
            Self::V2 => |entry| entry.timestamp_ms,
        }
    }
}

impl SearchedLogs {
    /// Trees one after the other: v1's shards, oldest first, then v2's; the other way round for newest first.
    fn trees(&self, newest_first: bool) -> Vec<Searched> {
        let shards = self.v1.shards();
        let v1 = shards.iter().enumerate().map(|(shard, one)| {
            let offset = shards.global_index(crate::shards::Location { shard, index: 0 });
            Searched { api: Api::V1, log: one.log.clone(), offset }
        });
        let v2 = self.v2.iter().map(|v2| Searched { api: Api::V2, log: v2.log().clone(), offset: 0 });
        let mut trees: Vec<Searched> = v1.chain(v2).collect();
        if newest_first {
            trees.reverse();
        }
        trees
    }

    pub(super) async fn page(&self, parameters: &Parameters) -> Result<Page, Error> {
        let all_of = self.keys(&parameters.conditions).await?;
        let mut page = Page { entries: Vec::new(), cursor: None, count: parameters.count.then_some(0) };
        let mut cursor = parameters.cursor;
        for tree in self.trees(parameters.newest_first) {
            let size = tree.log.published().await?.size;
            let range =
                time_range::range(&tree.log, size, parameters.after, parameters.before, tree.api.time_of())
                    .await?;
            let mut query = SearchQuery {
                tree: tree.log.tree().key,
                all_of: all_of.clone(),
                range: range.clone(),
                newest_first: parameters.newest_first,
            };
            if let Some(count) = &mut page.count {
                *count += self.database().count(&query).await?;
            }
            match cursor {
                // The page before ended in another tree, which comes later.
                Some(at) if at.tree_id != tree.log.tree().tree_id => continue,
                at => query.range = beyond(range, at, parameters.newest_first),
            }
            cursor = None;
            if page.cursor.is_none() {
                self.fill(&mut page, &tree, &query, parameters, size).await?;
            }
        }
        match cursor {
            Some(_) => Err(Error::parameter("cursor", "it is of a tree that is not here")),
            None => Ok(page),
        }
    }

    /// One more than fits says whether there is a next page.
    async fn fill(
        &self,
        page: &mut Page,
        tree: &Searched,
        query: &SearchQuery,
        parameters: &Parameters,
        size: u64,
    ) -> Result<(), Error> {
        let room = parameters.limit - page.entries.len();
        let mut found = self.database().search(query, room + 1).await?;
        let is_more = found.len() > room;
        found.truncate(room);
        if is_more {
            let index = found.last().copied().unwrap_or(NOTHING_SHOWN);
            page.cursor = Some(Cursor { tree_id: tree.log.tree().tree_id, index }.to_string());
        }
        for index in found {
            if let Some(entry) = tree.log.entry(index, size).await? {
                page.entries.extend(tree.shown(index, &entry, parameters.bodies));
            }
        }
        Ok(())
    }

    /// The conditions as groups of keys, one for each name.
    async fn keys(&self, conditions: &[(String, Vec<Condition>)]) -> Result<Vec<Vec<SearchKey>>, Error> {
        let mut groups = Vec::new();
        for (name, alternatives) in conditions {
            let mut group = Vec::new();
            for condition in alternatives {
                let (field, pattern) = match condition {
                    Condition::Exact(keys) => {
                        group.extend(keys);
                        continue;
                    }
                    Condition::Prefix(field, prefix) => (field, TermPattern::Prefix(prefix)),
                    Condition::Part(field, part) => (field, TermPattern::Part(part)),
                };
                let texts = self.database().search_terms(field.number(), pattern, MAX_TERMS + 1).await?;
                if texts.len() > MAX_TERMS as usize {
                    let why = format!("more than {MAX_TERMS} texts match; write more of it");
                    return Err(Error::parameter(name, why));
                }
                group.extend(texts.iter().map(|term| SearchKey::in_field(field.name(), &term.text)));
            }
            groups.push(group);
        }
        Ok(groups)
    }

    fn database(&self) -> &Database {
        self.v1.database()
    }
}

/// The page ended before this tree: after every index in one order, and one before 0 in the other.
const NOTHING_SHOWN: u64 = u64::MAX;

/// What is left of a range after a cursor, which is the last entry that was shown.
fn beyond(range: Range<u64>, cursor: Option<Cursor>, newest_first: bool) -> Range<u64> {
    match cursor {
        None => range,
        Some(cursor) if newest_first => range.start..range.end.min(cursor.index).max(range.start),
        Some(cursor) => range.start.max(cursor.index.wrapping_add(1)).min(range.end)..range.end,
    }
}

impl Searched {
    /// `None` for a record that is damaged, which an audit reports.
    fn shown(&self, index: u64, entry: &StoredEntry, with_body: bool) -> Option<Found> {
        let tree_id = self.log.tree().tree_id;
        let (body, log, uuid): (Bytes, _, _) = match self.api {
            Api::V1 => {
                let body = body_of(&entry.record)?;
                let uuid = EntryId::new(tree_id, leaf_hash(&body)).to_string();
                (body, "rekor-v1", Some(uuid))
            }
            Api::V2 => (v2_body_of(&entry.record)?, "rekor-v2", None),
        };
        let parsed: Value = serde_json::from_slice(&body).ok()?;
        let fields = Fields::of(Some(&parsed));
        Some(Found {
            log,
            tree_id: tree_id.to_string(),
            log_index: self.offset + index,
            uuid,
            time: Timestamp::from_millis(self.api.time_of()(entry)).to_rfc3339(),
            kind: fields.text("kind").unwrap_or_default().to_owned(),
            api_version: fields.text("apiVersion").unwrap_or_default().to_owned(),
            body: with_body.then(|| BASE64_STANDARD.encode(&body)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_goes_on_behind_the_last_entry_that_was_shown() {
        let at = |index| Some(Cursor { tree_id: 1, index });
        assert_eq!(beyond(0..10, at(4), true), 0..4);
        assert_eq!(beyond(0..10, at(4), false), 5..10);
        assert_eq!(beyond(6..10, at(4), true), 6..6);
        assert_eq!(beyond(0..3, at(4), false), 3..3);
        // Nothing of the tree was shown yet, and it begins at 0.
        assert_eq!(beyond(0..10, at(u64::MAX), false), 0..10);
    }
}
