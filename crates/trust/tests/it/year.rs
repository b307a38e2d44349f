use sigstead_crypto::KeyKind;
use sigstead_trust::tuf::Role;

use crate::fixture::{DAY, Online, Repository, documents, key};

/// Fourteen months: nothing ever expires, two roots come, documents change, and no published file is ever another.
#[tokio::test]
async fn a_client_with_the_first_root_follows_for_more_than_a_year() {
    let mut repository = Repository::published().await;
    let mut seen = repository.immutable();
    let mut timestamps = vec![repository.version(Role::Timestamp)];
    for day in 1..=420 {
        repository.clock.advance(DAY);
        match day {
            // Somebody leaves, somebody comes.
            150 => {
                repository.people[0] = key(KeyKind::Ed25519);
                // The keys that count are the old root's two others; the newcomer signs too.
                let next = repository.plan().metadata(2).unwrap();
                repository.publish_root(&next, &[1, 2, 0]).await.unwrap();
            }
            // Every online key is another one, too.
            320 => {
                repository.online = Online::new();
                let next = repository.plan().metadata(3).unwrap();
                repository.publish_root(&next, &[0, 1]).await.unwrap();
            }
            _ => {}
        }
        let operator = if day < 200 { "a" } else { "b" };
        repository.publisher().publish(&documents(operator)).await.unwrap();
        timestamps.push(repository.version(Role::Timestamp));
        for (path, content) in repository.immutable() {
            assert_eq!(
                *seen.entry(path.clone()).or_insert_with(|| content.clone()),
                content,
                "{path:?} has changed"
            );
        }
    }
    assert!(timestamps.is_sorted());
    assert_eq!(repository.version(Role::Root), 3);
    // Weekly timestamps are signed in their second half: about twice a week, not at every turn.
    assert!((100..150).contains(&repository.version(Role::Timestamp)), "{timestamps:?}");
    assert!(repository.version(Role::Targets) >= 5, "signed anew every three months, and for new documents");
}

#[tokio::test]
async fn a_turn_without_need_writes_nothing() {
    let repository = Repository::published().await;
    let before = (repository.immutable(), repository.version(Role::Timestamp));
    repository.clock.advance(DAY);
    repository.publisher().publish(&documents("a")).await.unwrap();
    assert_eq!((repository.immutable(), repository.version(Role::Timestamp)), before);
}

#[tokio::test]
async fn documents_are_published_when_they_change() {
    let repository = Repository::published().await;
    let before = repository.targets();
    repository.publisher().publish(&documents("b")).await.unwrap();
    let after = repository.targets();
    assert_ne!(before.targets["signing_config.v0.2.json"], after.targets["signing_config.v0.2.json"]);
    assert!(!after.targets.keys().any(|name| name.starts_with("client_trust_config")));
    assert_eq!(repository.version(Role::Targets), 2);
}
