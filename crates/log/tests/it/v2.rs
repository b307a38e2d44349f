//! Rekor v2 in process: answers, duplicates, envelopes, gRPC, and reads that agree with the proofs.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_clock::SystemClock;
use sigstead_crypto::note::{Note, NoteSigner, rekor_v2_log_id};
use sigstead_crypto::{KeyKind, Signer, SoftwareSigner, sha256};
use sigstead_entry::v2::Algorithms;
use sigstead_log::{Duplicates, RekorV2, RekorV2Config, RekorV2Limits, open_v2_tree, v2_router};
use sigstead_merkle::{leaf_hash, verify_inclusion};
use tower::ServiceExt as _;

use crate::server::Ground;

const ORIGIN: &str = "log.test";

struct Server {
    log: Arc<RekorV2>,
    router: Router,
    key: Arc<SoftwareSigner>,
    client: SoftwareSigner,
    ground: Arc<Ground>,
}

impl Server {
    async fn new(duplicates: Duplicates, takes_dsse: bool) -> Self {
        let ground = Ground::new(Arc::new(SystemClock)).await;
        let tree = open_v2_tree(&ground.database, ORIGIN, &*ground.clock).await.unwrap();
        let key = Arc::new(SoftwareSigner::generate(KeyKind::Ed25519).unwrap());
        let signer = NoteSigner::rekor_v2(ORIGIN, Arc::clone(&key) as Arc<dyn Signer>);
        let config = RekorV2Config {
            log_id: signer.full_key_hash(),
            log: ground.start(tree, signer).await,
            algorithms: Algorithms::head(),
            takes_dsse,
            duplicates,
            limits: RekorV2Limits::default(),
        };
        let client = SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap();
        let log = Arc::new(RekorV2::new(config));
        Self { router: v2_router(Arc::clone(&log)), log, key, client, ground }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, String, Vec<u8>) {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let index = parts.headers.get("x-log-index").map(|index| index.to_str().unwrap().to_owned());
        (parts.status, index.unwrap_or_default(), to_bytes(body, usize::MAX).await.unwrap().to_vec())
    }

