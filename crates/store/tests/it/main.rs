//! The contract suite on both engines.

use std::sync::atomic::{AtomicUsize, Ordering};

use sigstead_store::{Database, Options, contract};

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let next = AtomicUsize::new(0);
    contract::all(|| {
        let file = dir.path().join(format!("{}.db", next.fetch_add(1, Ordering::Relaxed)));
        async move { Database::open(&format!("sqlite:{}", file.display()), &Options::default()).await.unwrap() }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_the_contract() {
    let server = sigstead_testkit::Postgres::start();
    contract::all(|| {
        let url = server.new_database();
        async move { Database::open(&url, &Options::default()).await.unwrap() }
    })
    .await;
}
