use std::sync::Arc;

use sigstead_crypto::Signer;
use sigstead_testkit::KeyToken;
use sigstead_trust::tuf::{Folder, Role, audit};

use crate::fixture::{DAY, Online, Repository, documents};

/// However far a publication came, clients find the old content or the new one, and the next one goes on.
#[tokio::test]
async fn a_publication_that_dies_half_way_harms_nobody() {
    for steps in 0..=3 {
        let mut repository = Repository::published().await;
        let (old, before) = (repository.targets(), repository.immutable());
        repository.clock.advance(15 * DAY);
        repository.publisher().publish(&documents("a")).await.unwrap();
        let whole = repository.online.clone();
        let token = KeyToken::signing(steps);
        let dying = |key: &Arc<dyn Signer>| token.hold(Arc::clone(key));
        repository.online = Online {
            targets: whole.targets.as_ref().map(dying),
            snapshot: dying(&whole.snapshot),
            timestamp: dying(&whole.timestamp),
        };
        let outcome = repository.publisher().publish(&documents("b")).await;
        assert_eq!(outcome.is_ok(), steps == 3);
        assert_eq!(repository.targets() == old, steps < 3, "after {steps} signatures");

        repository.online = whole;
        repository.publisher().publish(&documents("b")).await.unwrap();
        assert_ne!(repository.targets(), old);
        assert_eq!(repository.version(Role::Targets), 2, "what was signed already is used");
        let after = repository.immutable();
        assert!(before.iter().all(|(path, content)| after[path] == *content));
    }
}

#[tokio::test]
async fn a_crash_between_the_root_and_its_copy_is_mended() {
    let repository = Repository::published().await;
    let copy = || std::fs::read(repository.path.join("root.json")).unwrap();
    let old = copy();
    repository.publish_root(&repository.plan().metadata(2).unwrap(), &[0, 1]).await.unwrap();
    let new = copy();
    std::fs::write(repository.path.join("root.json"), &old).unwrap();
    assert_eq!(repository.version(Role::Root), 2, "who starts from the copy goes on");
    repository.publisher().publish(&documents("a")).await.unwrap();
    assert_eq!(copy(), new);
    std::fs::write(repository.path.join("root.json"), b"{}").unwrap();
    let told = audit(&Folder::new(repository.path.clone())).unwrap_err().to_string();
    assert!(told.contains("root.json"), "{told}");
}

#[tokio::test]
async fn keys_that_the_root_does_not_name_change_nothing() {
    let mut repository = Repository::published().await;
    let before = repository.immutable();
    repository.online = Online { targets: repository.online.targets, ..Online::new() };
    repository.clock.advance(15 * DAY);
    repository.publisher().publish(&documents("a")).await.unwrap_err();
    assert_eq!(repository.immutable(), before);
}

#[tokio::test]
async fn damage_is_mended_where_no_version_is_lost_by_it() {
    let repository = Repository::published().await;
    std::fs::write(repository.path.join("1.snapshot.json"), b"{").unwrap();
    let told = audit(&Folder::new(repository.path.clone())).unwrap_err().to_string();
    assert!(told.contains("1.snapshot.json"), "{told}");
    repository.publisher().publish(&documents("a")).await.unwrap();
    assert_eq!((repository.version(Role::Snapshot), repository.version(Role::Timestamp)), (2, 2));
    std::fs::write(repository.path.join("timestamp.json"), b"{").unwrap();
    let told = repository.publisher().publish(&documents("a")).await.unwrap_err().to_string();
    assert!(told.contains("timestamp.json"), "{told}");
}

#[tokio::test]
async fn a_changed_target_is_found_and_mended() {
    let repository = Repository::published().await;
    let name = &repository.targets().targets["trusted_root.json"].hashes.sha256;
    let path = repository.path.join(format!("targets/{name}.trusted_root.json"));
    std::fs::write(&path, b"{}").unwrap();
    let told = audit(&Folder::new(repository.path.clone())).unwrap_err().to_string();
    assert!(told.contains("trusted_root.json"), "{told}");
    repository.publisher().publish(&documents("a")).await.unwrap();
    repository.standings();
}

#[tokio::test(flavor = "multi_thread")]
async fn publishers_share_a_folder() {
    let repository = Arc::new(Repository::published().await);
    let turns = (0..8).map(|turn| {
        let repository = Arc::clone(&repository);
        tokio::task::spawn_blocking(move || {
            let publish = async {
                repository.publisher().publish(&documents(&format!("o{}", turn % 3))).await.unwrap()
            };
            tokio::runtime::Handle::current().block_on(publish);
        })
    });
    for turn in turns.collect::<Vec<_>>() {
        turn.await.unwrap();
    }
    assert!(repository.version(Role::Timestamp) >= 2);
}
