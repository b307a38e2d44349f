//! Batches, duplicates, proofs, two servers on one tree, and refusals.

use std::collections::BTreeSet;

use sigstead_merkle::{TileCoord, verify_consistency, verify_inclusion};
use sigstead_tlog::{AppendError, Limits};

use crate::fixture::{Fixture, append, append_all};

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_proved() {
    let fixture = Fixture::sqlite().await;
    let log = fixture.start().await;
    for answer in append_all(&log, (0..700).map(|n| format!("entry {n}"))).await {
        assert!(answer.unwrap().is_new);
    }
    let head = log.published().await.unwrap();
    assert_eq!(head.size, 700);
    for (index, size) in [(0, 1), (255, 256), (256, 257), (3, 700), (699, 700), (600, 650)] {
        let proof = log.inclusion(index, size).await.unwrap();
        let leaf = log.leaf_hash(index).await.unwrap();
        verify_inclusion(index, size, &leaf, &proof.hashes, &proof.root).unwrap();
        let consistency = log.consistency(size, 700).await.unwrap();
        verify_consistency(size, 700, &consistency, &proof.root, &head.root).unwrap();
    }
    let full = log.tile(TileCoord { level: 0, n: 0 }, 256).await.unwrap().unwrap();
    let part = log.tile(TileCoord { level: 0, n: 0 }, 9).await.unwrap().unwrap();
    assert_eq!(full[..9 * 32], part);
    assert_eq!(log.tile(TileCoord { level: 0, n: 2 }, 189).await.unwrap(), None, "beyond the published size");
    assert_eq!(log.proven_entry(700).await.unwrap().map(|found| found.entry), None);
    drop(log);
    fixture.ends_clean(700).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_get_the_first_index() {
    let fixture = Fixture::sqlite().await;
    let log = fixture.start().await;
    let answers = append_all(&log, (0..60).map(|n| format!("entry {}", n % 20))).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_new).count(), 20);
    assert_eq!(answers.iter().map(|answer| answer.index).collect::<BTreeSet<_>>(), (0..20).collect());
    let again = append(&log, "entry 3").await.unwrap();
    assert!(!again.is_new);
    assert_eq!(again.index, answers[3].index);
    fixture.ends_clean(20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_share_a_postgres_tree() {
    let server = sigstead_testkit::Postgres::start();
    let fixture = Fixture::over(tempfile::tempdir().unwrap(), &server.new_database()).await;
    let one = fixture.start_on(fixture.database.clone(), "one", Limits::default()).await.unwrap();
    let two = fixture.start_on(fixture.database.clone(), "two", Limits::default()).await.unwrap();
    let (left, right) = tokio::join!(
        append_all(&one, (0..400).map(|n| format!("entry {n}"))),
        append_all(&two, (200..600).map(|n| format!("entry {n}"))),
    );
    let answers: Vec<_> = left.into_iter().chain(right).map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_new).count(), 600);
    assert_eq!(one.published().await.unwrap().root, two.published().await.unwrap().root);
    fixture.ends_clean(600).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses() {
    let fixture = Fixture::sqlite().await;
    let limits = Limits { batch: 1, queue: 1, ..Limits::default() };
    let log = fixture.start_on(fixture.database.clone(), "guard", limits).await.unwrap();
    let answers = append_all(&log, (0..50).map(|n| format!("entry {n}"))).await;
    assert!(answers.iter().any(|answer| matches!(answer, Err(AppendError::Overloaded { .. }))));
    let landed = answers.iter().filter(|answer| answer.is_ok()).count() as u64;
    assert!(landed > 0);
    fixture.ends_clean(landed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_tree_refuses_and_still_proves() {
    let fixture = Fixture::sqlite().await;
    let log = fixture.start().await;
    append(&log, "entry").await.unwrap();
    fixture.database.freeze(fixture.tree.key).await.unwrap();
    assert!(matches!(append(&log, "late").await, Err(AppendError::Frozen)));
    assert_eq!(log.inclusion(0, 1).await.unwrap().hashes.len(), 0);
    fixture.ends_clean(1).await;
}
