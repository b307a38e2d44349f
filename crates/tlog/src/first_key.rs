use sigstead_crypto::SignError;
use sigstead_crypto::note::{Note, NoteSigner};
use sigstead_store::TreeStore;

use crate::log::Log;
use crate::{AppendError, GuardError};

impl<S: TreeStore> Log<S> {
    /// Refuses to sign with another key than before. The first one is remembered beside the tree; before a version
    /// that does so, the newest checkpoint that was kept tells whose the tree is.
    pub(crate) async fn check_key(&self) -> Result<(), AppendError> {
        let Some(signer) = self.shared.publisher.signer() else { return Ok(()) };
        let (store, tree) = (&self.shared.store, &self.shared.tree);
        if let Some(checkpoint) = store.kept_checkpoint(tree.key, u64::MAX).await? {
            self.check_signer(signer, &checkpoint)?;
        }
        let offered = signer.public_key().fingerprint();
        let known = store.remember_key(tree.key, &offered).await?;
        if known == offered { Ok(()) } else { Err(self.other_key(&known, &offered)) }
    }

    fn check_signer(&self, signer: &NoteSigner, checkpoint: &str) -> Result<(), AppendError> {
        let note = Note::parse(checkpoint).map_err(|error| SignError::new(error.to_string()))?;
        let offered = signer.key_id();
        match note.signatures.first() {
            // The log's own line is the first; those of witnesses follow.
            Some(line) if line.key_id != offered => Err(self.other_key(&line.key_id, &offered)),
            _ => Ok(()),
        }
    }

    fn other_key(&self, known: &[u8], offered: &[u8]) -> AppendError {
        let origin = self.shared.tree.origin.clone();
        GuardError::OtherKey { origin, known: hex::encode(known), offered: hex::encode(offered) }.into()
    }
}
