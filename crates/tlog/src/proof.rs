use bytes::Bytes;
use sigstead_merkle::{
    HASH_LEN, Hash, NodeId, ProofError, Subtree, TILE_WIDTH, TileCoord, consistency_plan, empty_root,
    inclusion_plan,
};
use sigstead_store::{StoreError, TreeStore};

use crate::AppendError;
use crate::held_tile::HeldTile;
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
        let root = self.root_at(size).await?;
        self.inclusion_under(index, size, root).await
    }

    /// As [`Log::inclusion`], where the root is known.
    pub(crate) async fn inclusion_under(
        &self,
        index: u64,
        size: u64,
        root: Hash,
    ) -> Result<InclusionProof, AppendError> {
        let hashes = self.hashes(&inclusion_plan(index, size)?, size).await?;
        Ok(InclusionProof { index, size, root, hashes })
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
        let wanted = ..usize::from(width) * HASH_LEN;
        Ok(tile.hashes.get(wanted).is_some().then(|| tile.hashes.slice(wanted)))
    }

    /// The hash of a committed leaf.
    ///
    /// # Errors
    /// When there is none, or the database fails.
    pub async fn leaf_hash(&self, index: u64) -> Result<Hash, AppendError> {
        // As much of its tile as is published: searches ask for many leaves of one tile.
        let published = self.shared.published.load().as_ref().map_or(0, |head| head.size);
        self.node(NodeId { level: 0, index }, published.max(index.saturating_add(1))).await
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
        let hash = tile.node(node);
        hash.ok_or_else(|| {
            StoreError::Corrupt(format!("tile {:?} is too short for {node:?}", node.tile())).into()
        })
    }

    /// At least the hashes that the first `size` leaves give a tile.
    async fn tile_at(&self, at: TileCoord, size: u64) -> Result<HeldTile, AppendError> {
        if let Some(full) = self.shared.tiles.get(&at).await {
            return Ok(full);
        }
        let width = at.width(size);
        if u64::from(width) == TILE_WIDTH {
            return self.full_tile(at).await?.ok_or_else(|| missing(at));
        }
        // The first hashes of a tile never change either.
        if let Some(partial) = self.shared.partial_tiles.get(&(at, width)).await {
            return Ok(partial);
        }
        for _ in 0..LOOKS {
            let hashes = self.hashes_so_far(at).await?;
            if let Some(hashes) = hashes.get(..usize::from(width)) {
                let partial = HeldTile::new(Bytes::from(hashes.concat()));
                self.shared.partial_tiles.insert((at, width), partial.clone()).await;
                return Ok(partial);
            }
            // It filled up since `size`.
            if let Some(full) = self.full_tile(at).await? {
                return Ok(full);
            }
        }
        Err(missing(at))
    }

    async fn full_tile(&self, at: TileCoord) -> Result<Option<HeldTile>, AppendError> {
        let full = self.shared.store.tile(self.shared.tree.key, at).await?.map(HeldTile::new);
        if let Some(full) = &full {
            self.shared.tiles.insert(at, full.clone()).await;
        }
        Ok(full)
    }

    /// What there is of a tile that is not full; nothing of one that is.
    async fn hashes_so_far(&self, at: TileCoord) -> Result<Vec<Hash>, AppendError> {
        let (store, tree) = (&self.shared.store, self.shared.tree.key);
        Ok(match at.level.checked_sub(1) {
            Some(below) => store.tile_roots(tree, below, at.n * TILE_WIDTH, TILE_WIDTH).await?,
            None => {
                let edge = store.edge(tree).await?;
                let here = edge.head.size() / TILE_WIDTH == at.n;
                if here { edge.leaf_hashes } else { Vec::new() }
            }
        })
    }
}

fn missing(at: TileCoord) -> AppendError {
    StoreError::Corrupt(format!("tile {at:?} is missing")).into()
}
