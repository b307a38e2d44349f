//! What every engine must do, as tests: each takes a fresh, migrated database and panics where the
//! contract of [`TreeStore`] does not hold.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "this module is made of assertions")]

mod trail;

use std::sync::Arc;

use bytes::Bytes;
use sigstead_merkle::{Frontier, Hash, TileCoord, leaf_hash};

use crate::{
    Assigned, Attestation, Batch, Database, Intent, Issuance, IssuanceCounts, IssuanceOutcome, Leaf,
    LeafSource, NewTree, Proposal, SearchKey, SearchQuery, SearchTerm, StoreError, TermPattern, Tree,
    TreeKind, TreeState, TreeStore,
};

/// Runs every test, each on a database of its own.
pub async fn all<F: Future<Output = Database>>(fresh: impl Fn() -> F) {
    appends_and_reads_back(&fresh().await).await;
    duplicates_get_the_first_index(&fresh().await).await;
    sequenced_leaves_know_their_index(&fresh().await).await;
    an_unknown_outcome_is_resolved(&fresh().await).await;
    tiles_and_bundles_fill_up(&fresh().await).await;
    a_second_level_fills_up(&fresh().await).await;
    equal_prefixes_are_told_apart(&fresh().await).await;
    search_and_attestations(&fresh().await).await;
    searches_see_every_entry_once(&fresh().await).await;
    texts_are_found_by_a_part(&fresh().await).await;
    frozen_trees_refuse(&fresh().await).await;
    one_active_tree_of_a_kind(&fresh().await).await;
    rotation_leaves_no_moment_without_an_active_tree(&fresh().await).await;
    two_writers_never_fork(&fresh().await).await;
    sealing_disturbs_no_reader(&fresh().await).await;
    issuances_are_recorded(&fresh().await).await;
    trail::issuances_are_found(&fresh().await).await;
    trail::pages_are_stable(&fresh().await).await;
    trail::the_trail_is_only_added_to(&fresh().await).await;
    event_cursors_only_move_from_where_they_are(&fresh().await).await;
    the_first_key_of_a_tree_is_remembered(&fresh().await).await;
}

async fn the_first_key_of_a_tree_is_remembered(database: &Database) {
    let first = tree(database).await.key;
    assert_eq!(database.remember_key(first, &[1; 32]).await.unwrap(), [1; 32]);
    assert_eq!(database.remember_key(first, &[2; 32]).await.unwrap(), [1; 32]);
    let new = NewTree { tree_id: 78, kind: TreeKind::Ct, origin: "ct.test".into(), created_ms: 6 };
    let second = database.open_active_tree(&new).await.unwrap().key;
    assert_eq!(database.remember_key(second, &[2; 32]).await.unwrap(), [2; 32], "another tree, another key");
}

async fn event_cursors_only_move_from_where_they_are(database: &Database) {
    let first = tree(database).await.key;
    assert_eq!(database.event_cursor(first, "a", 7).await.unwrap(), 7, "a new sink begins at the end");
    assert_eq!(database.event_cursor(first, "a", 9).await.unwrap(), 7);
    assert!(database.advance_event_cursor(first, "a", (7, 9)).await.unwrap());
    assert!(!database.advance_event_cursor(first, "a", (7, 8)).await.unwrap(), "another server was here");
    assert_eq!(database.event_cursor(first, "a", 20).await.unwrap(), 9);
    let new = NewTree { tree_id: 78, kind: TreeKind::RekorV1, origin: "test - 78".into(), created_ms: 6 };
    database.rotate(&new).await.unwrap();
    let second = database.trees(TreeKind::RekorV1).await.unwrap()[1].key;
    assert_eq!(
        database.event_cursor(second, "a", 5).await.unwrap(),
        0,
        "nothing of the next shard is left out"
    );
    assert_eq!(database.event_cursor(second, "b", 5).await.unwrap(), 5);
}

async fn tree(database: &Database) -> Tree {
    database.migrate().await.unwrap();
    let new = NewTree { tree_id: 77, kind: TreeKind::RekorV1, origin: "test - 77".into(), created_ms: 5 };
    database.open_active_tree(&new).await.unwrap()
}

