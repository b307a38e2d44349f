//! The fault table, on both databases: what fails is told, what landed is kept, and nothing is there twice.

use std::sync::Arc;
use std::time::Duration;

use sigstead_clock::{ManualClock, Timestamp};
use sigstead_crypto::{KeyKind, Signer, SoftwareSigner};
use sigstead_store::Database;
use sigstead_testkit::KeyToken;
use sigstead_tlog::{AppendError, Limits};

use crate::faulty::{Fault, Faulty};
use crate::fixture::{Fixture, append, append_all};

/// A fixture on each database; Postgres ends with the first value.
async fn both() -> (sigstead_testkit::Postgres, [Fixture; 2]) {
    let server = sigstead_testkit::Postgres::start();
    let postgres = Fixture::over(tempfile::tempdir().unwrap(), &server.new_database()).await;
    (server, [Fixture::sqlite().await, postgres])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_commit_is_resolved() {
    use Fault::{Busy, LostAfterCommit, LostBeforeCommit};

    let scripts: [&[Fault]; 6] = [
        &[LostBeforeCommit],
        &[LostAfterCommit],
        &[Busy, LostAfterCommit],
        &[LostAfterCommit, LostBeforeCommit],
        &[LostBeforeCommit, LostAfterCommit, Busy],
        &[LostAfterCommit, LostAfterCommit],
    ];
    let (_server, fixtures) = both().await;
    for fixture in fixtures {
        append(&fixture.start().await, "before").await.unwrap();
        for (index, script) in (1..).zip(scripts) {
            let log = fixture.start_on(failing(&fixture, script), "guard", Limits::default()).await.unwrap();
            let appended = append(&log, &format!("entry {index}")).await.unwrap();
            assert!(appended.is_new, "{script:?}");
            assert_eq!(appended.index, index, "{script:?}");
            assert!(!append(&log, "before").await.unwrap().is_new);
        }
        fixture.ends_clean(1 + scripts.len() as u64).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_stays_away_is_told_and_leaves_the_log_usable() {
    let (_server, fixtures) = both().await;
    for fixture in fixtures {
        let store = failing(&fixture, &[Fault::LostBeforeCommit; 8]);
        let log = fixture.start_on(store, "guard", Limits::default()).await.unwrap();
        assert!(matches!(append(&log, "entry").await, Err(AppendError::Store(_))));
        let again = append(&log, "entry").await.unwrap();
        assert!(again.is_new);
        assert_eq!(again.index, 0);
        fixture.ends_clean(1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_failed_after_the_commit_keeps_the_entry_for_who_asks_again() {
    let (_server, fixtures) = both().await;
    for fixture in fixtures {
        let store = failing(&fixture, &[Fault::LostAfterCommit; 8]);
        let log = fixture.start_on(store, "guard", Limits::default()).await.unwrap();
        assert!(matches!(append(&log, "entry").await, Err(AppendError::Store(_))));
        let again = append(&log, "entry").await.unwrap();
        assert_eq!((again.index, again.is_new), (0, false));
        fixture.ends_clean(1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_nobody_could_sign_for_are_covered_by_the_next_signature() {
    let (_server, fixtures) = both().await;
    for fixture in fixtures {
        let token = KeyToken::signing(usize::MAX);
        let log = fixture
            .start_with(token.hold(key()), Arc::new(ManualClock::new(Timestamp::from_seconds(1000))))
            .await;
        append(&log, "signed").await.unwrap();
        token.take_out();
        for answer in append_all(&log, (0..5).map(|n| format!("unsigned {n}"))).await {
            assert!(matches!(answer, Err(AppendError::Sign(_))));
        }
        assert!(matches!(log.published().await, Err(AppendError::Sign(_))));
        token.put_back();
        let next = append(&log, "signed again").await.unwrap();
        assert_eq!((next.index, next.checkpoint.size), (6, 7));
        for answer in append_all(&log, (0..5).map(|n| format!("unsigned {n}"))).await {
            assert!(!answer.unwrap().is_new);
        }
        fixture.ends_clean(7).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn times_do_not_go_back_with_the_clock() {
    let (_server, fixtures) = both().await;
    for fixture in fixtures {
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1000)));
        let log = fixture.start_with(key(), clock.clone()).await;
        let before = append(&log, "before").await.unwrap();
        clock.set(Timestamp::from_seconds(500));
        let after = append(&log, "after").await.unwrap();
        assert_eq!(before.timestamp_ms, 1_000_000);
        assert!(after.timestamp_ms >= before.timestamp_ms);
        assert!(after.checkpoint.timestamp_ms >= after.timestamp_ms);
        clock.set(Timestamp::from_seconds(1000));
        clock.advance(Duration::from_secs(5));
        assert_eq!(append(&log, "later").await.unwrap().timestamp_ms, 1_005_000);
        fixture.ends_clean(3).await;
    }
}

fn failing(fixture: &Fixture, script: &[Fault]) -> Faulty<Database> {
    Faulty { inner: fixture.database.clone(), script: Arc::new(script.to_vec()), appends: Arc::default() }
}

fn key() -> Arc<dyn Signer> {
    Arc::new(SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap())
}
