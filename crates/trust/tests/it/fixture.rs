use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sigstead_clock::{Clock, ManualClock, Timestamp};
use sigstead_crypto::{KeyKind, Signer, SoftwareSigner};
use sigstead_trust::tuf::{
    Envelope, Folder, Lifetimes, Metadata, OnlineKeys, Publisher, PublisherParts, Role, Root, RootPlan,
    Signatories, Standing, Targets, audit,
};
use sigstead_trust::{Documents, TrustMaterial};

pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);

pub(crate) fn key(kind: KeyKind) -> Arc<dyn Signer> {
    Arc::new(SoftwareSigner::generate(kind).unwrap())
}

/// Documents that differ by the operator's name.
pub(crate) fn documents(operator: &str) -> Documents {
    let service = sigstead_trust::Service {
        url: format!("https://{operator}.example.com"),
        major_api_version: 1,
        validity: sigstead_trust::Validity::since(Timestamp::from_seconds(1)),
    };
    let material = TrustMaterial {
        operator: operator.to_owned(),
        ca_services: vec![service],
        ..TrustMaterial::default()
    };
    Documents::render(&material).unwrap()
}

/// The keys that are online.
#[derive(Clone)]
pub(crate) struct Online {
    pub(crate) targets: Option<Arc<dyn Signer>>,
    pub(crate) snapshot: Arc<dyn Signer>,
    pub(crate) timestamp: Arc<dyn Signer>,
}

impl Online {
    pub(crate) fn new() -> Self {
        Self {
            targets: Some(key(KeyKind::EcdsaP256)),
            snapshot: key(KeyKind::Ed25519),
            timestamp: key(KeyKind::EcdsaP384),
        }
    }
}

/// A repository, the people who sign its root, and a clock.
pub(crate) struct Repository {
    _dir: tempfile::TempDir,
    pub(crate) path: PathBuf,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) people: Vec<Arc<dyn Signer>>,
    pub(crate) online: Online,
    pub(crate) root_signer: Option<Arc<dyn Signer>>,
    pub(crate) signed_root: Option<PathBuf>,
}

impl Repository {
    /// Nothing published yet.
    pub(crate) fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self {
            path: dir.path().join("tuf"),
            _dir: dir,
            clock: Arc::new(ManualClock::new(Timestamp::from_seconds(1_800_000_000))),
            people: [KeyKind::EcdsaP256, KeyKind::Ed25519, KeyKind::EcdsaP384].map(key).to_vec(),
            online: Online::new(),
            root_signer: None,
            signed_root: None,
        }
    }

    /// With a root that two of three people signed, and documents.
    pub(crate) async fn published() -> Self {
        let repository = Self::empty();
        let root = repository.plan().metadata(1).unwrap();
        repository.publish_root(&root, &[0, 2]).await.unwrap();
        repository.publisher().publish(&documents("a")).await.unwrap();
        repository
    }

    pub(crate) fn publisher(&self) -> Publisher {
        let Online { targets, snapshot, timestamp } = self.online.clone();
        Publisher::new(PublisherParts {
            folder: Folder::new(self.path.clone()),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            keys: Some(OnlineKeys { targets, snapshot, timestamp }),
            lifetimes: Lifetimes { targets: 180 * DAY, snapshot: 21 * DAY, timestamp: 7 * DAY },
            root_signer: self.root_signer.clone(),
            signed_root: self.signed_root.clone(),
        })
    }

    /// All people, two of whom must sign; a year from now.
    pub(crate) fn plan(&self) -> RootPlan {
        let public = |signer: &Arc<dyn Signer>| signer.public_key().clone();
        let targets = self.online.targets.as_ref().unwrap_or(&self.online.snapshot);
        RootPlan {
            root: Signatories { keys: self.people.iter().map(public).collect(), threshold: 2 },
            targets: Signatories { keys: vec![public(targets)], threshold: 1 },
            snapshot: public(&self.online.snapshot),
            timestamp: public(&self.online.timestamp),
            expires: self.clock.now().plus(365 * DAY),
        }
    }

    /// Signed by those of the people.
    pub(crate) async fn signed<B: serde::Serialize>(
        &self,
        metadata: &Metadata<B>,
        who: &[usize],
    ) -> Envelope {
        let mut envelope = Envelope::unsigned(metadata).unwrap();
        for &who in who {
            envelope.sign(self.people[who].as_ref()).await.unwrap();
        }
        envelope
    }

    pub(crate) async fn publish_root(&self, root: &Metadata<Root>, who: &[usize]) -> Result<(), String> {
        let envelope = self.signed(root, who).await;
        self.publisher().publish_root(&envelope).await.map(drop).map_err(|error| error.to_string())
    }

    /// What a client finds that trusts the first root; nothing may have expired.
    pub(crate) fn standings(&self) -> BTreeMap<Role, Standing> {
        let standings = audit(&Folder::new(self.path.clone())).unwrap();
        for standing in &standings {
            assert!(!standing.left(self.clock.now()).is_zero(), "{standing:?} has expired");
        }
        standings.into_iter().map(|standing| (standing.role, standing)).collect()
    }

    pub(crate) fn version(&self, role: Role) -> u64 {
        self.standings()[&role].version
    }

    /// The targets that a client follows to.
    pub(crate) fn targets(&self) -> Targets {
        let version = self.version(Role::Targets);
        let file = std::fs::read(self.path.join(format!("{version}.targets.json"))).unwrap();
        Envelope::parse(&file).unwrap().metadata(Role::Targets).unwrap().body
    }

    /// Every file that may never change.
    pub(crate) fn immutable(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = files(&self.path);
        files.extend(self::files(&self.path.join("targets")));
        files.retain(|path, _| !["root.json", "timestamp.json", ".lock"].contains(&name(path)));
        files
    }
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_file()).map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}
