//! Postings that the version before left as rows, and rows that it goes on to write while servers are replaced.

use sha2::{Digest as _, Sha256};
use sigstead_merkle::leaf_hash;
use sigstead_store::{
    Batch, Database, Leaf, LeafSource, Options, Proposal, SearchKey, SearchQuery, TreeKey, TreeStore as _,
};
use sigstead_testkit::Postgres;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};

use crate::postgres::tree;

/// Entries: two bundles are sealed, and a third one has begun.
const ENTRIES: u64 = 700;

/// As version 14 had it.
const SQLITE: &str = "DROP TABLE search_batches; DROP TABLE search_shares; DELETE FROM _sqlx_migrations WHERE version = 15; \
    CREATE TABLE search_recent (tree integer NOT NULL, run integer NOT NULL, key integer NOT NULL, idx integer NOT NULL, \
    PRIMARY KEY (tree, run, key, idx)) WITHOUT ROWID";
const POSTGRES: &str = "DROP TABLE search_batches; DROP TABLE search_shares; DROP TRIGGER pack_postings ON search_recent; \
    DROP FUNCTION sigstead_pack_postings; DROP FUNCTION sigstead_packed_posting; DELETE FROM _sqlx_migrations WHERE version = 15";

#[tokio::test(flavor = "multi_thread")]
async fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("log.db").display());
    let (database, tree) = filled(&url).await;
    let mut before = SqliteConnection::connect(&url).await.unwrap();
    before.execute(SQLITE).await.unwrap();
    for (key, index) in rows(0..ENTRIES) {
        let row =
            format!("INSERT INTO search_recent SELECT tree, {}, {key}, {index} FROM trees", index >> 11);
        before.execute(AssertSqlSafe(row)).await.unwrap();
    }
    drop(before);
    database.migrate().await.unwrap();
    finds_every_entry(&database, tree, ENTRIES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres() {
    let server = Postgres::start();
    let url = server.new_database();
    let (database, tree) = filled(&url).await;
    let mut before = PgConnection::connect(&url).await.unwrap();
    before.execute(POSTGRES).await.unwrap();
    write_as_before(&mut before, 0..ENTRIES).await;
    database.migrate().await.unwrap();
    finds_every_entry(&database, tree, ENTRIES).await;
    // A server of the version before goes on to write for a while.
    append_as_before(&mut before, &database, tree, ENTRIES..20_000).await;
    finds_every_entry(&database, tree, 20_000).await;
    database.seal(tree).await.unwrap();
    finds_every_entry(&database, tree, 20_000).await;
    // It also seals bundles, and knows nothing of postings that are packed.
    append_as_before(&mut before, &database, tree, 20_000..33_000).await;
    before.execute("UPDATE search_batches SET tree = tree + 1000").await.unwrap();
    database.seal(tree).await.unwrap();
    before.execute("UPDATE search_batches SET tree = tree - 1000").await.unwrap();
    finds_every_entry(&database, tree, 33_000).await;
    append_as_before(&mut before, &database, tree, 33_000..33_300).await;
    database.seal(tree).await.unwrap();
    finds_every_entry(&database, tree, 33_300).await;
    for left in [
        "SELECT 1 / COUNT(*) FROM search_recent",
        "SELECT 1 / COUNT(*) FROM search_batches WHERE first_index < 32700",
        "SELECT 1 / COUNT(*) FROM search_shares WHERE bundle < 64 AND share < 2",
    ] {
        assert!(before.execute(left).await.is_err(), "nothing is left: {left}");
    }
}

/// A database of today's schema with entries that are not searched for.
async fn filled(url: &str) -> (Database, TreeKey) {
    let database = Database::open(url, &Options::default()).await.unwrap();
    let tree = tree(&database).await.key;
    append(&database, tree, 0..ENTRIES).await;
    assert_eq!(database.seal(tree).await.unwrap(), 2);
    (database, tree)
}

async fn append(database: &Database, tree: TreeKey, entries: std::ops::Range<u64>) {
    let proposals = entries.map(|n| {
        let record = format!("record {n}");
        Proposal::new(LeafSource::Fixed(Leaf { hash: leaf_hash(record.as_bytes()), record: record.into() }))
    });
    let batch = Batch { proposals: proposals.collect(), timestamp_ms: 1000, since: None };
    database.append(tree, &batch).await.unwrap();
}

/// Each entry has a key of its own and one that all have.
fn rows(entries: std::ops::Range<u64>) -> impl Iterator<Item = (i64, u64)> {
    let number = |value: &str| {
        let digest: [u8; 32] = Sha256::digest(value).into();
        i64::from_be_bytes(*digest.first_chunk().unwrap())
    };
    entries.flat_map(move |n| [(number(&format!("own {n}")), n), (number("all"), n)])
}

/// In batches that do not end where bundles do.
async fn append_as_before(
    connection: &mut PgConnection,
    database: &Database,
    tree: TreeKey,
    entries: std::ops::Range<u64>,
) {
    for first in entries.clone().step_by(300) {
        let batch = first..(first + 300).min(entries.end);
        append(database, tree, batch.clone()).await;
        write_as_before(connection, batch).await;
    }
}

async fn write_as_before(connection: &mut PgConnection, entries: std::ops::Range<u64>) {
    let (keys, indexes): (Vec<i64>, Vec<i64>) =
        rows(entries).map(|(key, index)| (key, index.cast_signed())).unzip();
    sqlx::query(
        "INSERT INTO search_recent (key, idx, tree) SELECT k, i, tree FROM trees, UNNEST($1::int8[], $2::int8[]) AS t(k, i) \
         ON CONFLICT DO NOTHING",
    )
    .bind(keys)
    .bind(indexes)
    .execute(connection)
    .await
    .unwrap();
}

async fn finds_every_entry(database: &Database, tree: TreeKey, entries: u64) {
    let found = async |keys: Vec<SearchKey>| {
        let query = SearchQuery { tree, all_of: vec![keys], range: 0..u64::MAX, newest_first: false };
        database.search(&query, 100_000).await.unwrap()
    };
    let all: Vec<u64> = (0..entries).collect();
    // Not shown when they differ: they are many.
    assert!(found(vec![SearchKey::of("all")]).await == all);
    assert!(found(all.iter().map(|n| SearchKey::of(&format!("own {n}"))).collect()).await == all);
    assert_eq!(found(vec![SearchKey::of("own 255")]).await, [255]);
}