fn fixed(record: &str) -> Proposal {
    let leaf = Leaf { record: Bytes::from(record.to_owned()), hash: leaf_hash(record.as_bytes()) };
    Proposal::new(LeafSource::Fixed(leaf))
}

fn batch(proposals: Vec<Proposal>) -> Batch {
    Batch { proposals, timestamp_ms: 1000, since: None }
}

fn numbered(range: std::ops::Range<u64>) -> Batch {
    batch(range.map(|n| fixed(&format!("record {n}"))).collect())
}

fn frontier(range: std::ops::Range<u64>) -> Frontier {
    let mut frontier = Frontier::new();
    range.for_each(|n| frontier.push(leaf_hash(format!("record {n}").as_bytes())));
    frontier
}

async fn appends_and_reads_back(database: &Database) {
    let tree = tree(database).await.key;
    assert_eq!(database.head(tree).await.unwrap().size(), 0);
    let committed = database.append(tree, &numbered(0..3)).await.unwrap();
    assert_eq!((committed.before.size(), committed.head.size()), (0, 3));
    let mut older = numbered(3..5);
    older.timestamp_ms = 500;
    let committed = database.append(tree, &older).await.unwrap();
    assert_eq!(committed.outcomes[0].assigned, Assigned { index: 3, timestamp_ms: 1000 }, "time goes on");
    assert_eq!(committed.head, database.head(tree).await.unwrap());
    assert_eq!(committed.head.frontier, frontier(0..5));
    let entries = database.entries(tree, 1, 10).await.unwrap();
    assert_eq!(
        entries.iter().map(|entry| &entry.record[..]).collect::<Vec<_>>(),
        [b"record 1", b"record 2", b"record 3", b"record 4"]
    );
    assert!(database.entries(tree, 5, 1).await.unwrap().is_empty());
    assert_eq!(database.edge(tree).await.unwrap().leaf_hashes.len(), 5);
    assert_eq!(database.find_leaf(tree, &leaf_hash(b"record 4")).await.unwrap(), Some(4));
    assert_eq!(database.find_leaf(tree, &leaf_hash(b"record 9")).await.unwrap(), None);
}

async fn duplicates_get_the_first_index(database: &Database) {
    let tree = tree(database).await.key;
    database.append(tree, &numbered(0..2)).await.unwrap();
    let again = batch(vec![fixed("record 1"), fixed("new"), fixed("new"), fixed("record 0")]);
    let committed = database.append(tree, &again).await.unwrap();
    let found: Vec<_> = committed.outcomes.iter().map(|o| (o.assigned.index, o.is_new)).collect();
    assert_eq!(found, [(1, false), (2, true), (2, false), (0, false)]);
    assert_eq!(committed.head.size(), 3);
    let nothing_new = database.append(tree, &batch(vec![fixed("new")])).await.unwrap();
    assert_eq!((nothing_new.head.size(), nothing_new.appended.len()), (3, 0));
}

async fn sequenced_leaves_know_their_index(database: &Database) {
    database.migrate().await.unwrap();
    let new = NewTree { tree_id: 9, kind: TreeKind::Ct, origin: "ct.example".into(), created_ms: 5 };
    let tree = database.open_active_tree(&new).await.unwrap().key;
    let sequenced = |identity: u8| {
        Proposal::new(LeafSource::Sequenced {
            identity: [identity; 32],
            make: Arc::new(|assigned| {
                let record = Bytes::from(format!("{} at {}", assigned.index, assigned.timestamp_ms));
                Leaf { hash: leaf_hash(&record), record }
            }),
        })
    };
    database.append(tree, &batch(vec![sequenced(1), sequenced(2)])).await.unwrap();
    let committed = database.append(tree, &batch(vec![sequenced(2), sequenced(3)])).await.unwrap();
    assert_eq!(committed.outcomes[0].assigned.index, 1);
    assert!(!committed.outcomes[0].is_new && committed.outcomes[1].is_new);
    let entries = database.entries(tree, 0, 3).await.unwrap();
    assert_eq!(&entries[2].record[..], b"2 at 1000");
}

