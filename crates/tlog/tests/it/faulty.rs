//! A store whose commits get lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use sigstead_merkle::{Hash, TileCoord};
use sigstead_store::{Batch, Bundle, Committed, Edge, Head, StoreError, StoredEntry, TreeKey, TreeStore};

/// What happens to an append.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// Nothing was written, and nobody knows.
    LostBeforeCommit,
    /// All was written, and nobody knows.
    LostAfterCommit,
    /// Someone else holds the row.
    Busy,
}

/// Passes everything on; each append meets the next fault of the script first.
#[derive(Clone)]
pub(crate) struct Faulty<S> {
    pub(crate) inner: S,
    pub(crate) script: Arc<Vec<Fault>>,
    pub(crate) appends: Arc<AtomicUsize>,
}

impl<S: TreeStore> TreeStore for Faulty<S> {
    async fn append(&self, tree: TreeKey, batch: &Batch) -> Result<Committed, StoreError> {
        match self.script.get(self.appends.fetch_add(1, Ordering::SeqCst)) {
            Some(Fault::LostBeforeCommit) => Err(StoreError::UnknownOutcome),
            Some(Fault::LostAfterCommit) => {
                self.inner.append(tree, batch).await?;
                Err(StoreError::UnknownOutcome)
            }
            Some(Fault::Busy) => Err(StoreError::Busy),
            None => self.inner.append(tree, batch).await,
        }
    }

    async fn head(&self, tree: TreeKey) -> Result<Head, StoreError> {
        self.inner.head(tree).await
    }

    async fn edge(&self, tree: TreeKey) -> Result<Edge, StoreError> {
        self.inner.edge(tree).await
    }

    async fn tile(&self, tree: TreeKey, at: TileCoord) -> Result<Option<Bytes>, StoreError> {
        self.inner.tile(tree, at).await
    }

    async fn tile_roots(
        &self,
        tree: TreeKey,
        level: u8,
        from: u64,
        count: u64,
    ) -> Result<Vec<Hash>, StoreError> {
        self.inner.tile_roots(tree, level, from, count).await
    }

    async fn entries(&self, tree: TreeKey, from: u64, count: u64) -> Result<Vec<StoredEntry>, StoreError> {
        self.inner.entries(tree, from, count).await
    }

    async fn bundle(&self, tree: TreeKey, n: u64) -> Result<Option<Bundle>, StoreError> {
        self.inner.bundle(tree, n).await
    }

    async fn seal(&self, tree: TreeKey) -> Result<u64, StoreError> {
        self.inner.seal(tree).await
    }

    async fn keep_checkpoint(&self, tree: TreeKey, size: u64, note: &str) -> Result<(), StoreError> {
        self.inner.keep_checkpoint(tree, size, note).await
    }

    async fn kept_checkpoint(&self, tree: TreeKey, size: u64) -> Result<Option<String>, StoreError> {
        self.inner.kept_checkpoint(tree, size).await
    }

    async fn remember_key(&self, tree: TreeKey, fingerprint: &Hash) -> Result<Hash, StoreError> {
        self.inner.remember_key(tree, fingerprint).await
    }

    async fn find_leaf(&self, tree: TreeKey, hash: &Hash) -> Result<Option<u64>, StoreError> {
        self.inner.find_leaf(tree, hash).await
    }
}
