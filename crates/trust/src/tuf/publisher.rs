use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sigstead_clock::{Clock, Timestamp};
use sigstead_crypto::Signer;

use super::folder::Stored;
use super::metadata::Listing;
use super::{Envelope, Folder, Metadata, Role, Root, TufError, targets};
use crate::Documents;

/// What a publisher works with.
#[derive(Debug)]
pub struct PublisherParts {
    /// Where the repository is.
    pub folder: Folder,
    /// What expires, expires by it.
    pub clock: Arc<dyn Clock>,
    /// Without them, nothing is signed.
    pub keys: Option<OnlineKeys>,
    /// How long what it signs counts.
    pub lifetimes: Lifetimes,
    /// For development: the one key of a root that makes and renews itself.
    pub root_signer: Option<Arc<dyn Signer>>,
    /// Where people leave the root that they signed: the first one, and later the next one.
    pub signed_root: Option<PathBuf>,
}

/// The keys that sign while nobody watches.
#[derive(Debug)]
pub struct OnlineKeys {
    /// Without it, people sign the targets as they sign the root.
    pub targets: Option<Arc<dyn Signer>>,
    /// For snapshots.
    pub snapshot: Arc<dyn Signer>,
    /// For timestamps.
    pub timestamp: Arc<dyn Signer>,
}

/// How long each role's file counts; it is signed anew in the second half of that time.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// Of targets.
    pub targets: Duration,
    /// Of snapshots.
    pub snapshot: Duration,
    /// Of timestamps: how long a client can be held back from what is new.
    pub timestamp: Duration,
}

/// Keeps a repository signed, and in step with the documents.
#[derive(Debug)]
pub struct Publisher {
    pub(super) parts: PublisherParts,
}

impl Publisher {
    /// With those keys, into that folder.
    pub const fn new(parts: PublisherParts) -> Self {
        Self { parts }
    }

    /// Signs and writes what is missing, is no longer as the documents or the root want it, or ends soon. Any number of
    /// publishers may share a folder.
    ///
    /// # Errors
    /// When there is no root, a key is not one that it names, or the folder cannot be written. What is there still counts.
    pub async fn publish(&self, documents: &Documents) -> Result<(), TufError> {
        let Some(keys) = &self.parts.keys else { return Ok(()) };
        let _lock = self.parts.folder.lock().await?;
        // 1. Who may sign. If we die here, then what the root no longer lets sign is signed anew by the next call. A root that
        //    cannot be taken is told at the end: what the present one lets sign goes on.
        let taken = self.take_root();
        let root = match self.root().await {
            Err(TufError::NoRoot(_)) if taken.is_err() => return taken,
            root => root?,
        };
        // 2. The documents, then what names them. If we die here or after 3, then clients follow the old timestamp to files
        //    that stay; the next call finds the newer ones and goes on from them.
        let (targets, is_current) = match &keys.targets {
            Some(signer) => (self.targets(&root, documents, signer.as_ref()).await?, true),
            None => self.offline_targets(&root, documents)?,
        };
        // 3. Which targets are current.
        let listing = Listing::of(Role::Targets, targets.version, &targets.content);
        let snapshot = self.renew(&root, Role::Snapshot, listing, keys.snapshot.as_ref()).await?;
        // 4. Which snapshot is current: from here on, clients see all of it.
        let listing = Listing::of(Role::Snapshot, snapshot.version, &snapshot.content);
        self.renew(&root, Role::Timestamp, listing, keys.timestamp.as_ref()).await?;
        taken?;
        if is_current { Ok(()) } else { Err(TufError::OtherDocuments) }
    }

    /// The root that counts.
    ///
    /// # Errors
    /// When there is none, or it is not signed as it says itself.
    pub fn current_root(&self) -> Result<Metadata<Root>, TufError> {
        let newest = self.parts.folder.newest(Role::Root)?;
        opened(&newest.ok_or_else(|| TufError::NoRoot(self.parts.folder.path().to_owned()))?)
    }

    /// The folder that it writes.
    pub const fn folder(&self) -> &Folder {
        &self.parts.folder
    }

