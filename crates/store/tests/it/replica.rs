use std::time::{Duration, Instant};

use sigstead_merkle::leaf_hash;
use sigstead_store::{
    Attestation, Database, Options, SearchKey, SearchQuery, StoreError, TreeKey, TreeStore as _,
};
use sigstead_testkit::Postgres;

use crate::postgres::{record, tree};

fn elsewhere(url: &str, server: &Postgres) -> String {
    let (_, name) = url.rsplit_once('/').unwrap();
    format!("postgres://postgres@127.0.0.1:{}/{name}", server.port())
}

async fn searched(database: &Database, tree: TreeKey) -> Vec<u64> {
    let all_of = vec![vec![SearchKey::of("wanted")]];
    let query = SearchQuery { tree, all_of, range: 0..u64::MAX, newest_first: false };
    database.search(&query, 10).await.unwrap()
}

async fn append(database: &Database, tree: TreeKey, text: &'static str) {
    let mut batch = record(text);
    batch.proposals[0].search_keys = vec![SearchKey::of("wanted")];
    batch.proposals[0].attestation = Some(Attestation { key: text.to_owned(), data: text.into() });
    database.append(tree, &batch).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_replica_lacks_is_read_from_the_database() {
    let server = Postgres::start();
    let url = server.new_database();
    let database = Database::open(&url, &Options::default()).await.unwrap();
    let tree = tree(&database).await.key;
    let standby = server.replica();
    let database = database.with_replica(&elsewhere(&url, &standby), &Options::default()).await.unwrap();
    append(&database, tree, "a").await;
    let deadline = Instant::now() + Duration::from_secs(20);
    while searched(&database, tree).await != [0] {
        assert!(Instant::now() < deadline, "the standby follows");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // From here on it is behind.
    assert!(standby.sql("SELECT pg_wal_replay_pause()"));
    append(&database, tree, "b").await;
    assert_eq!(searched(&database, tree).await, [0], "searches are the standby's");
    // What was acknowledged is found, by index and by hash.
    assert_eq!(database.head(tree).await.unwrap().size(), 2);
    assert_eq!(database.edge(tree).await.unwrap().leaf_hashes.len(), 2);
    assert_eq!(database.entries(tree, 0, 2).await.unwrap().len(), 2);
    assert_eq!(database.find_leaf(tree, &leaf_hash(b"b")).await.unwrap(), Some(1));
    assert_eq!(database.attestation("b").await.unwrap().unwrap(), "b");
    // Without the standby everything is read from the database.
    drop(standby);
    assert_eq!(database.entries(tree, 0, 2).await.unwrap().len(), 2);
    assert_eq!(searched(&database, tree).await, [0, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_entries_are_read_from_the_replica() {
    let server = Postgres::start();
    let url = server.new_database();
    let database = Database::open(&url, &Options::default()).await.unwrap();
    let tree = tree(&database).await.key;
    append(&database, tree, "a").await;
    let standby = server.replica();
    let database = database.with_replica(&elsewhere(&url, &standby), &Options::default()).await.unwrap();
    // What the database itself no longer has can only come from the standby.
    assert!(standby.sql("SELECT pg_wal_replay_pause()"));
    let mut direct = sqlx::PgPool::connect(&url).await.unwrap().acquire().await.unwrap();
    sqlx::query("DELETE FROM attestations").execute(&mut *direct).await.unwrap();
    sqlx::query("DELETE FROM leaf_batches").execute(&mut *direct).await.unwrap();
    assert_eq!(database.attestation("a").await.unwrap().unwrap(), "a");
    assert_eq!(&database.entries(tree, 0, 1).await.unwrap()[0].record[..], b"a");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_another_database_is_refused() {
    let server = Postgres::start();
    let (one, other) = (server.new_database(), server.new_database());
    let open = async |url: &str| Database::open(url, &Options::default()).await.unwrap();
    tree(&open(&one).await).await;
    tree(&open(&other).await).await;
    let other_pool = sqlx::PgPool::connect(&other).await.unwrap();
    sqlx::query("UPDATE trees SET tree_id = 8").execute(&other_pool).await.unwrap();
    let refused = open(&one).await.with_replica(&other, &Options::default()).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Unavailable(_)), "{refused}");
    assert!(refused.to_string().contains("another database"), "{refused}");
    open(&one).await.with_replica(&one, &Options::default()).await.unwrap();
}
