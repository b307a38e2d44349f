use sigstead_crypto::KeyKind;
use sigstead_trust::tuf::{Metadata, Role, Root, Signatories};

use crate::fixture::{DAY, Online, Repository, documents, key};

/// What is published must not change by a root that was refused.
async fn refused(repository: &Repository, root: &Metadata<Root>, who: &[usize], why: &str) {
    let before = repository.immutable();
    let error = repository.publish_root(root, who).await.unwrap_err();
    assert!(error.contains(why), "{error}");
    assert_eq!(repository.immutable(), before);
    repository.standings();
}

#[tokio::test]
async fn a_root_needs_the_old_threshold_and_its_own() {
    let mut repository = Repository::published().await;
    let old = repository.people.clone();
    repository.people = [KeyKind::Ed25519; 3].map(key).to_vec();
    let next = repository.plan().metadata(2).unwrap();
    repository.people.extend(old);
    refused(&repository, &next, &[0, 1, 2], "0 valid signatures of the 2").await;
    refused(&repository, &next, &[0, 1, 2, 3], "1 valid signatures of the 2").await;
    refused(&repository, &next, &[0, 3, 4, 5], "1 valid signatures of the 2").await;
    repository.publish_root(&next, &[1, 2, 3, 5]).await.unwrap();
    assert_eq!(repository.version(Role::Root), 2);
}

#[tokio::test]
async fn a_root_that_clients_would_refuse_is_refused() {
    let mut repository = Repository::published().await;
    let plan = repository.plan();
    refused(&repository, &plan.metadata(3).unwrap(), &[0, 1], "the next one is 2").await;
    refused(&repository, &plan.metadata(1).unwrap(), &[0, 1], "the next one is 2").await;
    let mut scattered = plan.metadata(2).unwrap();
    scattered.body.consistent_snapshot = false;
    refused(&repository, &scattered, &[0, 1], "consistent_snapshot").await;
    repository.clock.advance(366 * DAY);
    let error = repository.publish_root(&plan.metadata(2).unwrap(), &[0, 1]).await.unwrap_err();
    assert!(error.contains("it expired at"), "{error}");
    repository.clock.set(sigstead_clock::Timestamp::from_seconds(1_800_000_000));
    // The service would be locked out.
    let online = repository.online.clone();
    repository.online = Online::new();
    let foreign = repository.plan().metadata(2).unwrap();
    repository.online = online;
    refused(&repository, &foreign, &[0, 1], "key sign alone").await;
}

#[tokio::test]
async fn plans_that_contradict_themselves_are_refused() {
    let repository = Repository::empty();
    let plan = repository.plan();
    let with_root = |root: Signatories| sigstead_trust::tuf::RootPlan { root, ..plan.clone() }.metadata(1);
    let keys = plan.root.keys.clone();
    for threshold in [0, 4] {
        with_root(Signatories { keys: keys.clone(), threshold }).unwrap_err();
    }
    let twice = with_root(Signatories { keys: vec![keys[0].clone(), keys[0].clone()], threshold: 2 });
    assert!(twice.unwrap_err().to_string().contains("twice"));
    let everyday = with_root(Signatories { keys: vec![plan.timestamp.clone()], threshold: 1 });
    assert!(everyday.unwrap_err().to_string().contains("anything else"));
    let rsa = with_root(Signatories { keys: vec![key(KeyKind::Rsa2048).public_key().clone()], threshold: 1 });
    assert!(rsa.unwrap_err().to_string().contains("P-256"));
    repository.publish_root(&with_root(plan.root.clone()).unwrap(), &[0]).await.unwrap_err();
    let none = repository.publisher().publish(&documents("a")).await.unwrap_err();
    assert!(none.to_string().contains("trust root init"), "{none}");
}

