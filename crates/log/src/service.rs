use bytes::Bytes;
use sigstead_entry::{Canonical, attestation_key};
use sigstead_merkle::Hash;
use sigstead_store::{Attestation, Database, LeafSource, Proposal, SearchKey, StoreError, TreeKey};
use sigstead_tlog::{AppendError, Appended, InclusionProof};
use thiserror::Error;

use crate::entry_id::EntryId;
use crate::record::{body_of, leaf_of};
use crate::shards::{Location, Shard, Shards};

/// A Rekor log: shards, search and attestations, without HTTP.
#[derive(Debug)]
pub struct RekorLog {
    pub(crate) shards: Shards,
    database: Database,
    pub(crate) limits: RekorLimits,
}

/// What a log is made of.
#[derive(Debug)]
pub struct RekorConfig {
    /// Takes entries.
    pub active: Shard,
    /// Frozen, oldest first.
    pub inactive: Vec<Shard>,
    /// Search keys and attestations.
    pub database: Database,
    /// What is refused.
    pub limits: RekorLimits,
}

/// What is refused as too large.
#[derive(Debug, Clone, Copy)]
pub struct RekorLimits {
    /// Bytes in a request's body.
    pub body: usize,
    /// Bytes in an attestation; a larger one is not kept, its entry is.
    pub attestation: usize,
    /// Entries that one search key of one search finds.
    pub search: u32,
}

impl Default for RekorLimits {
    fn default() -> Self {
        Self { body: 32 << 20, attestation: 102_400, search: 100_000 }
    }
}

/// Why the log could not answer.
#[derive(Debug, Error)]
pub enum LogError {
    /// The engine.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signing key.
    #[error(transparent)]
    Sign(#[from] sigstead_crypto::SignError),
    /// The log's own first entry is not one that a log takes: its key is of a kind that entries cannot have.
    #[error("the log's first entry: {0}")]
    Genesis(#[from] sigstead_entry::Rejection),
    /// A stored record that is not one of this log's.
    #[error("the record of entry {0} is damaged")]
    Damaged(u64),
}

/// An entry with everything that its answer shows.
pub(crate) struct FoundEntry {
    pub(crate) location: Location,
    pub(crate) body: Bytes,
    pub(crate) timestamp_ms: u64,
    pub(crate) proof: InclusionProof,
    pub(crate) checkpoint: String,
    pub(crate) attestation: Option<Bytes>,
}

impl RekorLog {
    /// Opens the log over its shards.
    ///
    /// # Errors
    /// When a shard's size cannot be read.
    pub async fn new(config: RekorConfig) -> Result<Self, LogError> {
        let RekorConfig { active, inactive, database, limits } = config;
        Ok(Self { shards: Shards::new(inactive, active).await?, database, limits })
    }

    /// Appends an entry of the log's own to an empty tree. Clients stumble over index 0 and over empty
    /// logs: some writers leave zeros out of bundles, and rekor-cli cannot compare against size 0.
    ///
    /// # Errors
    /// When the key or the database fails.
    pub async fn seed_genesis(&self) -> Result<(), LogError> {
        let (_, active) = self.shards.active();
        if active.log.published().await?.size > 0 {
            return Ok(());
        }
        let message = format!("sigstead genesis of {}\n", active.log.tree().origin);
        let signature = active.signer.sign(message.as_bytes()).await?;
        let entry = genesis_entry(message.as_bytes(), &signature, active);
        let canonical = sigstead_entry::Proposed::parse(&entry).and_then(sigstead_entry::Proposed::verify)?;
        self.append(canonical).await?;
        Ok(())
    }

    pub(crate) async fn append(&self, canonical: Canonical) -> Result<(Location, Bytes, Appended), LogError> {
        let (shard, active) = self.shards.active();
        let keep = |(key, data): (String, Bytes)| {
            (data.len() <= self.limits.attestation).then_some(Attestation { key, data })
        };
        let mut search_keys: Vec<SearchKey> =
            canonical.search_values.iter().map(|value| SearchKey::of(value)).collect();
        search_keys.sort_unstable();
        search_keys.dedup();
        let proposal = Proposal {
            leaf: LeafSource::Fixed(leaf_of(&canonical.body)),
            search_keys,
            attestation: canonical.attestation.and_then(keep),
        };
        let appended = active.log.append(proposal).await?;
        Ok((Location { shard, index: appended.index }, canonical.body, appended))
    }

    /// The entry at a place, with a proof in the newest published tree; `None` if there is none.
    pub(crate) async fn entry(&self, location: Location) -> Result<Option<FoundEntry>, LogError> {
        let log = &self.shards.get(location.shard).log;
        let Some(found) = log.proven_entry(location.index).await? else { return Ok(None) };
        let body = body_of(&found.entry.record).ok_or(LogError::Damaged(location.index))?;
        let attestation = match attestation_key(&body) {
            Some(key) => self.database.attestation(&key).await?,
            None => None,
        };
        Ok(Some(FoundEntry {
            location,
            timestamp_ms: found.entry.timestamp_ms,
            proof: found.proof,
            checkpoint: found.head.note.clone(),
            attestation,
            body,
        }))
    }

    /// The ids of the entries that have a search value, oldest first.
    pub(crate) async fn search(&self, value: &str) -> Result<Vec<EntryId>, LogError> {
        let found = self.database.search(SearchKey::of(value), self.limits.search).await?;
        let mut ids = Vec::with_capacity(found.len());
        for (tree, index) in found {
            if let Some(shard) = self.shard_of(tree) {
                let hash: Hash = shard.log.leaf_hash(index).await?;
                ids.push(EntryId::new(shard.tree_id(), hash));
            }
        }
        Ok(ids)
    }

    fn shard_of(&self, tree: TreeKey) -> Option<&Shard> {
        let (_, active) = self.shards.active();
        self.shards.inactive().iter().chain([active]).find(|shard| shard.log.tree().key == tree)
    }
}

fn genesis_entry(message: &[u8], signature: &[u8], shard: &Shard) -> serde_json::Value {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    let hash = shard.signer.algorithm().hash();
    serde_json::json!({
        "kind": "hashedrekord",
        "apiVersion": "0.0.1",
        "spec": {
            "data": { "hash": { "algorithm": hash.name(), "value": hex::encode(hash.digest(message)) } },
            "signature": {
                "content": BASE64_STANDARD.encode(signature),
                "publicKey": { "content": BASE64_STANDARD.encode(shard.public_key().to_pem()) },
            },
        },
    })
}
