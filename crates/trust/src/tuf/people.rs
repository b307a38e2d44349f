use std::path::Path;

use sigstead_crypto::PublicKey;

use super::ceremony::successor;
use super::folder::Stored;
use super::publisher::{Publisher, opened, verified};
use super::{Envelope, Metadata, Role, Root, Signatories, Targets, TufError, targets};
use crate::Documents;

/// What people sign.
impl Publisher {
    /// Puts a signed root into the repository, if clients will follow to it and this publisher's keys may sign under it.
    ///
    /// # Errors
    /// When signatures are missing, old or new, the version does not follow, or it has expired.
    pub async fn publish_root(&self, envelope: &Envelope) -> Result<Metadata<Root>, TufError> {
        let _lock = self.parts.folder.lock().await?;
        self.accept_root(envelope)
    }

    /// The same with the root that people left where the configuration says, if it is newer than the repository's.
    pub(super) fn take_root(&self) -> Result<(), TufError> {
        let Some(file) = &self.parts.signed_root else { return Ok(()) };
        let damaged = |error: TufError| TufError::Damaged(file.display().to_string(), error.to_string());
        let (envelope, root) = left_root(file).map_err(damaged)?;
        match root.version < self.next_version(Role::Root)? {
            true => Ok(()),
            false => self.accept_root(&envelope).map(drop).map_err(damaged),
        }
    }

    /// The root that the next one follows: the repository's, or the one that people left while the repository is elsewhere.
    ///
    /// # Errors
    /// When there is neither, or it is not signed as it says itself.
    pub fn latest_root(&self) -> Result<Metadata<Root>, TufError> {
        match (self.current_root(), &self.parts.signed_root) {
            (Err(TufError::NoRoot(_)), Some(file)) => {
                let (envelope, root) = left_root(file)?;
                envelope.verify(&root.body, Role::Root)?;
                Ok(root)
            }
            (root, _) => root,
        }
    }

    fn accept_root(&self, envelope: &Envelope) -> Result<Metadata<Root>, TufError> {
        let current = self.parts.folder.newest(Role::Root)?.map(|stored| opened(&stored)).transpose()?;
        let root = successor(current.as_ref(), envelope)?;
        if root.expires <= self.now() {
            return Err(TufError::Plan(format!("it expired at {}", root.expires.to_rfc3339())));
        }
        for (role, key) in self.public_keys() {
            let named = Signatories::of(&root.body, role)?;
            if named.threshold != 1 || !named.keys.contains(key) {
                return Err(TufError::Plan(format!(
                    "it does not let this configuration's {role} key sign alone"
                )));
            }
        }
        self.install(&root, envelope)?;
        Ok(root)
    }

    /// Puts targets that people signed into the repository.
    ///
    /// # Errors
    /// When signatures are missing, the version does not follow, or the documents are others by now.
    pub async fn publish_targets(&self, envelope: &Envelope, documents: &Documents) -> Result<(), TufError> {
        let _lock = self.parts.folder.lock().await?;
        let root = self.current_root()?;
        let signed: Metadata<Targets> = envelope.metadata(Role::Targets)?;
        envelope.verify(&root.body, Role::Targets)?;
        let next = self.next_version(Role::Targets)?;
        if signed.version != next {
            return Err(TufError::WrongVersion { found: signed.version, next });
        }
        if signed.body != targets::targets(documents) {
            return Err(TufError::OtherDocuments);
        }
        self.write_documents(documents)?;
        self.parts.folder.write(&Role::Targets.file_name(next), &envelope.to_file()?)
    }

    /// The next targets, for people to sign.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn next_targets(&self, documents: &Documents) -> Result<Metadata<Targets>, TufError> {
        let version = self.next_version(Role::Targets)?;
        let expires = self.end(Role::Targets);
        Ok(Metadata::new(Role::Targets, version, expires, targets::targets(documents)))
    }

    /// The targets that people signed, and whether they are for these documents.
    pub(super) fn offline_targets(
        &self,
        root: &Metadata<Root>,
        documents: &Documents,
    ) -> Result<(Stored, bool), TufError> {
        let offline = |why: String| TufError::TargetsOffline(why);
        let newest = self.parts.folder.newest(Role::Targets)?;
        let stored = newest.ok_or_else(|| offline("nobody has signed any yet".to_owned()))?;
        let signed: Metadata<Targets> =
            verified(root, Role::Targets, &stored).map_err(|error| offline(error.to_string()))?;
        Ok((stored, signed.body == targets::targets(documents)))
    }

    fn next_version(&self, role: Role) -> Result<u64, TufError> {
        Ok(self.parts.folder.newest(role)?.map_or(0, |stored| stored.version).saturating_add(1))
    }

    fn public_keys(&self) -> impl Iterator<Item = (Role, &PublicKey)> {
        self.parts.keys.iter().flat_map(|keys| {
            let targets = keys.targets.iter().map(|signer| (Role::Targets, signer.public_key()));
            let others = [
                (Role::Snapshot, keys.snapshot.public_key()),
                (Role::Timestamp, keys.timestamp.public_key()),
            ];
            targets.chain(others)
        })
    }
}

/// What people left in `file`.
fn left_root(file: &Path) -> Result<(Envelope, Metadata<Root>), TufError> {
    let content = std::fs::read(file).map_err(|error| TufError::Io(file.to_owned(), error))?;
    let envelope = Envelope::parse(&content)?;
    let root = envelope.metadata(Role::Root)?;
    Ok((envelope, root))
}
