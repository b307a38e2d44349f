use std::future::Future;

use bytes::Bytes;
use sigstead_merkle::{Hash, TileCoord};

use crate::{Batch, Committed, Head, StoreError, TreeKey};

/// Entries in a bundle: as many as leaf hashes in a tile.
pub const BUNDLE_WIDTH: u64 = 256;

/// An entry as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Framed by its log type.
    pub record: Bytes,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: u64,
}

/// 256 records, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The framed records, one after the other, as one gzip member.
    pub gzip: Bytes,
}

/// The ragged right edge of a tree, of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The head that it belongs to.
    pub head: Head,
    /// The leaf hashes past the last full tile.
    pub leaf_hashes: Vec<Hash>,
}

/// Durable home of the trees.
///
/// Contract, for every method: it is one transaction, of which all happened or nothing; what it answers
/// was committed, and survives the loss of this process and of the machine's power. Many servers may call
/// it on one tree at the same time.
pub trait TreeStore: Send + Sync + 'static {
    /// Gives the proposals of `batch` the next indexes under the tree's row lock, unless they are there
    /// already, and writes records, leaf hashes, full tiles, lookups, search keys, attestations and head.
    ///
    /// After [`StoreError::UnknownOutcome`] the caller must assume either outcome, and call again with
    /// `since` before it answers anyone. After any other error nothing was written.
    fn append(
        &self,
        tree: TreeKey,
        batch: &Batch,
    ) -> impl Future<Output = Result<Committed, StoreError>> + Send;

    /// The newest committed head.
    fn head(&self, tree: TreeKey) -> impl Future<Output = Result<Head, StoreError>> + Send;

    /// The head, and the leaf hashes past the last full tile, of one moment.
    fn edge(&self, tree: TreeKey) -> impl Future<Output = Result<Edge, StoreError>> + Send;

    /// A full tile; `None` while it is not full. It never changes.
    fn tile(
        &self,
        tree: TreeKey,
        at: TileCoord,
    ) -> impl Future<Output = Result<Option<Bytes>, StoreError>> + Send;

    /// The roots of the full tiles `[from, from + count)` of a level, as far as they are full: hashes of the level above.
    fn tile_roots(
        &self,
        tree: TreeKey,
        level: u8,
        from: u64,
        count: u64,
    ) -> impl Future<Output = Result<Vec<Hash>, StoreError>> + Send;

    /// The entries `[from, from + count)`, as far as they exist.
    fn entries(
        &self,
        tree: TreeKey,
        from: u64,
        count: u64,
    ) -> impl Future<Output = Result<Vec<StoredEntry>, StoreError>> + Send;

    /// A sealed bundle; `None` while it is not full or not sealed yet. It never changes.
    fn bundle(
        &self,
        tree: TreeKey,
        n: u64,
    ) -> impl Future<Output = Result<Option<Bundle>, StoreError>> + Send;

    /// Seals every full run of 256 entries that is not sealed yet; how many it sealed. Any server may, at any time.
    fn seal(&self, tree: TreeKey) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Keeps a checkpoint; one that is kept for that size stays.
    fn keep_checkpoint(
        &self,
        tree: TreeKey,
        size: u64,
        note: &str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The newest kept checkpoint of at most that size.
    fn kept_checkpoint(
        &self,
        tree: TreeKey,
        size: u64,
    ) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;

    /// Remembers the key that signs for a tree, by the SHA-256 of its SubjectPublicKeyInfo; which one was remembered
    /// first, whoever asks later with another.
    fn remember_key(
        &self,
        tree: TreeKey,
        fingerprint: &Hash,
    ) -> impl Future<Output = Result<Hash, StoreError>> + Send;

    /// The index of the leaf with that hash, compared in full.
    fn find_leaf(
        &self,
        tree: TreeKey,
        hash: &Hash,
    ) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send;
}
