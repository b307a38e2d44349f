use std::time::Duration;

use sigstead_merkle::leaf_hash;
use sigstead_store::{
    Batch, Database, DatabaseTls, DatabaseTlsMode, Leaf, LeafSource, NewTree, Options, Proposal, StoreError,
    Timeouts, Tree, TreeKind, TreeStore as _,
};
use sigstead_testkit::Postgres;
use sqlx::{Connection as _, Executor as _, PgConnection};

pub(crate) async fn tree(database: &Database) -> Tree {
    database.migrate().await.unwrap();
    let new = NewTree { tree_id: 7, kind: TreeKind::RekorV1, origin: "test - 7".into(), created_ms: 5 };
    database.open_active_tree(&new).await.unwrap()
}

pub(crate) fn record(text: &'static str) -> Batch {
    let leaf = Leaf { record: text.into(), hash: leaf_hash(text.as_bytes()) };
    let proposal = Proposal::new(LeafSource::Fixed(leaf));
    Batch { proposals: vec![proposal], timestamp_ms: 1000, since: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_another_server_holds_is_not_waited_for_for_ever() {
    let server = Postgres::start();
    let url = server.new_database();
    let timeouts = Timeouts { lock: Some(Duration::from_millis(200)), ..Timeouts::default() };
    let options = Options { timeouts, ..Options::default() };
    let database = Database::open(&url, &options).await.unwrap();
    let tree = tree(&database).await.key;
    let mut other = PgConnection::connect(&url).await.unwrap();
    other.execute("BEGIN; SELECT * FROM trees FOR UPDATE").await.unwrap();
    let refused = database.append(tree, &record("a")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Busy), "{refused}");
    other.execute("ROLLBACK").await.unwrap();
    assert_eq!(database.append(tree, &record("a")).await.unwrap().head.size(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_were_cut_are_made_again() {
    let server = Postgres::start();
    let database = Database::open(&server.new_database(), &Options::default()).await.unwrap();
    let tree = tree(&database).await.key;
    database.append(tree, &record("a")).await.unwrap();
    assert!(
        server.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sigstead'"
        )
    );
    assert_eq!(database.append(tree, &record("b")).await.unwrap().head.size(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_whose_connection_is_cut_may_be_tried_again() {
    let server = Postgres::start();
    let url = server.new_database();
    let database = Database::open(&url, &Options::default()).await.unwrap();
    let tree = tree(&database).await.key;
    let mut other = PgConnection::connect(&url).await.unwrap();
    other.execute("BEGIN; SELECT * FROM trees FOR UPDATE").await.unwrap();
    let batch = record("a");
    let cut = async {
        let waiting = "SELECT 1 / count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        while !server.sql(waiting) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (appended, ()) = tokio::join!(database.append(tree, &batch), cut);
    assert!(matches!(&appended, Err(StoreError::Busy)), "{appended:?}");
    other.execute("ROLLBACK").await.unwrap();
    assert_eq!(database.append(tree, &batch).await.unwrap().head.size(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_known_by_its_certificate_and_shown_ours() {
    let server = Postgres::start();
    let url = server.new_database();
    let folder = server.speak_tls();
    let tls = DatabaseTls {
        mode: Some(DatabaseTlsMode::VerifyFull),
        ca: Some(folder.join("ca.pem")),
        client: Some((folder.join("client.pem"), folder.join("client.key"))),
    };
    let open = async |url: &str, tls: DatabaseTls| {
        let options = Options { tls, acquire_timeout: Duration::from_secs(5), ..Options::default() };
        Database::open(url, &options).await
    };
    open(&url, tls.clone()).await.unwrap().ping().await.unwrap();
    let stranger = DatabaseTls { ca: None, ..tls.clone() };
    assert!(open(&url, stranger).await.is_err(), "nobody we know signed it");
    let elsewhere = url.replace("127.0.0.1", "localhost");
    assert!(open(&elsewhere, tls.clone()).await.is_err(), "it is not of that name");
    let nameless = DatabaseTls { client: None, ..tls };
    assert!(open(&url, nameless).await.is_err(), "the server wants to know who we are");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_does_not_hold_up_servers() {
    let server = Postgres::start();
    let url = server.new_database();
    let database = Database::open(&url, &Options::default()).await.unwrap();
    let schema = database.schema().await.unwrap();
    assert_eq!((schema.version, schema.pending[0].version), (0, 1));
    assert!(schema.pending[0].sql.contains("CREATE TABLE"));
    let tree = tree(&database).await.key;
    assert!(database.schema().await.unwrap().pending.is_empty());
    // As before a version that takes one statement back, while servers hold locks.
    let mut other = PgConnection::connect(&url).await.unwrap();
    other
        .execute("DROP INDEX issuance_outcomes_denied; DELETE FROM _sqlx_migrations WHERE version = 10")
        .await
        .unwrap();
    other.execute("BEGIN; LOCK TABLE issuance_outcomes IN ROW EXCLUSIVE MODE").await.unwrap();
    let meanwhile = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(database.schema().await.unwrap().pending.len(), 1);
        database.append(tree, &record("a")).await.unwrap();
        other.execute("COMMIT").await.unwrap();
    };
    let (migrated, ()) = tokio::join!(database.migrate(), meanwhile);
    migrated.unwrap();
    assert!(database.schema().await.unwrap().pending.is_empty());
}
