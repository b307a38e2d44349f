use std::sync::Arc;

use sigstead_crypto::SignError;
use sigstead_crypto::note::NoteSigner;
use sigstead_merkle::{Checkpoint, Hash};
use sigstead_store::{Head, TreeStore};

use crate::log::Log;
use crate::rollback_guard::Remembered;
use crate::{AppendError, GuardError};

/// How a tree's heads are signed.
#[derive(Debug, Clone)]
pub enum Publisher {
    /// As a checkpoint note (Rekor v1 and v2).
    Checkpoint(NoteSigner),
    /// As an RFC 6962 tree head, which is also inside the checkpoint note.
    TreeHead(NoteSigner),
}

/// A committed tree head with its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedHead {
    /// Leaves in the tree.
    pub size: u64,
    /// Its root hash.
    pub root: Hash,
    /// When it was signed, in milliseconds since the Unix epoch; never before the newest entry's time.
    pub timestamp_ms: u64,
    /// The signed checkpoint.
    pub note: String,
    /// The DigitallySigned structure of RFC 6962 §3.5, for CT logs.
    pub tree_head_signature: Option<Vec<u8>>,
}

impl<S: TreeStore> Log<S> {
    /// The newest committed head, signed; whichever server committed it.
    ///
    /// # Errors
    /// When the database is not available or older than what was signed, or the key fails.
    pub async fn published(&self) -> Result<Arc<PublishedHead>, AppendError> {
        self.publish(&self.shared.store.head(self.shared.tree.key).await?).await
    }

    /// The newest committed head, with a signature of its own.
    ///
    /// # Errors
    /// As [`Log::published`].
    pub async fn published_afresh(&self) -> Result<PublishedHead, AppendError> {
        let published = self.published().await?;
        let head = Remembered { size: published.size, root: published.root };
        Ok(self.sign(head, published.timestamp_ms).await?)
    }

    /// Signs a head that is known to be committed, once per size, after the guard has it on disk.
    pub(crate) async fn publish(&self, head: &Head) -> Result<Arc<PublishedHead>, AppendError> {
        let newest = self.shared.published.load_full();
        if let Some(newest) = newest.as_ref().filter(|newest| newest.size == head.size()) {
            return Ok(Arc::clone(newest));
        }
        if let Some(signed) = newest.as_ref().map(|newest| newest.size).filter(|signed| *signed > head.size()) {
            return self.behind(signed, head).await;
        }
        let remembered = Remembered { size: head.size(), root: head.root() };
        let guard = self.shared.guard.clone();
        tokio::task::spawn_blocking(move || guard.remember(remembered))
            .await
            .map_err(|error| SignError::new(format!("remembering the head: {error}")))??;
        let timestamp_ms = self.shared.clock.now().millis().max(head.last_timestamp_ms);
        let published = Arc::new(self.sign(remembered, timestamp_ms).await?);
        self.shared.published.rcu(|current| match current {
            Some(current) if current.size >= published.size => Some(Arc::clone(current)),
            _ => Some(Arc::clone(&published)),
        });
        Ok(published)
    }

    /// A head smaller than one that was signed: read before a later batch, or from a database that lost entries.
    async fn behind(&self, signed: u64, head: &Head) -> Result<Arc<PublishedHead>, AppendError> {
        let now = self.shared.store.head(self.shared.tree.key).await?.size();
        if now < signed {
            return Err(GuardError::RolledBack { found: now, signed }.into());
        }
        let head = Remembered { size: head.size(), root: head.root() };
        Ok(Arc::new(self.sign(head, self.shared.clock.now().millis()).await?))
    }

    async fn sign(&self, head: Remembered, timestamp_ms: u64) -> Result<PublishedHead, SignError> {
        let checkpoint = Checkpoint { origin: self.shared.tree.origin.clone(), size: head.size, root: head.root };
        let text = checkpoint.to_text();
        let (note, tree_head_signature) = match &self.shared.publisher {
            Publisher::Checkpoint(signer) => (signer.sign(&text).await?, None),
            Publisher::TreeHead(signer) => {
                let signed = signer.sign_tree_head(&text, head.size, &head.root, timestamp_ms).await?;
                (signed.0, Some(signed.1))
            }
        };
        Ok(PublishedHead { size: head.size, root: head.root, timestamp_ms, note, tree_head_signature })
    }

    /// Refuses to start over a database that is not what was signed for.
    pub(crate) async fn check_history(&self) -> Result<(), AppendError> {
        let Some(signed) = self.shared.guard.remembered()? else { return Ok(()) };
        let found = self.shared.store.head(self.shared.tree.key).await?.size();
        if found < signed.size {
            return Err(GuardError::RolledBack { found, signed: signed.size }.into());
        }
        if self.root_at(signed.size).await? != signed.root {
            return Err(GuardError::OtherHistory { signed: signed.size }.into());
        }
        Ok(())
    }
}