async fn an_unknown_outcome_is_resolved(database: &Database) {
    let tree = tree(database).await.key;
    database.append(tree, &numbered(0..2)).await.unwrap();
    // The first try landed although its answer was lost; the second knows the size before it.
    database.append(tree, &numbered(2..4)).await.unwrap();
    let mut again = numbered(1..4);
    again.since = Some(2);
    let committed = database.append(tree, &again).await.unwrap();
    let found: Vec<_> = committed.outcomes.iter().map(|o| (o.assigned.index, o.is_new)).collect();
    assert_eq!(found, [(1, false), (2, true), (3, true)]);
    assert_eq!(committed.head.size(), 4);
}

async fn tiles_and_bundles_fill_up(database: &Database) {
    let tree = tree(database).await.key;
    let leaf_tile = |n| TileCoord { level: 0, n };
    database.append(tree, &numbered(0..255)).await.unwrap();
    assert_eq!(database.tile(tree, leaf_tile(0)).await.unwrap(), None);
    assert_eq!(database.seal(tree).await.unwrap(), 0);
    database.append(tree, &numbered(255..256)).await.unwrap();
    let tile = database.tile(tree, leaf_tile(0)).await.unwrap().unwrap();
    assert_eq!(tile.len(), 8192);
    assert_eq!(tile[32..64], leaf_hash(b"record 1"));
    assert!(database.edge(tree).await.unwrap().leaf_hashes.is_empty());
    // One batch over two boundaries, half a bundle before and after.
    database.append(tree, &numbered(256..1000)).await.unwrap();
    assert_eq!(database.tile_roots(tree, 0, 0, 9).await.unwrap().len(), 3);
    assert_eq!(database.tile_roots(tree, 0, 0, 1).await.unwrap(), [frontier(0..256).root()]);
    assert_eq!(database.bundle(tree, 0).await.unwrap(), None);
    let before = database.entries(tree, 0, 1000).await.unwrap();
    assert_eq!(database.seal(tree).await.unwrap(), 3);
    assert_eq!(database.seal(tree).await.unwrap(), 0);
    assert!(
        database.bundle(tree, 2).await.unwrap().is_some()
            && database.bundle(tree, 3).await.unwrap().is_none()
    );
    assert_eq!(database.entries(tree, 0, 1000).await.unwrap(), before);
    assert_eq!(database.edge(tree).await.unwrap().leaf_hashes.len(), 1000 - 768);
    assert_eq!(database.find_leaf(tree, &leaf_hash(b"record 5")).await.unwrap(), Some(5));
    let committed = database.append(tree, &batch(vec![fixed("record 5")])).await.unwrap();
    assert_eq!(committed.outcomes[0].assigned.index, 5, "a duplicate of a sealed entry");
}

async fn a_second_level_fills_up(database: &Database) {
    let tree = tree(database).await.key;
    for begin in (0..66_000).step_by(6_000) {
        database.append(tree, &numbered(begin..begin + 6_000)).await.unwrap();
    }
    let upper = database.tile(tree, TileCoord { level: 1, n: 0 }).await.unwrap().unwrap();
    assert_eq!(upper.len(), 8192);
    assert_eq!(database.tile_roots(tree, 1, 0, 1).await.unwrap(), [frontier(0..65_536).root()]);
    assert_eq!(database.head(tree).await.unwrap().frontier, frontier(0..66_000));
}

