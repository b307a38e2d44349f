use std::sync::Arc;
use std::sync::atomic::Ordering;

use sigstead_crypto::SignError;
use sigstead_crypto::note::{Note, NoteSigner};
use sigstead_merkle::{Checkpoint, Frontier, Hash, verify_consistency};
use sigstead_store::{Committed, Head, TreeStore};

use crate::log::Log;
use crate::rollback_guard::SignedHead;
use crate::{AppendError, GuardError};

/// Milliseconds between two checkpoints that are kept.
const KEEP_EVERY_MS: u64 = 1000;

/// How a tree's heads are signed.
#[derive(Debug, Clone)]
pub enum Publisher {
    /// As a checkpoint note (Rekor v1 and v2).
    Checkpoint(NoteSigner),
    /// As an RFC 6962 tree head, which is also inside the checkpoint note.
    TreeHead(NoteSigner),
    /// Not any more: the key is elsewhere, and this is the last checkpoint that it signed.
    Kept(KeptCheckpoint),
}

/// A checkpoint that was signed elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCheckpoint {
    note: String,
    size: u64,
    root: Hash,
}

impl KeptCheckpoint {
    /// From the signed note, whose signature was verified when it was brought here.
    ///
    /// # Errors
    /// When it is no checkpoint.
    pub fn parse(note: String) -> Result<Self, SignError> {
        let text = Note::parse(&note).map_err(|error| SignError::new(error.to_string()))?.text;
        let Checkpoint { size, root, .. } =
            Checkpoint::parse(&text).map_err(|error| SignError::new(error.to_string()))?;
        Ok(Self { note, size, root })
    }
}

impl Publisher {
    /// Whether clients can verify what it signs.
    pub(crate) fn validate(&self) -> Result<(), SignError> {
        self.signer().map_or(Ok(()), NoteSigner::validate)
    }

