use std::sync::Arc;

use bytes::Bytes;
use sigstead_store::{BUNDLE_WIDTH, StoredEntry, TreeStore};

use crate::AppendError;
use crate::log::Log;
use crate::proof::InclusionProof;
use crate::publish::PublishedHead;

/// Entries that are unpacked and kept together: as many as a bundle's stream has between points of entry.
const RUN: u64 = 32;

/// An entry and that it is in a published tree.
#[derive(Debug, Clone)]
pub struct ProvenEntry {
    /// As it was stored.
    pub entry: StoredEntry,
    /// That it is in the tree of `head`.
    pub proof: InclusionProof,
    /// A signed head.
    pub head: Arc<PublishedHead>,
}

/// An entry bundle as it is sent.
#[derive(Debug, Clone)]
pub struct BundleBytes {
    /// The records, or a gzip stream of them.
    pub bytes: Bytes,
    /// Whether they are compressed: a full bundle is sent as it is stored.
    pub is_gzip: bool,
}

impl<S: TreeStore> Log<S> {
    /// An entry of a published tree, proven in it; `None` beyond the newest one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn proven_entry(&self, index: u64) -> Result<Option<ProvenEntry>, AppendError> {
        // The head that this server signed last will do if the entry is in it: no need to ask for a newer one.
        let head = match self.last_published().filter(|head| index < head.size) {
            Some(head) => head,
            None => self.published().await?,
        };
        let Some(entry) = self.entry(index, head.size).await? else { return Ok(None) };
        let proof = self.inclusion_under(index, head.size, head.root).await?;
        Ok(Some(ProvenEntry { entry, proof, head }))
    }

    /// An entry of the first `size`, which must be committed; `None` beyond them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entry(&self, index: u64, size: u64) -> Result<Option<StoredEntry>, AppendError> {
        if index >= size {
            return Ok(None);
        }
        let (n, within) = (index / RUN, index % RUN);
        if (index / BUNDLE_WIDTH + 1) * BUNDLE_WIDTH > size {
            return Ok(self.entries(index, 1).await?.pop());
        }
        // A run of a full bundle never changes: unpacked once, it serves all of its entries.
        if let Some(run) = self.shared.runs.get(&n).await {
            return Ok(run.get(within as usize).cloned());
        }
        let run = Arc::new(self.entries(n * RUN, RUN).await?);
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

    /// The first `width` records of an entry bundle, one after the other; `None` if the published tree has fewer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bundle(
        &self,
        n: u64,
        width: u64,
        takes_gzip: bool,
    ) -> Result<Option<BundleBytes>, AppendError> {
        let published = self.published().await?.size;
        let end = n.checked_mul(BUNDLE_WIDTH).and_then(|first| first.checked_add(width));
        if end.is_none_or(|end| end > published) {
            return Ok(None);
        }
        if width == BUNDLE_WIDTH
            && takes_gzip
            && let Some(sealed) = self.shared.store.bundle(self.shared.tree.key, n).await?
        {
            return Ok(Some(BundleBytes { bytes: sealed.gzip, is_gzip: true }));
        }
        let entries = self.entries(n * BUNDLE_WIDTH, width).await?;
        let records: Vec<&[u8]> = entries.iter().map(|entry| entry.record.as_ref()).collect();
        Ok(Some(BundleBytes { bytes: records.concat().into(), is_gzip: false }))
    }
}