async fn equal_prefixes_are_told_apart(database: &Database) {
    let tree = tree(database).await.key;
    let twin = |last: u8| {
        let mut hash: Hash = [7; 32];
        hash[31] = last;
        let leaf = Leaf { record: Bytes::from(vec![last]), hash };
        (hash, Proposal::new(LeafSource::Fixed(leaf)))
    };
    database.append(tree, &batch(vec![twin(1).1])).await.unwrap();
    let committed = database.append(tree, &batch(vec![twin(2).1, twin(1).1, twin(3).1])).await.unwrap();
    let found: Vec<_> = committed.outcomes.iter().map(|o| (o.assigned.index, o.is_new)).collect();
    assert_eq!(found, [(1, true), (0, false), (2, true)]);
    assert_eq!(database.find_leaf(tree, &twin(3).0).await.unwrap(), Some(2));
    assert_eq!(database.find_leaf(tree, &twin(4).0).await.unwrap(), None);
}

async fn search_and_attestations(database: &Database) {
    let tree = tree(database).await.key;
    let mut proposal = fixed("a");
    proposal.search_keys = vec![SearchKey::of("Alice@Example.org"), SearchKey::of("sha256:00")];
    proposal.attestation =
        Some(Attestation { key: "sha256:00".into(), data: Bytes::from_static(b"payload") });
    let mut other = fixed("b");
    other.search_keys = vec![SearchKey::of("alice@example.org")];
    database.append(tree, &batch(vec![proposal, other])).await.unwrap();
    let alice = SearchQuery {
        tree,
        all_of: vec![vec![SearchKey::of("alice@example.org")]],
        range: 0..u64::MAX,
        newest_first: false,
    };
    assert_eq!(database.search(&alice, 10).await.unwrap(), [0, 1]);
    assert_eq!(database.search(&alice, 1).await.unwrap(), [0]);
    assert_eq!(database.attestation("sha256:00").await.unwrap().as_deref(), Some(&b"payload"[..]));
    assert_eq!(database.attestation("sha256:01").await.unwrap(), None);
}

/// Entry `n` has a key that all have, one that every third has, and one of its own.
async fn searches_see_every_entry_once(database: &Database) {
    let tree = tree(database).await.key;
    let (all, third) = (SearchKey::of("all"), SearchKey::of("third"));
    let own = |n: u64| SearchKey::of(&format!("own {n}"));
    let fill = async |from: u64, to: u64| {
        for begin in (from..to).step_by(3000) {
            let proposals = (begin..begin + 3000).map(|n| {
                let mut proposal = fixed(&format!("record {n}"));
                proposal.search_keys = vec![all, own(n)];
                proposal.search_keys.extend((n % 3 == 0).then_some(third));
                proposal
            });
            database.append(tree, &batch(proposals.collect())).await.unwrap();
        }
    };
    let query =
        |all_of: Vec<Vec<SearchKey>>, range, newest_first| SearchQuery { tree, all_of, range, newest_first };
    let check = async |entries: u64| {
        for n in [0, 1, 16_383, 16_384, 17_999] {
            let found = database.search(&query(vec![vec![own(n)]], 0..u64::MAX, true), 9).await.unwrap();
            assert_eq!(found, [n]);
        }
        let thirds: Vec<u64> = (0..entries).filter(|n| n % 3 == 0).collect();
        let both = vec![vec![all], vec![third]];
        assert_eq!(database.search(&query(both.clone(), 0..u64::MAX, false), 100_000).await.unwrap(), thirds);
        assert_eq!(database.count(&query(both.clone(), 0..u64::MAX, true)).await.unwrap(), entries / 3);
        let newest = database.search(&query(both, 0..16_388, true), 3).await.unwrap();
        assert_eq!(newest, [16_386, 16_383, 16_380]);
        let either = vec![vec![own(7), own(17_900), SearchKey::of("nothing")]];
        assert_eq!(database.search(&query(either, 0..u64::MAX, true), 9).await.unwrap(), [17_900, 7]);
        let every_second = vec![(0..entries).step_by(2).map(own).collect()];
        assert_eq!(database.count(&query(every_second, 0..u64::MAX, false)).await.unwrap(), entries / 2);
        for no_key in [vec![vec![]], vec![vec![all], vec![]]] {
            assert_eq!(database.count(&query(no_key, 0..u64::MAX, true)).await.unwrap(), 0);
        }
        let nothing = vec![vec![third], vec![own(1)]];
        assert_eq!(database.count(&query(nothing, 0..u64::MAX, true)).await.unwrap(), 0);
        assert_eq!(database.search(&query(Vec::new(), 5..8, true), 9).await.unwrap(), [7, 6, 5]);
        assert_eq!(database.count(&query(vec![vec![all]], 10..u64::MAX, false)).await.unwrap(), entries - 10);
    };
    fill(0, 18_000).await;
    // All in rows.
    check(18_000).await;
    database.seal(tree).await.unwrap();
    // Some buckets of the first segment are packed.
    check(18_000).await;
    fill(18_000, 27_000).await;
    database.seal(tree).await.unwrap();
    // All of them.
    check(27_000).await;
}