    /// Who signs, if that is here.
    pub(crate) const fn signer(&self) -> Option<&NoteSigner> {
        match self {
            Self::Checkpoint(signer) | Self::TreeHead(signer) => Some(signer),
            Self::Kept(_) => None,
        }
    }
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
        let head = self.shared.store.head(self.shared.tree.key).await?;
        let Some(round) = &self.shared.round else { return self.publish(&head, None).await };
        if let Some(before) = round.published().filter(|_| round.is_hopeless()) {
            return Ok(before);
        }
        match (self.witnessed(round, head.size()).await, round.published()) {
            // Readers get the checkpoint before, as long as the newest has too few cosignatures.
            (Err(AppendError::Unwitnessed { .. } | AppendError::Forked(_)), Some(before)) => Ok(before),
            (published, _) => published,
        }
    }

    /// The newest head that was published, if this server knows one.
    pub(crate) fn last_published(&self) -> Option<Arc<PublishedHead>> {
        match &self.shared.round {
            Some(round) => round.published(),
            None => self.shared.published.load_full(),
        }
    }

    /// A published head that covers what was just committed.
    pub(crate) async fn publish_committed(
        &self,
        committed: &Committed,
    ) -> Result<Arc<PublishedHead>, AppendError> {
        match &self.shared.round {
            Some(round) => self.witnessed(round, committed.head.size()).await,
            None => self.publish(&committed.head, Some(&committed.before)).await,
        }
    }

    /// Why nothing is published any more: a witness has seen another log than this one.
    pub fn alarm(&self) -> Option<String> {
        self.shared.round.as_ref()?.alarm()
    }

    /// The newest committed head, with a signature of its own.
    ///
    /// # Errors
    /// As [`Log::published`].
    pub async fn published_afresh(&self) -> Result<PublishedHead, AppendError> {
        let published = self.published().await?;
        let head = SignedHead { size: published.size, root: published.root };
        Ok(self.sign(head, published.timestamp_ms).await?)
    }

    /// Signs a head that is known to be committed, once per size, after the guard has it on disk.
    /// `before`, if known, is the tree that it directly grew from.
    pub(crate) async fn publish(
        &self,
        head: &Head,
        before: Option<&Frontier>,
    ) -> Result<Arc<PublishedHead>, AppendError> {
        let newest = self.shared.published.load_full();
        let remembered = SignedHead { size: head.size(), root: head.root() };
        if let Some(newest) = newest.as_ref().filter(|newest| newest.size == head.size()) {
            return if newest.root == remembered.root {
                Ok(Arc::clone(newest))
            } else {
                Err(GuardError::OtherHistory { signed: newest.size }.into())
            };
        }
        let newest_ms = newest.map_or(0, |newest| newest.timestamp_ms);
        let now_ms = self.shared.clock.now().millis().max(head.last_timestamp_ms);
        let guard = self.shared.guard.clone();
        let signed = blocking(move || guard.remembered()).await?;
        match signed {
            Some(signed) if signed.size > head.size() => {
                self.check_not_lost(signed).await?;
                self.check_continues(remembered, signed).await?;
                return Ok(Arc::new(self.sign(remembered, now_ms).await?));
            }
            Some(signed) if !before.is_some_and(|before| signed.is(before)) => {
                self.check_continues(signed, remembered).await?;
            }
            _ => {}
        }
        let guard = self.shared.guard.clone();
        blocking(move || guard.remember(remembered)).await?;
        let published = Arc::new(self.sign(remembered, now_ms.max(newest_ms)).await?);
        if self.shared.round.is_none() {
            self.keep(&published);
        }
        self.shared.published.rcu(|current| match current {
            Some(current) if current.size >= published.size => Some(Arc::clone(current)),
            _ => Some(Arc::clone(&published)),
        });
        Ok(published)
    }

    /// Keeps a checkpoint for who asks for it later; so many a second would fill the database.
    pub(crate) fn keep(&self, published: &Arc<PublishedHead>) {
        let (now, kept) = (self.shared.clock.now().millis(), self.shared.kept_ms.load(Ordering::Relaxed));
        if (kept..kept.saturating_add(KEEP_EVERY_MS)).contains(&now) {
            return;
        }
        if self.shared.kept_ms.compare_exchange(kept, now, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let (log, published) = (self.clone(), Arc::clone(published));
        self.shared.tracker.spawn(async move {
            let kept =
                log.shared.store.keep_checkpoint(log.shared.tree.key, published.size, &published.note).await;
            if let Err(error) = kept {
                tracing::warn!(%error, "a checkpoint was not kept");
            }
        });
    }

    /// The newest kept checkpoint of at most `size` entries.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kept_checkpoint(&self, size: u64) -> Result<Option<String>, AppendError> {
        Ok(self.shared.store.kept_checkpoint(self.shared.tree.key, size).await?)
    }

    /// A head may be smaller than one that was signed because it was read before a later batch; the
    /// database of now may not.
    async fn check_not_lost(&self, signed: SignedHead) -> Result<(), AppendError> {
        let found = self.shared.store.head(self.shared.tree.key).await?.size();
        if found < signed.size {
            return Err(GuardError::RolledBack { found, signed: signed.size }.into());
        }
        Ok(())
    }

    /// A database that was rolled back and has grown again is larger than what was signed, but does not
    /// continue it. The proof binds both roots, so it does not matter whether its hashes were cached.
    async fn check_continues(&self, first: SignedHead, second: SignedHead) -> Result<(), AppendError> {
        let proof = self.consistency(first.size, second.size).await?;
        verify_consistency(first.size, second.size, &proof, &first.root, &second.root)
            .map_err(|_| GuardError::OtherHistory { signed: first.size }.into())
    }

    async fn sign(&self, head: SignedHead, timestamp_ms: u64) -> Result<PublishedHead, SignError> {
        let checkpoint =
            Checkpoint { origin: self.shared.tree.origin.clone(), size: head.size, root: head.root };
        let text = checkpoint.to_text();
        let (note, tree_head_signature) = match &self.shared.publisher {
            Publisher::Checkpoint(signer) => (signer.sign(&text).await?, None),
            Publisher::TreeHead(signer) => {
                let signed = signer.sign_tree_head(&text, head.size, &head.root, timestamp_ms).await?;
                (signed.0, Some(signed.1))
            }
            Publisher::Kept(kept) if (kept.size, kept.root) == (head.size, head.root) => {
                (kept.note.clone(), None)
            }
            Publisher::Kept(kept) => {
                let why =
                    format!("the tree has {} leaves, its last checkpoint is of {}", head.size, kept.size);
                return Err(SignError::new(why));
            }
        };
        Ok(PublishedHead { size: head.size, root: head.root, timestamp_ms, note, tree_head_signature })
    }

    /// Refuses to start over a database that is not what was signed for.
    pub(crate) async fn check_history(&self) -> Result<(), AppendError> {
        let Some(signed) = self.shared.guard.remembered()? else { return Ok(()) };
        self.check_not_lost(signed).await?;
        if self.root_at(signed.size).await? != signed.root {
            return Err(GuardError::OtherHistory { signed: signed.size }.into());
        }
        Ok(())
    }
}

/// The guard's file is read and written beside the threads that serve.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, GuardError> + Send + 'static,
) -> Result<T, AppendError> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| SignError::new(format!("the rollback guard: {error}")))??)
}
