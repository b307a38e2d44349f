use sigstead_trust::tuf::{Upkeep, audit};

use crate::fixture::{DAY, Repository, documents};

#[tokio::test]
async fn people_are_told_before_clients_notice() {
    let repository = Repository::published().await;
    let upkeep = Upkeep::new(repository.publisher());
    assert!(upkeep.usable().is_err(), "nothing is known before the first turn");
    for day in 0..=400 {
        upkeep.turn(&documents("a")).await;
        assert_eq!(upkeep.usable().is_ok(), day < 365, "day {day}: {:?}", upkeep.usable());
        assert_eq!(upkeep.warning().is_none(), day <= 335, "day {day}: {:?}", upkeep.warning());
        repository.clock.advance(DAY);
    }
    assert!(upkeep.usable().unwrap_err().contains("root expired"));
    assert!(upkeep.warning().unwrap().contains("root ends"));
}

#[tokio::test]
async fn a_repository_without_a_root_says_what_to_do() {
    let repository = Repository::empty();
    let upkeep = Upkeep::new(repository.publisher());
    upkeep.turn(&documents("a")).await;
    assert!(upkeep.usable().unwrap_err().contains("trust root init"));
    let told = audit(repository.publisher().folder()).unwrap_err().to_string();
    assert!(told.contains("trust root init"), "{told}");
    repository.publish_root(&repository.plan().metadata(1).unwrap(), &[0, 1]).await.unwrap();
    upkeep.turn(&documents("a")).await;
    assert_eq!((upkeep.usable(), upkeep.warning()), (Ok(()), None));
}