async fn texts_are_found_by_a_part(database: &Database) {
    let tree = tree(database).await.key;
    let texts = ["alice@example.org", "ALICE@other.example", "bob@example.org", "100%_sure", "100 and sure"];
    for (n, text) in texts.iter().enumerate() {
        for other in [n, n + 100] {
            let mut proposal = fixed(&format!("record {other}"));
            proposal.search_terms = vec![SearchTerm::new(2, text).unwrap()];
            database.append(tree, &batch(vec![proposal])).await.unwrap();
        }
    }
    let find = async |field, pattern, limit| {
        let terms = database.search_terms(field, pattern, limit).await.unwrap();
        terms.into_iter().map(|term| term.text).collect::<Vec<_>>()
    };
    assert_eq!(find(2, TermPattern::Prefix("alice@"), 9).await, ["alice@example.org", "alice@other.example"]);
    assert_eq!(find(2, TermPattern::Part("@example"), 9).await, ["alice@example.org", "bob@example.org"]);
    assert_eq!(find(2, TermPattern::Part("0%_s"), 9).await, ["100%_sure"], "nothing is a wildcard");
    assert_eq!(find(2, TermPattern::Prefix(""), 2).await.len(), 2);
    assert!(find(3, TermPattern::Prefix(""), 9).await.is_empty(), "another field");
}

async fn frozen_trees_refuse(database: &Database) {
    let tree = tree(database).await.key;
    database.append(tree, &numbered(0..1)).await.unwrap();
    database.freeze(tree).await.unwrap();
    assert!(matches!(database.append(tree, &numbered(1..2)).await, Err(StoreError::Frozen)));
    assert_eq!(database.entries(tree, 0, 1).await.unwrap().len(), 1);
}

async fn one_active_tree_of_a_kind(database: &Database) {
    let first = tree(database).await;
    let new = |tree_id| NewTree { tree_id, kind: TreeKind::RekorV1, origin: "x".into(), created_ms: 6 };
    assert_eq!(database.open_active_tree(&new(78)).await.unwrap(), first);
    database.freeze(first.key).await.unwrap();
    assert_eq!(database.open_active_tree(&new(79)).await.unwrap().tree_id, 79);
    assert_eq!(database.trees(TreeKind::RekorV1).await.unwrap().len(), 2);
}

async fn rotation_leaves_no_moment_without_an_active_tree(database: &Database) {
    let old = tree(database).await;
    database.append(old.key, &numbered(0..3)).await.unwrap();
    let new = NewTree { tree_id: 78, kind: TreeKind::RekorV1, origin: "test - 78".into(), created_ms: 6 };
    database.rotate(&new).await.unwrap();
    let trees = database.trees(TreeKind::RekorV1).await.unwrap();
    assert_eq!(trees.iter().map(|tree| tree.tree_id).collect::<Vec<_>>(), [77, 78]);
    assert_eq!((trees[0].state, trees[1].state), (TreeState::Frozen, TreeState::Active));
    assert!(matches!(database.append(old.key, &numbered(3..4)).await, Err(StoreError::Frozen)));
    assert_eq!(database.append(trees[1].key, &numbered(0..1)).await.unwrap().head.size(), 1);
    assert!(database.rotate(&new).await.is_err(), "a tree's id is used once");
    assert_eq!(database.trees(TreeKind::RekorV1).await.unwrap(), trees, "all of a rotation, or nothing");
}

