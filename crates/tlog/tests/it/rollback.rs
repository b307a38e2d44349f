//! A database that lost what was signed: nothing is signed over it, whether it is found at start or later.

use sigstead_store::{Database, Options};
use sigstead_tlog::{AppendError, GuardError, Limits};

use crate::faulty::Faulty;
use crate::fixture::{Fixture, append, append_all, url};

fn refused<T: std::fmt::Debug>(answer: Result<T, AppendError>) -> String {
    match answer {
        Err(AppendError::Guard(error)) => {
            assert!(
                matches!(*error, GuardError::RolledBack { .. } | GuardError::OtherHistory { .. }),
                "{error}"
            );
            error.to_string()
        }
        other => panic!("not refused: {other:?}"),
    }
}

/// A second database that stopped at `entries` of the same history.
async fn backup(fixture: &Fixture, entries: u64) -> Database {
    let file = fixture.folder.path().join("backup.db");
    let older = Fixture::over(tempfile::tempdir().unwrap(), &url(&file)).await;
    let log = older.start().await;
    for n in 0..entries {
        append(&log, &format!("entry {n}")).await.unwrap();
    }
    Database::open(&url(&file), &Options::default()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_database_is_refused_at_start() {
    let fixture = Fixture::sqlite().await;
    let log = fixture.start().await;
    for n in 0..10 {
        append(&log, &format!("entry {n}")).await.unwrap();
    }
    let older = backup(&fixture, 5).await;
    let hint = refused(fixture.start_on(older, "guard", Limits::default()).await);
    assert!(hint.contains("sigstead log audit"), "{hint}");
    fixture.ends_clean(10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_history_that_grew_larger_is_refused() {
    let fixture = Fixture::sqlite().await;
    let log = fixture.start().await;
    for n in 0..10 {
        append(&log, &format!("entry {n}")).await.unwrap();
    }
    let older = backup(&fixture, 5).await;
    let fresh = fixture.start_on(older.clone(), "forgetful", Limits::default()).await.unwrap();
    for answer in append_all(&fresh, (0..20).map(|n| format!("other {n}"))).await {
        answer.unwrap();
    }
    // At start, and by a server that runs over it with the memory of ten entries.
    refused(fixture.start_on(older.clone(), "guard", Limits::default()).await);
    let store = Faulty { inner: older, script: Default::default(), appends: Default::default() };
    let running = fixture.start_on(store, "later", Limits::default()).await.unwrap();
    let memory = |folder: &str| fixture.folder.path().join(folder).join("7");
    std::fs::copy(memory("guard"), memory("later")).unwrap();
    refused(append(&running, "one more").await);
    fixture.ends_clean(10).await;
}
