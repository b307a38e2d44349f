use sigstead_crypto::KeyKind;
use sigstead_trust::tuf::{Role, Signatories};

use crate::fixture::{DAY, Online, Repository, documents, key};

fn development() -> Repository {
    let mut repository = Repository::empty();
    repository.root_signer = Some(key(KeyKind::EcdsaP256));
    repository
}

#[tokio::test]
async fn a_root_with_its_key_at_hand_makes_and_renews_itself() {
    let mut repository = development();
    for _ in 0..3 * 13 {
        repository.publisher().publish(&documents("a")).await.unwrap();
        repository.standings();
        repository.clock.advance(28 * DAY);
        // The timestamp ends within a week: this is a service that was down.
    }
    repository.publisher().publish(&documents("a")).await.unwrap();
    assert_eq!(repository.version(Role::Root), 6, "one each half year");
    repository.online = Online::new();
    repository.publisher().publish(&documents("a")).await.unwrap();
    assert_eq!(repository.version(Role::Root), 7, "one for the new keys");
}

#[tokio::test]
async fn people_can_take_over() {
    let mut repository = development();
    repository.publisher().publish(&documents("a")).await.unwrap();
    let next = repository.plan().metadata(2).unwrap();
    repository.people.push(repository.root_signer.clone().unwrap());
    repository.publish_root(&next, &[0, 1, 3]).await.unwrap();
    repository.clock.advance(300 * DAY);
    repository.publisher().publish(&documents("a")).await.unwrap();
    assert_eq!(repository.version(Role::Root), 2);
    let root = repository.publisher().current_root().unwrap();
    assert_eq!(Signatories::of(&root.body, Role::Root).unwrap().threshold, 2);
}