async fn two_writers_never_fork(database: &Database) {
    let tree = tree(database).await.key;
    let writer = |name: &'static str| {
        let database = database.clone();
        async move {
            for n in 0..60 {
                let own = batch((0..5).map(|i| fixed(&format!("{name} {n} {i}"))).collect());
                while let Err(error) = database.append(tree, &own).await {
                    assert!(matches!(error, StoreError::Busy), "{error}");
                }
            }
        }
    };
    tokio::join!(writer("one"), writer("two"), writer("three"));
    let entries = database.entries(tree, 0, 10_000).await.unwrap();
    assert_eq!(entries.len(), 900);
    let mut rebuilt = Frontier::new();
    entries.iter().for_each(|entry| rebuilt.push(leaf_hash(&entry.record)));
    assert_eq!(rebuilt, database.head(tree).await.unwrap().frontier);
}

async fn sealing_disturbs_no_reader(database: &Database) {
    let tree = tree(database).await.key;
    let writer = async {
        for begin in (0..3000).step_by(100) {
            database.append(tree, &numbered(begin..begin + 100)).await.unwrap();
        }
    };
    let sealers = async {
        for _ in 0..40 {
            let (one, two) = tokio::join!(database.seal(tree), database.seal(tree));
            assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
        }
    };
    let reader = async {
        for _ in 0..40 {
            let size = database.head(tree).await.unwrap().size();
            let entries = database.entries(tree, 0, size).await.unwrap();
            assert!(entries.len() as u64 == size);
            database.edge(tree).await.unwrap();
        }
    };
    tokio::join!(writer, sealers, reader);
    database.seal(tree).await.unwrap();
    let entries = database.entries(tree, 0, 3000).await.unwrap();
    assert!((0..).zip(&entries).all(|(n, entry)| entry.record == format!("record {n}")));
}

async fn issuances_are_recorded(database: &Database) {
    database.migrate().await.unwrap();
    let intent = Intent {
        serial: vec![1, 2],
        at_ms: 1,
        issuer: "https://issuer.example".into(),
        subject: "sub".into(),
        san: "a@b.c".into(),
        claims: "{}".into(),
        key_fingerprint: [3; 32],
        not_before: 1,
        not_after: 2,
    };
    let [other, third] = [2, 3].map(|n| Intent { serial: vec![n, 2], ..intent.clone() });
    database.record_issuances(&[&intent, &other, &third], &[]).await.unwrap();
    let fresh = Intent { serial: vec![4, 2], ..intent.clone() };
    assert!(
        database.record_issuances(&[&fresh, &intent], &[]).await.is_err(),
        "a serial number is used once"
    );
    let counts = |issued, failed, denied, open| IssuanceCounts { issued, failed, denied, open };
    assert_eq!(database.issuance_counts().await.unwrap(), counts(0, 0, 0, 3), "all of a call, or nothing");
    let outcome = |serial, outcome| Issuance { serial, at_ms: 2, outcome };
    let issued = outcome(vec![1, 2], IssuanceOutcome::Issued { certificate: vec![4], scts: Vec::new() });
    let failed = outcome(vec![2, 2], IssuanceOutcome::Failed("the CT log refused".into()));
    let denied = outcome(vec![3, 2], IssuanceOutcome::Denied("the rule".into()));
    database.record_issuances(&[], &[&issued, &failed, &denied]).await.unwrap();
    assert!(database.record_issuances(&[&fresh], &[&issued]).await.is_err(), "an outcome is recorded once");
    assert_eq!(database.issuance_counts().await.unwrap(), counts(1, 1, 1, 0));
    let issuer = ([5; 32], Bytes::from_static(b"der"));
    database.put_ct_issuers(&[issuer.clone(), issuer]).await.unwrap();
    assert_eq!(database.ct_issuer(&[5; 32]).await.unwrap().as_deref(), Some(&b"der"[..]));
    assert_eq!(database.ct_issuer(&[6; 32]).await.unwrap(), None);
}
