use std::sync::Arc;

use bytes::Bytes;
use sigstead_merkle::{
    HASH_LEN, Hash, NodeId, ProofError, Subtree, TILE_WIDTH, TileCoord, consistency_plan, empty_root,
    inclusion_plan,
};
use sigstead_store::{BUNDLE_WIDTH, StoreError, StoredEntry, TreeStore};

use crate::AppendError;
use crate::log::Log;

/// How often a reader looks again when the tree grows past what it was about to read.
const LOOKS: usize = 10;

/// That a leaf is in a tree (RFC 6962 §2.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// The leaf.
    pub index: u64,
    /// The tree's size.
    pub size: u64,
    /// The tree's root.
    pub root: Hash,
    /// From the leaf up.
    pub hashes: Vec<Hash>,
}

impl<S: TreeStore> Log<S> {
    /// Proves leaf `index` in the tree of its first `size` leaves, which must be committed.
    ///
    /// # Errors
    /// When there is no such leaf, or the database fails.
    pub async fn inclusion(&self, index: u64, size: u64) -> Result<InclusionProof, AppendError> {
        let hashes = self.hashes(&inclusion_plan(index, size)?, size).await?;
        Ok(InclusionProof { index, size, root: self.root_at(size).await?, hashes })
    }

    /// Proves that the tree of `second` leaves, which must be committed, continues the one of `first`.
    ///
    /// # Errors
    /// When `first` is greater, or the database fails.
    pub async fn consistency(&self, first: u64, second: u64) -> Result<Vec<Hash>, AppendError> {
        self.hashes(&consistency_plan(first, second)?, second).await
    }

    /// The root of the first `size` leaves, which must be committed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn root_at(&self, size: u64) -> Result<Hash, AppendError> {
        if size == 0 {
            return Ok(empty_root());
        }
        let root = self.hashes(&[Subtree { begin: 0, end: size }], size).await?.pop();
        Ok(root.unwrap_or_else(empty_root))
    }

    /// The first `width` hashes of a tile; `None` if the published tree has fewer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tile(&self, at: TileCoord, width: u16) -> Result<Option<Bytes>, AppendError> {
        let size = self.published().await?.size;
        if width == 0 || at.width(size) < width {
            return Ok(None);
        }
        let tile = self.tile_at(at, size).await?;
        Ok(tile.get(..usize::from(width) * HASH_LEN).map(Bytes::copy_from_slice))
    }

    /// An entry of the published tree; `None` beyond it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entry(&self, index: u64) -> Result<Option<StoredEntry>, AppendError> {
        let size = self.published().await?.size;
        if index >= size {
            return Ok(None);
        }
        let (n, within) = (index / BUNDLE_WIDTH, index % BUNDLE_WIDTH);
        if (n + 1) * BUNDLE_WIDTH > size {
            return Ok(self.entries(index, 1).await?.pop());
        }
        // A full run never changes: unpacked once, it serves all of its entries.
        if let Some(run) = self.shared.runs.get(&n).await {
            return Ok(run.get(within as usize).cloned());
        }
        let run = Arc::new(self.entries(n * BUNDLE_WIDTH, BUNDLE_WIDTH).await?);
        self.shared.runs.insert(n, Arc::clone(&run)).await;
        Ok(run.get(within as usize).cloned())
    }

    /// The entries `[from, from + count)`, as far as they are committed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entries(&self, from: u64, count: u64) -> Result<Vec<StoredEntry>, AppendError> {
        Ok(self.shared.store.entries(self.shared.tree.key, from, count).await?)
    }

    /// A sealed bundle of 256 entries as one gzip member; `None` while it is not full or not sealed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sealed_bundle(&self, n: u64) -> Result<Option<Bytes>, AppendError> {
        Ok(self.shared.store.bundle(self.shared.tree.key, n).await?.map(|bundle| bundle.gzip))
    }

    /// The hash of a committed leaf.
    ///
    /// # Errors
    /// When there is none, or the database fails.
    pub async fn leaf_hash(&self, index: u64) -> Result<Hash, AppendError> {
        self.node(NodeId { level: 0, index }, index.saturating_add(1)).await
    }

    /// The index of the leaf with that hash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_leaf(&self, hash: &Hash) -> Result<Option<u64>, AppendError> {
        Ok(self.shared.store.find_leaf(self.shared.tree.key, hash).await?)
    }

    async fn hashes(&self, plan: &[Subtree], size: u64) -> Result<Vec<Hash>, AppendError> {
        let mut hashes = Vec::with_capacity(plan.len());
        for subtree in plan {
            let mut nodes = Vec::new();
            for node in subtree.nodes() {
                nodes.push(self.node(node, size).await?);
            }
            hashes.push(subtree.hash(&nodes).ok_or(ProofError::WrongRoot)?);
        }
        Ok(hashes)
    }

    /// A perfect subtree of the first `size` leaves.
    async fn node(&self, node: NodeId, size: u64) -> Result<Hash, AppendError> {
        let tile = self.tile_at(node.tile(), size).await?;
        let hash = node.hash_in_tile(&tile);
        hash.ok_or_else(|| {
            StoreError::Corrupt(format!("tile {:?} is too short for {node:?}", node.tile())).into()
        })
    }

    /// At least the hashes that the first `size` leaves give a tile.
    async fn tile_at(&self, at: TileCoord, size: u64) -> Result<Bytes, AppendError> {
        if let Some(full) = self.shared.tiles.get(&at).await {
            return Ok(full);
        }
        let (store, tree) = (&self.shared.store, self.shared.tree.key);
        for _ in 0..LOOKS {
            // It may have filled up since `size`; a partial tile is a prefix of the full one.
            if let Some(full) = store.tile(tree, at).await? {
                self.shared.tiles.insert(at, full.clone()).await;
                return Ok(full);
            }
            let hashes = match at.level.checked_sub(1) {
                Some(below) => store.tile_roots(tree, below, at.n * TILE_WIDTH, TILE_WIDTH).await?,
                None => {
                    let edge = store.edge(tree).await?;
                    let here = edge.head.size() / TILE_WIDTH == at.n;
                    if here { edge.leaf_hashes } else { Vec::new() }
                }
            };
            if hashes.len() >= usize::from(at.width(size)) {
                return Ok(hashes.concat().into());
            }
        }
        Err(StoreError::Corrupt(format!("tile {at:?} is missing")).into())
    }
}
