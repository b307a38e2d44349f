use std::sync::Arc;

use bytes::Bytes;
use sigstead_merkle::{Hash, InnerNodes, NodeId};

/// A tile in memory, with the inner nodes that proofs would otherwise hash again each time.
#[derive(Debug, Clone)]
pub(crate) struct HeldTile {
    pub(crate) hashes: Bytes,
    inner: Arc<InnerNodes>,
}

impl HeldTile {
    pub(crate) fn new(hashes: Bytes) -> Self {
        let inner = Arc::new(InnerNodes::of(&hashes));
        Self { hashes, inner }
    }

    /// A node of the tile; `None` if it is too short to hold it.
    pub(crate) fn node(&self, node: NodeId) -> Option<Hash> {
        node.hash_in_tile(&self.hashes, &self.inner)
    }

    pub(crate) fn len_bytes(&self) -> usize {
        self.hashes.len() + self.inner.len_bytes()
    }
}