    /// What expires, expires by this clock.
    pub(super) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// Whether people sign that role's files, so that they must be told in time.
    pub(super) fn is_signed_by_people(&self, role: Role) -> bool {
        match role {
            Role::Root => self.parts.root_signer.is_none(),
            Role::Targets => self.parts.keys.as_ref().is_none_or(|keys| keys.targets.is_none()),
            Role::Snapshot | Role::Timestamp => false,
        }
    }

    async fn targets(
        &self,
        root: &Metadata<Root>,
        documents: &Documents,
        signer: &dyn Signer,
    ) -> Result<Stored, TufError> {
        self.write_documents(documents)?;
        self.renew(root, Role::Targets, targets::targets(documents), signer).await
    }

    pub(super) fn write_documents(&self, documents: &Documents) -> Result<(), TufError> {
        targets::files(documents).try_for_each(|(path, content)| self.parts.folder.write(&path, content))
    }

    /// The newest file of a role while it says `body` and is good for long enough, otherwise the next version of it.
    async fn renew<B: Serialize + DeserializeOwned + PartialEq>(
        &self,
        root: &Metadata<Root>,
        role: Role,
        body: B,
        signer: &dyn Signer,
    ) -> Result<Stored, TufError> {
        let newest = self.parts.folder.newest(role)?;
        if let Some(stored) = &newest
            && let Ok(metadata) = verified::<B>(root, role, stored)
            && metadata.body == body
            && !self.is_due(role, metadata.expires)
        {
            return Ok(stored.clone());
        }
        let version = newest.map_or(0, |stored| stored.version).saturating_add(1);
        let metadata = Metadata::new(role, version, self.end(role), body);
        let mut envelope = Envelope::unsigned(&metadata)?;
        envelope.sign(signer).await?;
        envelope.verify(&root.body, role)?;
        let content = envelope.to_file()?;
        self.parts.folder.write(&role.file_name(version), &content)?;
        tracing::info!(role = role.name(), version, expires = %metadata.expires.to_rfc3339(), "TUF metadata signed");
        Ok(Stored { version, content })
    }

    /// When what a role signs now ends.
    pub(super) fn end(&self, role: Role) -> Timestamp {
        self.now().plus(self.parts.lifetimes.of(role))
    }

    /// Whether what a role signed is in the second half of its time.
    pub(super) fn is_due(&self, role: Role, expires: Timestamp) -> bool {
        self.now().plus(self.parts.lifetimes.of(role) / 2) >= expires
    }
}

/// Of a root that makes itself; people say how long theirs counts.
const OWN_ROOT: Duration = Duration::from_secs(365 * 24 * 3600);

impl Lifetimes {
    const fn of(self, role: Role) -> Duration {
        match role {
            Role::Root => OWN_ROOT,
            Role::Targets => self.targets,
            Role::Snapshot => self.snapshot,
            Role::Timestamp => self.timestamp,
        }
    }
}

/// What a root file says, if it is signed as it says itself.
pub(super) fn opened(stored: &Stored) -> Result<Metadata<Root>, TufError> {
    let damaged =
        |error: TufError| TufError::Damaged(Role::Root.file_name(stored.version), error.to_string());
    let envelope = Envelope::parse(&stored.content).map_err(damaged)?;
    let root: Metadata<Root> = envelope.metadata(Role::Root).map_err(damaged)?;
    envelope.verify(&root.body, Role::Root).map_err(damaged)?;
    Ok(root)
}

/// What a role's file says, if it is signed as the root wants and is the version that its name says.
pub(super) fn verified<B: DeserializeOwned>(
    root: &Metadata<Root>,
    role: Role,
    stored: &Stored,
) -> Result<Metadata<B>, TufError> {
    let damaged = |error: TufError| TufError::Damaged(role.file_name(stored.version), error.to_string());
    let envelope = Envelope::parse(&stored.content).map_err(damaged)?;
    envelope.verify(&root.body, role).map_err(damaged)?;
    let metadata: Metadata<B> = envelope.metadata(role).map_err(damaged)?;
    match metadata.version == stored.version {
        true => Ok(metadata),
        false => Err(damaged(TufError::WrongVersion { found: metadata.version, next: stored.version })),
    }
}