#[tokio::test]
async fn targets_can_be_signed_by_people_too() {
    let mut repository = Repository::empty();
    repository.online.targets = None;
    // The last two sign targets, both of them; the first one the root.
    repository.people.push(key(KeyKind::EcdsaP256));
    let mut plan = repository.plan();
    let keys = |range: std::ops::Range<usize>| {
        repository.people[range].iter().map(|signer| signer.public_key().clone()).collect::<Vec<_>>()
    };
    plan.root = Signatories { keys: keys(0..2), threshold: 1 };
    plan.targets = Signatories { keys: keys(2..4), threshold: 2 };
    repository.publish_root(&plan.metadata(1).unwrap(), &[0]).await.unwrap();
    let publisher = repository.publisher();
    let waiting = publisher.publish(&documents("a")).await.unwrap_err();
    assert!(waiting.to_string().contains("signed offline"), "{waiting}");

    let targets = publisher.next_targets(&documents("a")).unwrap();
    let half = repository.signed(&targets, &[2, 0]).await;
    publisher.publish_targets(&half, &documents("a")).await.unwrap_err();
    let whole = repository.signed(&targets, &[2, 3]).await;
    let other = publisher.publish_targets(&whole, &documents("b")).await.unwrap_err();
    assert!(other.to_string().contains("not those that were signed"), "{other}");
    publisher.publish_targets(&whole, &documents("a")).await.unwrap();
    publisher.publish_targets(&whole, &documents("a")).await.unwrap_err();
    publisher.publish(&documents("a")).await.unwrap();
    assert_eq!(repository.version(Role::Targets), 1);

    // New documents wait for people; what they signed before is kept fresh meanwhile.
    repository.clock.advance(30 * DAY);
    publisher.publish(&documents("b")).await.unwrap_err();
    assert_eq!(repository.version(Role::Targets), 1);
    let next = repository.signed(&publisher.next_targets(&documents("b")).unwrap(), &[2, 3]).await;
    publisher.publish_targets(&next, &documents("b")).await.unwrap();
    publisher.publish(&documents("b")).await.unwrap();
    assert_eq!(repository.version(Role::Targets), 2);
}

#[tokio::test]
async fn a_root_that_people_left_is_taken_when_it_follows() {
    let mut repository = Repository::empty();
    let left = repository.path.with_file_name("left.json");
    repository.signed_root = Some(left.clone());
    let (first, second) = (repository.plan().metadata(1).unwrap(), repository.plan().metadata(2).unwrap());
    let leave = async |root: &Metadata<Root>, who: &[usize]| {
        std::fs::write(&left, repository.signed(root, who).await.to_file().unwrap()).unwrap();
        repository.publisher().publish(&documents("a")).await.map_err(|error| error.to_string())
    };
    let missing = repository.publisher().publish(&documents("a")).await.unwrap_err().to_string();
    assert!(missing.contains("left.json"), "{missing}");
    assert!(leave(&first, &[0]).await.unwrap_err().contains("1 valid signatures of the 2"));
    assert!(repository.publisher().latest_root().is_err());
    leave(&first, &[0, 1]).await.unwrap();
    assert_eq!(repository.version(Role::Root), 1);
    // One that clients would not follow to is told, and what is there goes on.
    let before = repository.version(Role::Timestamp);
    repository.clock.advance(5 * DAY);
    assert!(leave(&second, &[1]).await.unwrap_err().contains("1 valid signatures of the 2"));
    assert_eq!((repository.version(Role::Root), repository.version(Role::Timestamp)), (1, before + 1));
    leave(&second, &[0, 2]).await.unwrap();
    // An old one that comes back changes nothing.
    leave(&first, &[0, 1]).await.unwrap();
    assert_eq!(repository.version(Role::Root), 2);
    assert_eq!(repository.publisher().latest_root().unwrap().version, 2);
}

#[tokio::test]
async fn the_next_root_is_prepared_where_the_repository_is_not() {
    let mut repository = Repository::empty();
    let left = repository.path.with_file_name("left.json");
    repository.signed_root = Some(left.clone());
    let third = repository.plan().metadata(3).unwrap();
    std::fs::write(&left, repository.signed(&third, &[0, 1]).await.to_file().unwrap()).unwrap();
    assert_eq!(repository.publisher().latest_root().unwrap(), third);
    std::fs::write(&left, repository.signed(&third, &[0]).await.to_file().unwrap()).unwrap();
    assert!(repository.publisher().latest_root().is_err());
}
