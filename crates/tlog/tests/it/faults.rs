//! Commits whose outcome nobody knows: the entry is new, once, and proved.

use std::sync::Arc;

use sigstead_tlog::Limits;

use crate::faulty::{Fault, Faulty};
use crate::fixture::{Fixture, append};

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
    for script in scripts {
        let fixture = Fixture::sqlite().await;
        append(&fixture.start().await, "before").await.unwrap();
        let store = Faulty {
            inner: fixture.database.clone(),
            script: Arc::new(script.to_vec()),
            appends: Arc::default(),
        };
        let log = fixture.start_on(store, "guard", Limits::default()).await.unwrap();
        let appended = append(&log, "entry").await.unwrap();
        assert!(appended.is_new, "{script:?}");
        assert_eq!(appended.index, 1, "{script:?}");
        assert!(!append(&log, "before").await.unwrap().is_new);
        fixture.ends_clean(2).await;
    }
}
