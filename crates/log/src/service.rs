use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use sigstead_clock::Clock;
use sigstead_crypto::Signer;
use sigstead_entry::{Canonical, Proposed, Rejection, attestation_key};
use sigstead_merkle::Hash;
use sigstead_store::{
    Attestation, Database, LeafSource, Proposal, SearchKey, SearchQuery, StoreError, TreeKind, TreeState,
};
use sigstead_tlog::{AppendError, Appended, InclusionProof};
use thiserror::Error;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::entry_id::EntryId;
use crate::found_by::found_by;
use crate::record::{Promise, body_of, leaf_of, promise_of, time_of};
use crate::shards::{Location, OpenShard, Shard, Shards};
use crate::surface::Surface;

/// A Rekor log: shards, search and attestations, without HTTP.
pub struct RekorLog {
    shards: ArcSwap<Shards>,
    open_shard: OpenShard,
    /// One reader at a time looks for a rotation.
    looking: Mutex<()>,
    genesis: bool,
    pub(crate) surface: Surface,
    database: Database,
    clock: Arc<dyn Clock>,
    pub(crate) limits: RekorLimits,
}

/// What a log is made of.
pub struct RekorConfig {
    /// How the engine is started on a shard.
    pub open_shard: OpenShard,
    /// Whether an empty shard begins with an entry of the log's own. Clients stumble over index 0 and over
    /// empty logs: some writers leave zeros out of bundles, and rekor-cli cannot compare against size 0.
    pub genesis: bool,
    /// Which operations and kinds are on.
    pub surface: Surface,
    /// The trees, search keys and attestations.
    pub database: Database,
    /// The time, for entries that expire.
    pub clock: Arc<dyn Clock>,
    /// What is refused.
    pub limits: RekorLimits,
}

/// How often a server looks whether another one rotated the log.
const LOOK_EVERY: Duration = Duration::from_secs(2);

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
    Genesis(#[from] Rejection),
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
    /// What another log promised for it.
    pub(crate) promise: Option<Promise>,
}

impl RekorLog {
    /// Opens every shard; there must be one.
    ///
    /// # Errors
    /// When the database or a shard's key fails.
    pub async fn open(config: RekorConfig) -> Result<Self, LogError> {
        let RekorConfig { open_shard, genesis, surface, database, clock, limits } = config;
        let shards = Shards::open(&database, &open_shard, None).await?;
        let log = Self {
            shards: ArcSwap::from_pointee(shards),
            open_shard,
            looking: Mutex::new(()),
            genesis,
            surface,
            database,
            clock,
            limits,
        };
        log.seed_genesis().await?;
        Ok(log)
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// The shards of now.
    pub(crate) fn shards(&self) -> Arc<Shards> {
        self.shards.load_full()
    }

    /// Follows rotations until `shutdown`.
    pub async fn follow_rotations(self: Arc<Self>, shutdown: CancellationToken) {
        let look = async || loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if let Err(error) = self.look_for_rotation().await {
                tracing::warn!(%error, "looking for new shards");
            }
        };
        shutdown.run_until_cancelled(look()).await;
    }

    /// Whether there is a newer shard than `known`; it is open then.
    async fn look_for_rotation(&self) -> Result<bool, LogError> {
        let _alone = self.looking.lock().await;
        let known = self.shards();
        let newest = self.database.trees(TreeKind::RekorV1).await?.pop();
        if newest.is_none_or(|newest| newest.key == known.active().1.log.tree().key) {
            return Ok(false);
        }
        let shards = Shards::open(&self.database, &self.open_shard, Some(&known)).await?;
        tracing::info!(tree = shards.active().1.tree_id(), "the log goes on in a new shard");
        self.shards.store(Arc::new(shards));
        self.seed_genesis().await?;
        Ok(true)
    }

