use std::pin::Pin;
use std::sync::Arc;

use sigstead_clock::Clock;
use sigstead_crypto::{PublicKey, SignError, Signer};
use sigstead_store::{Database, StoreError, Tree, TreeKey, TreeKind};
use sigstead_tlog::{AppendError, Log};

use crate::entry_id::EntryId;

/// Starts the engine on a tree, with the tree's key.
pub type OpenShard =
    Box<dyn Fn(Tree) -> Pin<Box<dyn Future<Output = Result<Shard, AppendError>> + Send>> + Send + Sync>;

/// A tree with the key that signs for it.
#[derive(Debug, Clone)]
pub struct Shard {
    /// The tree's log.
    pub log: Log<Database>,
    /// Signs its SETs, or did.
    pub key: ShardKey,
}

/// Where a shard's key is.
#[derive(Debug, Clone)]
pub enum ShardKey {
    /// Here.
    Here(Arc<dyn Signer>),
    /// With the log that the shard was imported from: what it signed is stored, and it signs nothing more.
    Elsewhere(PublicKey),
}

impl Shard {
    pub(crate) fn public_key(&self) -> &PublicKey {
        match &self.key {
            ShardKey::Here(signer) => signer.public_key(),
            ShardKey::Elsewhere(public_key) => public_key,
        }
    }

    /// The key that signs here.
    pub(crate) fn signer(&self) -> Result<&Arc<dyn Signer>, SignError> {
        match &self.key {
            ShardKey::Here(signer) => Ok(signer),
            ShardKey::Elsewhere(_) => Err(SignError::new("the key of an imported shard is not here")),
        }
    }

    pub(crate) fn tree_id(&self) -> i64 {
        self.log.tree().tree_id
    }

    /// Hex SHA-256 of the key's info.
    pub(crate) fn log_id(&self) -> String {
        hex::encode(self.public_key().fingerprint())
    }
}

/// Where an entry is: a shard by its position, and the index in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) shard: usize,
    pub(crate) index: u64,
}

/// The shards at some moment, oldest first; the last one takes entries. Positions never change: a rotation
/// adds one at the end.
#[derive(Debug)]
pub(crate) struct Shards {
    inactive: Vec<Shard>,
    active: Shard,
    /// The global index of each shard's first entry.
    offsets: Vec<u64>,
}

impl Shards {
    /// Frozen shards never grow, so their sizes are read once.
    pub(crate) async fn new(inactive: Vec<Shard>, active: Shard) -> Result<Self, AppendError> {
        let mut offsets = vec![0];
        for shard in &inactive {
            let size = shard.log.published().await?.size;
            offsets.push(offsets.last().copied().unwrap_or_default() + size);
        }
        Ok(Self { inactive, active, offsets })
    }

    /// Opens what is in the database, as far as it is not open already.
    pub(crate) async fn open(
        database: &Database,
        open: &OpenShard,
        opened: Option<&Self>,
    ) -> Result<Self, AppendError> {
        let mut shards = Vec::new();
        for tree in database.trees(TreeKind::RekorV1).await? {
            let known = opened.and_then(|opened| opened.by_tree(tree.key));
            shards.push(match known {
                Some(shard) => shard.clone(),
                None => open(tree).await?,
            });
        }
        let active = shards.pop().ok_or(StoreError::UnknownTree)?;
        Self::new(shards, active).await
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Shard> {
        self.all().map(|(_, shard)| shard)
    }

    pub(crate) fn by_tree(&self, tree: TreeKey) -> Option<&Shard> {
        self.iter().find(|shard| shard.log.tree().key == tree)
    }

    pub(crate) fn active(&self) -> (usize, &Shard) {
        (self.inactive.len(), &self.active)
    }

    pub(crate) fn get(&self, shard: usize) -> &Shard {
        self.inactive.get(shard).unwrap_or(&self.active)
    }

    pub(crate) fn inactive(&self) -> &[Shard] {
        &self.inactive
    }

    fn all(&self) -> impl DoubleEndedIterator<Item = (usize, &Shard)> {
        self.inactive.iter().enumerate().chain([self.active()])
    }

    pub(crate) fn by_tree_id(&self, tree_id: u64) -> Option<(usize, &Shard)> {
        self.all().find(|(_, shard)| shard.tree_id().unsigned_abs() == tree_id)
    }

    pub(crate) fn global_index(&self, location: Location) -> u64 {
        self.offsets.get(location.shard).copied().unwrap_or_default() + location.index
    }

    /// Where a global index is; beyond the last entry it is in the active shard, which does not have it.
    pub(crate) fn locate(&self, global_index: u64) -> Location {
        let shard = self.offsets.iter().rposition(|offset| *offset <= global_index).unwrap_or_default();
        Location { shard, index: global_index - self.offsets.get(shard).copied().unwrap_or_default() }
    }

    /// Where the entries of that id are: in the named tree, or in any, the active one first.
    pub(crate) async fn find(&self, id: &EntryId) -> Result<Vec<Location>, AppendError> {
        let candidates: Vec<(usize, &Shard)> = match id.tree_id {
            Some(tree_id) => self.by_tree_id(tree_id).into_iter().collect(),
            None => self.all().rev().collect(),
        };
        let mut found = Vec::new();
        for (shard, candidate) in candidates {
            let index = candidate.log.find_leaf(&id.leaf_hash).await?;
            found.extend(index.map(|index| Location { shard, index }));
        }
        Ok(found)
    }
}

/// Makes the first shard if there is none; its origin is `hostname - id`.
///
/// # Errors
/// When the database fails.
pub async fn open_active_tree(
    database: &Database,
    hostname: &str,
    clock: &dyn Clock,
) -> Result<Tree, AppendError> {
    sigstead_tlog::open_active_tree(database, TreeKind::RekorV1, origin(hostname), clock).await
}

/// Freezes the shard that takes entries, and starts the next; running servers follow by themselves.
///
/// # Errors
/// When the database fails.
pub async fn rotate(database: &Database, hostname: &str, clock: &dyn Clock) -> Result<(), AppendError> {
    sigstead_tlog::rotate_tree(database, TreeKind::RekorV1, origin(hostname), clock).await
}

/// Clients tell v1 logs by this form.
fn origin(hostname: &str) -> impl FnOnce(i64) -> String {
    move |tree_id| format!("{hostname} - {tree_id}")
}
