use sigstead_crypto::Signer;

use super::ceremony::successor;
use super::folder::ROOT_COPY;
use super::publisher::{OnlineKeys, Publisher, opened};
use super::{Envelope, Metadata, Role, Root, RootPlan, Signatories, TufError};

/// Roots on their way into the folder; with [`root_signer`](super::PublisherParts::root_signer), they come by themselves.
impl Publisher {
    /// The root that counts, after making or renewing one that makes itself.
    pub(super) async fn root(&self) -> Result<Metadata<Root>, TufError> {
        if let Some(signer) = &self.parts.root_signer {
            self.renew_own_root(signer.as_ref()).await?;
        }
        let root = self.current_root()?;
        // A crash may have come between the root and its copy.
        let newest = self.parts.folder.version(Role::Root, root.version)?;
        self.parts.folder.write(ROOT_COPY, &newest.content)?;
        Ok(root)
    }

    /// Puts a root where clients look for it.
    pub(super) fn install(&self, root: &Metadata<Root>, envelope: &Envelope) -> Result<(), TufError> {
        let file = envelope.to_file()?;
        self.parts.folder.write(&Role::Root.file_name(root.version), &file)?;
        self.parts.folder.write(ROOT_COPY, &file)
    }

    /// Makes a root that `signer` alone answers for, if there is none, or its own is due or names other keys.
    async fn renew_own_root(&self, signer: &dyn Signer) -> Result<(), TufError> {
        let current = self.parts.folder.newest(Role::Root)?.map(|stored| opened(&stored)).transpose()?;
        let Some(plan) = self.own_plan(signer) else { return Ok(()) };
        if let Some(current) = &current
            && Signatories::of(&current.body, Role::Root)? != plan.root
        {
            // People have taken over; it is theirs.
            return Ok(());
        }
        let next = plan.metadata(current.as_ref().map_or(0, |current| current.version).saturating_add(1))?;
        let is_good =
            |current: &Metadata<Root>| current.body == next.body && !self.is_due(Role::Root, current.expires);
        if current.as_ref().is_some_and(is_good) {
            return Ok(());
        }
        let mut envelope = Envelope::unsigned(&next)?;
        envelope.sign(signer).await?;
        self.install(&successor(current.as_ref(), &envelope)?, &envelope)
    }

    fn own_plan(&self, signer: &dyn Signer) -> Option<RootPlan> {
        let OnlineKeys { targets, snapshot, timestamp } = self.parts.keys.as_ref()?;
        let one = |signer: &dyn Signer| Signatories { keys: vec![signer.public_key().clone()], threshold: 1 };
        Some(RootPlan {
            root: one(signer),
            targets: one(targets.as_ref()?.as_ref()),
            snapshot: snapshot.public_key().clone(),
            timestamp: timestamp.public_key().clone(),
            expires: self.end(Role::Root),
        })
    }
}
