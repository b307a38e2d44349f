use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use sigstead_crypto::note::verify_tree_head;
use sigstead_ct::LoggedCertificate;
use sigstead_merkle::{Frontier, Hash, leaf_hash};
use sigstead_trust::Log;

use crate::cli::http::Http;

/// Entries that are asked for at once; a log may answer fewer.
const PAGE: u64 = 256;

/// A CT log of anybody, read from its first entry to its signed tree head (RFC 6962 §4).
pub(super) struct CtLogReader<'a> {
    http: &'a Http,
    url: &'a str,
    size: u64,
    root: Hash,
    /// Of what was read.
    read: Frontier,
}

/// What the log says at an index; `None` if that is no entry.
pub(super) struct Entry {
    pub(super) index: u64,
    pub(super) logged: Option<LoggedCertificate>,
}

#[derive(Deserialize)]
struct TreeHead {
    tree_size: u64,
    timestamp: u64,
    sha256_root_hash: String,
    tree_head_signature: String,
}

#[derive(Deserialize)]
struct Entries {
    entries: Vec<RawEntry>,
}

#[derive(Deserialize)]
struct RawEntry {
    leaf_input: String,
    extra_data: String,
}

impl<'a> CtLogReader<'a> {
    /// With the log's tree head, which its key must have signed.
    pub(super) async fn open(http: &'a Http, log: &'a Log) -> anyhow::Result<Self> {
        let url = log.url.trim_end_matches('/');
        let head: TreeHead = http.get_json(&format!("{url}/ct/v1/get-sth")).await?;
        let root = decode(&head.sha256_root_hash)?.try_into().ok().context("the root is not a hash")?;
        let signature = decode(&head.tree_head_signature)?;
        ensure!(
            verify_tree_head(&log.public_key, head.tree_size, &root, head.timestamp, &signature),
            "the tree head is not signed by the log's key"
        );
        Ok(Self { http, url, size: head.tree_size, root, read: Frontier::new() })
    }

    /// The next entries; none at the end, where they all together must have the root that was signed.
    pub(super) async fn page(&mut self) -> anyhow::Result<Vec<Entry>> {
        let start = self.read.size();
        if start >= self.size {
            ensure!(self.read.root() == self.root, "the entries are not those of the tree head");
            return Ok(Vec::new());
        }
        let end = start.saturating_add(PAGE).min(self.size) - 1;
        let url = format!("{}/ct/v1/get-entries?start={start}&end={end}", self.url);
        let Entries { entries } = self.http.get_json(&url).await?;
        ensure!(!entries.is_empty(), "{url} has no entries");
        (start..=end).zip(entries).map(|(index, entry)| self.take(index, &entry)).collect()
    }

    fn take(&mut self, index: u64, entry: &RawEntry) -> anyhow::Result<Entry> {
        let (leaf, extra) = (decode(&entry.leaf_input)?, decode(&entry.extra_data)?);
        self.read.push(leaf_hash(&leaf));
        Ok(Entry { index, logged: LoggedCertificate::parse(&leaf, &extra) })
    }
}

fn decode(text: &str) -> anyhow::Result<Vec<u8>> {
    BASE64_STANDARD.decode(text).context("the log answered what is not base64")
}
