//! A tree is signed by one key only, whether the database remembers it or, of an older version, only a checkpoint.

use std::sync::Arc;

use sigstead_clock::{ManualClock, Timestamp};
use sigstead_crypto::note::NoteSigner;
use sigstead_crypto::{KeyKind, Signer, SoftwareSigner};
use sigstead_store::TreeStore as _;
use sigstead_tlog::{AppendError, GuardError};

use crate::fixture::{Fixture, append};

fn key() -> Arc<dyn Signer> {
    Arc::new(SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap())
}

/// What is said of the key that a log is started with.
async fn refusal(fixture: &Fixture, key: &Arc<dyn Signer>) -> Option<String> {
    let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1000)));
    match fixture.try_start_with(Arc::clone(key), clock).await {
        Ok(_) => None,
        Err(AppendError::Guard(error)) => {
            assert!(matches!(*error, GuardError::OtherKey { .. }), "{error}");
            Some(error.to_string())
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_is_refused_from_the_first_start_on() {
    let fixture = Fixture::sqlite().await;
    let (first, other) = (key(), key());
    assert_eq!(refusal(&fixture, &first).await, None);
    let refused = refusal(&fixture, &other).await.unwrap();
    // By now a checkpoint may have been kept, which names the key by the beginning of its fingerprint.
    let id = hex::encode(&first.public_key().fingerprint()[..4]);
    for said in ["test - 7", &id, "rotate-log-keys.md"] {
        assert!(refused.contains(said), "{refused}");
    }
    assert_eq!(refusal(&fixture, &first).await, None);
    fixture.ends_clean(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_of_an_older_version_is_its_last_checkpoints_key() {
    let fixture = Fixture::sqlite().await;
    let (first, other) = (key(), key());
    let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let signed = NoteSigner::rekor_v1("former.host", Arc::clone(&first));
    let note = signed.sign(&format!("test - 7\n0\n{root}\n")).await.unwrap();
    fixture.database.keep_checkpoint(fixture.tree.key, 0, &note).await.unwrap();
    assert!(refusal(&fixture, &other).await.unwrap().contains(&hex::encode(signed.key_id())));
    assert_eq!(refusal(&fixture, &first).await, None, "the refused key left no trace");
    append(&fixture.start_with(first, Arc::new(ManualClock::new(Timestamp::from_seconds(1000)))).await, "a")
        .await
        .unwrap();
    fixture.ends_clean(1).await;
}
