//! The contract suite on both engines, and what only Postgres has: poolers, replicas, time limits, TLS.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at the first surprise")]

mod packed_postings;
mod postgres;
mod replica;

use std::sync::atomic::{AtomicUsize, Ordering};

use sigstead_store::{Database, Options, StoreError, contract};

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

#[tokio::test(flavor = "multi_thread")]
async fn postgres_behind_a_transaction_pooler_keeps_the_contract() {
    let server = sigstead_testkit::Postgres::start();
    let pooler = sigstead_testkit::PgBouncer::before(&server);
    let behind_it = Options { transaction_pooler: true, ..Options::default() };
    contract::all(|| {
        let (url, options) = (server.new_database(), behind_it.clone());
        let pooled = pooler.url(&url);
        async move {
            let error = Database::open(&pooled, &options).await.unwrap().migrate().await.unwrap_err();
            assert!(matches!(error, StoreError::NotThroughPooler), "{error}");
            let direct = Database::open(&url, &Options::default()).await.unwrap();
            direct.migrate().await.unwrap();
            direct.close().await;
            Database::open(&pooled, &options).await.unwrap()
        }
    })
    .await;
}
