use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_clock::{Clock, ManualClock, Timestamp};
use sigstead_crypto::note::NoteSigner;
use sigstead_crypto::{HashAlgorithm, KeyKind, PublicKey, Signer, SoftwareSigner};
use sigstead_ct::{CtConfig, CtLog, hash_record, open_active_tree, router};
use sigstead_merkle::Hash;
use sigstead_store::{Database, Options};
use sigstead_testkit::Answer;
use sigstead_tlog::{Limits, Log, LogParts, Publisher, audit};
use sigstead_x509::{Certificate, Sct};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::hierarchy::Hierarchy;

pub(crate) const ORIGIN: &str = "ct.test/2027";
/// When the tests take place, in milliseconds.
pub(crate) const NOW_MS: u64 = 1_800_000_000_123;

/// A running log that accepts one root.
pub(crate) struct Server {
    router: Router,
    pub(crate) key: PublicKey,
    pub(crate) hierarchy: Hierarchy,
    log: Log<Database>,
    database: Database,
    shutdown: CancellationToken,
    _folder: TempDir,
}

impl Server {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("ct.db").display());
        let database = Database::open(&url, &Options::default()).await.unwrap();
        database.migrate().await.unwrap();
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp::from_millis(NOW_MS)));
        let signer: Arc<dyn Signer> = Arc::new(SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap());
        let tree = open_active_tree(&database, ORIGIN, &*clock).await.unwrap();
        let parts = LogParts {
            store: database.clone(),
            publisher: Publisher::TreeHead(NoteSigner::rfc6962(tree.origin.clone(), Arc::clone(&signer))),
            tree,
            clock,
            guard_folder: folder.path().join("guard"),
            limits: Limits::default(),
            witnesses: None,
        };
        let shutdown = CancellationToken::new();
        let log = Log::start(parts, &TaskTracker::new(), &shutdown).await.unwrap();
        let (key, hierarchy) = (signer.public_key().clone(), Hierarchy::new().await);
        let config = CtConfig {
            log: log.clone(),
            database: database.clone(),
            signer,
            roots: vec![hierarchy.issuers[1].clone()],
        };
        let router = router(Arc::new(CtLog::new(config)));
        Self { router, key, hierarchy, log, database, shutdown, _folder: folder }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(&self.router, "GET", path, &[], "").await
    }

    /// The JSON of RFC 6962's read API.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let answer = self.get(&format!("/ct/v1/{path}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        answer.json()
    }

    pub(crate) async fn submit(&self, endpoint: &str, chain: &[Certificate]) -> Answer {
        let chain: Vec<String> =
            chain.iter().map(|certificate| BASE64_STANDARD.encode(certificate.der())).collect();
        let body = json!({ "chain": chain }).to_string();
        Answer::of(&self.router, "POST", &format!("/ct/v1/{endpoint}"), &[], body).await
    }

    /// Submits a chain that is taken; the promise.
    pub(crate) async fn add(&self, endpoint: &str, chain: &[Certificate]) -> Sct {
        let answer = self.submit(endpoint, chain).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let promise = answer.json();
        assert_eq!(promise["sct_version"], 0);
        Sct {
            log_id: bytes(&promise["id"]).try_into().unwrap(),
            timestamp: promise["timestamp"].as_u64().unwrap(),
            extensions: bytes(&promise["extensions"]),
            signature: bytes(&promise["signature"]),
        }
    }

    /// Size and root of the signed tree head, whose signature is checked (RFC 6962 §3.5).
    pub(crate) async fn head(&self) -> (u64, Hash) {
        let head = self.read("get-sth").await;
        let (timestamp, size) = (head["timestamp"].as_u64().unwrap(), head["tree_size"].as_u64().unwrap());
        let root: Hash = bytes(&head["sha256_root_hash"]).try_into().unwrap();
        assert_eq!(timestamp, NOW_MS);
        self.check_tree_head(timestamp, size, &root, &bytes(&head["tree_head_signature"]));
        (size, root)
    }

    pub(crate) fn check_tree_head(&self, timestamp: u64, size: u64, root: &Hash, signature: &[u8]) {
        let signed = [&[0, 1], &timestamp.to_be_bytes()[..], &size.to_be_bytes(), root].concat();
        // SHA-256, ECDSA, and the length of what follows.
        assert_eq!(signature[..2], [4, 3]);
        assert_eq!(usize::from(u16::from_be_bytes([signature[2], signature[3]])), signature.len() - 4);
        self.key.verify(HashAlgorithm::Sha256, &signed, &signature[4..]).unwrap();
    }

    /// Derives the whole tree again from what is stored.
    pub(crate) async fn ends_clean(self, entries: u64) {
        let report = audit(&self.database, self.log.tree(), hash_record, &[]).await.unwrap();
        assert!(report.is_clean(), "{:?}", report.differences);
        assert_eq!(report.entries, entries);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Base64 in JSON.
pub(crate) fn bytes(text: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(text.as_str().unwrap()).unwrap()
}

pub(crate) fn hashes(list: &Value) -> Vec<Hash> {
    list.as_array().unwrap().iter().map(|hash| bytes(hash).try_into().unwrap()).collect()
}