    async fn get(&self, path: &str) -> Vec<u8> {
        let (status, _, body) = self.send(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        body
    }

    async fn post(&self, entry: &Value) -> (StatusCode, String, Value) {
        let request = Request::post("/api/v2/log/entries").body(Body::from(entry.to_string())).unwrap();
        let (status, index, body) = self.send(request).await;
        (status, index, serde_json::from_slice(&body).unwrap())
    }

    fn hashedrekord(&self, message: &[u8]) -> Value {
        json!({ "hashedRekordRequestV002": {
            "digest": BASE64_STANDARD.encode(sha256(message)),
            "signature": {
                "content": BASE64_STANDARD.encode(self.client.sign_now(message).unwrap()),
                "verifier": self.verifier(),
            },
        }})
    }

    fn verifier(&self) -> Value {
        let key = BASE64_STANDARD.encode(self.client.public_key().spki_der());
        json!({ "publicKey": { "rawBytes": key }, "keyDetails": "PKIX_ECDSA_P256_SHA_256" })
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn every_answer_is_proven_under_a_signed_checkpoint() {
    let server = Server::new(Duplicates::Existing, false).await;
    for n in 0..300_u64 {
        let (status, index, entry) = server.post(&server.hashedrekord(format!("{n}").as_bytes())).await;
        assert_eq!((status, index), (StatusCode::CREATED, n.to_string()), "{entry}");
        assert_eq!(entry["logIndex"], n.to_string());
        assert_eq!(bytes(&entry["logId"]["keyId"]), rekor_v2_log_id(ORIGIN, server.key.public_key()));
        assert_eq!((&entry["integratedTime"], &entry["inclusionPromise"]), (&json!("0"), &Value::Null));
        let proof = &entry["inclusionProof"];
        let note = Note::parse(proof["checkpoint"]["envelope"].as_str().unwrap()).unwrap();
        note.verify_ed25519(ORIGIN, server.key.public_key()).unwrap();
        let (size, root) = (number(&proof["treeSize"]), bytes(&proof["rootHash"]));
        assert_eq!(note.text, format!("{ORIGIN}\n{size}\n{}\n", BASE64_STANDARD.encode(&root)));
        let hashes: Vec<_> =
            proof["hashes"].as_array().unwrap().iter().map(|hash| bytes(hash).try_into().unwrap()).collect();
        let leaf = leaf_hash(&bytes(&entry["canonicalizedBody"]));
        verify_inclusion(n, size, &leaf, &hashes, &root.try_into().unwrap()).unwrap();
    }
    let full = server.get("/tile/0/000").await;
    assert_eq!(full.len(), 256 * 32);
    assert!(
        full.starts_with(&server.get("/tile/0/000.p/7").await),
        "a partial tile is cut from the full one"
    );
    let bundle = server.get("/api/v2/tile/entries/000").await;
    let partial = server.get("/tile/entries/000.p/255").await;
    assert!(bundle.starts_with(&partial) && bundle.len() > partial.len());
}

#[tokio::test]
async fn genesis_is_an_ordinary_entry_made_once() {
    let server = Server::new(Duplicates::Existing, false).await;
    for _ in 0..2 {
        server.log.seed_genesis(&server.ground.database).await.unwrap();
    }
    assert!(server.get("/checkpoint").await.starts_with(b"log.test\n1\n"));
    let bundle = server.get("/tile/entries/000.p/1").await;
    let entry: Value = serde_json::from_slice(&bundle[2..]).unwrap();
    assert_eq!((&entry["kind"], &entry["apiVersion"]), (&json!("hashedrekord"), &json!("0.0.2")));
    let (_, index, _) = server.post(&server.hashedrekord(b"a client's")).await;
    assert_eq!(index, "1");
}

#[tokio::test]
async fn an_entry_that_is_there_is_answered_as_configured() {
    for duplicates in [Duplicates::Existing, Duplicates::Conflict] {
        let server = Server::new(duplicates, false).await;
        let entry = server.hashedrekord(b"once");
        let (_, _, first) = server.post(&entry).await;
        server.post(&server.hashedrekord(b"another")).await;
        let (status, index, again) = server.post(&entry).await;
        assert_eq!(index, "0", "both answers say where it is");
        match duplicates {
            Duplicates::Existing => {
                assert_eq!(status, StatusCode::CREATED);
                assert_eq!(again["canonicalizedBody"], first["canonicalizedBody"]);
                assert_eq!(again["inclusionProof"]["treeSize"], "2", "the proof is a fresh one");
            }
            Duplicates::Conflict => {
                assert_eq!((status, &again["code"]), (StatusCode::CONFLICT, &json!(6)));
            }
        }
        assert!(server.get("/checkpoint").await.starts_with(b"log.test\n2\n"), "nothing was added");
    }
}

#[tokio::test]
async fn envelopes_are_taken_where_they_are_allowed() {
    let server = Server::new(Duplicates::Existing, true).await;
    let message = b"DSSEv1 1 t 3 abc";
    let envelope = json!({
        "payload": BASE64_STANDARD.encode("abc"),
        "payloadType": "t",
        "signatures": [{ "sig": BASE64_STANDARD.encode(server.client.sign_now(message).unwrap()) }],
    });
    let entry = json!({ "dsseRequestV002": { "envelope": envelope, "verifiers": [server.verifier()] } });
    let (status, _, answer) = server.post(&entry).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    assert_eq!(answer["kindVersion"], json!({ "kind": "dsse", "version": "0.0.2" }));
    let mut other = entry;
    other["dsseRequestV002"]["envelope"]["payload"] = "AAAA".into();
    let (status, _, answer) = server.post(&other).await;
    assert_eq!((status, &answer["message"]), (StatusCode::BAD_REQUEST, &json!("invalid dsse request")));
}

#[tokio::test]
async fn requests_are_read_in_every_spelling_of_protobufs_json() {
    let server = Server::new(Duplicates::Existing, false).await;
    let url_safe = |value: &Value| {
        value.as_str().unwrap().replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned()
    };
    let entry = server.hashedrekord(b"spelled");
    let camel = &entry["hashedRekordRequestV002"];
    let snake = json!({ "hashed_rekord_request_v002": {
        "digest": url_safe(&camel["digest"]),
        "signature": {
            "content": url_safe(&camel["signature"]["content"]),
            "verifier": {
                "public_key": { "raw_bytes": url_safe(&camel["signature"]["verifier"]["publicKey"]["rawBytes"]) },
                "key_details": 5,
            },
        },
    }});
    let (status, _, first) = server.post(&entry).await;
    assert_eq!(status, StatusCode::CREATED);
    let (_, index, second) = server.post(&snake).await;
    assert_eq!((index.as_str(), &second["canonicalizedBody"]), ("0", &first["canonicalizedBody"]));
}

#[tokio::test]
async fn a_frozen_log_takes_nothing_more_and_a_new_one_has_a_new_name() {
    let server = Server::new(Duplicates::Existing, false).await;
    server.post(&server.hashedrekord(b"before")).await;
    let (database, clock) = (&server.ground.database, &*server.ground.clock);
    let refused = open_v2_tree(database, "log2.test", clock).await.unwrap_err().to_string();
    assert!(refused.contains("freeze-v2"), "{refused}");
    assert_eq!(sigstead_log::freeze_v2(database).await.unwrap(), Some((ORIGIN.to_owned(), 1)));
    assert_eq!(sigstead_log::freeze_v2(database).await.unwrap(), None);

    let body = Body::from(server.hashedrekord(b"after").to_string());
    let (status, _, text) = server.send(Request::post("/api/v2/log/entries").body(body).unwrap()).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(text, b"This log has been frozen, please switch to the latest log.\n");
    assert!(server.get("/checkpoint").await.starts_with(b"log.test\n1\n"));
    assert_eq!(server.get("/tile/0/000.p/1").await.len(), 32);

    let same = open_v2_tree(database, ORIGIN, clock).await.unwrap();
    assert_eq!(same.state, sigstead_store::TreeState::Frozen, "a restart does not begin it anew");
    let next = open_v2_tree(database, "log2.test", clock).await.unwrap();
    assert_ne!(next.tree_id, same.tree_id);
}