    async fn seed_genesis(&self) -> Result<(), LogError> {
        let shards = self.shards();
        let (_, active) = shards.active();
        let takes_entries = active.log.tree().state == TreeState::Active;
        if !self.genesis || !takes_entries || active.log.published().await?.size > 0 {
            return Ok(());
        }
        let message = format!("sigstead genesis of {}\n", active.log.tree().origin);
        let signature = active.signer()?.sign(message.as_bytes()).await?;
        let entry = genesis_entry(message.as_bytes(), &signature, active.signer()?);
        let canonical = self.verify(Proposed::parse(&entry)?)?;
        self.append_to(active, &canonical).await?;
        Ok(())
    }

    /// Checks an entry as of now.
    pub(crate) fn verify(&self, proposed: Proposed) -> Result<Canonical, Rejection> {
        proposed.verify(self.clock.now().unix_seconds())
    }

    /// Appends to the shard that takes entries; if that was frozen meanwhile, to the next.
    pub(crate) async fn append(&self, canonical: Canonical) -> Result<(Location, Bytes, Appended), LogError> {
        loop {
            let shards = self.shards();
            let (shard, active) = shards.active();
            match self.append_to(active, &canonical).await {
                Err(LogError::Append(AppendError::Frozen)) if self.has_moved_on(shard).await? => {}
                appended => {
                    let appended = appended?;
                    return Ok((Location { shard, index: appended.index }, canonical.body, appended));
                }
            }
        }
    }

    async fn has_moved_on(&self, shard: usize) -> Result<bool, LogError> {
        Ok(self.look_for_rotation().await? || self.shards().active().0 != shard)
    }

    async fn append_to(&self, shard: &Shard, canonical: &Canonical) -> Result<Appended, LogError> {
        let keep = |(key, data): &(String, Bytes)| {
            (data.len() <= self.limits.attestation)
                .then(|| Attestation { key: key.clone(), data: data.clone() })
        };
        let (search_keys, search_terms) = found_by(&canonical.search_values, &canonical.fields);
        let proposal = Proposal {
            leaf: LeafSource::Fixed(leaf_of(&canonical.body)),
            search_keys,
            search_terms,
            attestation: canonical.attestation.as_ref().and_then(keep),
        };
        Ok(shard.log.append(proposal).await?)
    }

    /// The entry at a place, with a proof in the newest published tree; `None` if there is none.
    pub(crate) async fn entry(&self, location: Location) -> Result<Option<FoundEntry>, LogError> {
        let shards = self.shards();
        let log = &shards.get(location.shard).log;
        let Some(found) = log.proven_entry(location.index).await? else { return Ok(None) };
        let body = body_of(&found.entry.record).ok_or(LogError::Damaged(location.index))?;
        let attestation = match attestation_key(&body) {
            Some(key) => self.database.attestation(&key).await?,
            None => None,
        };
        Ok(Some(FoundEntry {
            location,
            timestamp_ms: time_of(&found.entry),
            promise: promise_of(&found.entry.record),
            proof: found.proof,
            checkpoint: found.head.note.clone(),
            attestation,
            body,
        }))
    }

    /// The ids of the entries that have a search value, oldest first, in every shard.
    pub(crate) async fn search(&self, value: &str) -> Result<Vec<EntryId>, LogError> {
        let mut ids = Vec::new();
        for shard in self.shards().iter() {
            let query = SearchQuery {
                tree: shard.log.tree().key,
                all_of: vec![vec![SearchKey::of(value)]],
                range: 0..u64::MAX,
                newest_first: false,
            };
            let room = (self.limits.search as usize).saturating_sub(ids.len());
            for index in self.database.search(&query, room).await? {
                let hash: Hash = shard.log.leaf_hash(index).await?;
                ids.push(EntryId::new(shard.tree_id(), hash));
            }
        }
        Ok(ids)
    }
}

fn genesis_entry(message: &[u8], signature: &[u8], signer: &Arc<dyn Signer>) -> serde_json::Value {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    let hash = signer.algorithm().hash();
    serde_json::json!({
        "kind": "hashedrekord",
        "apiVersion": "0.0.1",
        "spec": {
            "data": { "hash": { "algorithm": hash.name(), "value": hex::encode(hash.digest(message)) } },
            "signature": {
                "content": BASE64_STANDARD.encode(signature),
                "publicKey": { "content": BASE64_STANDARD.encode(signer.public_key().to_pem()) },
            },
        },
    })
}
