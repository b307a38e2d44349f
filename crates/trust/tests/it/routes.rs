use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::http::StatusCode;
use sigstead_testkit::Answer;
use sigstead_trust::tuf::Folder;
use sigstead_trust::{Published, router};

use crate::fixture::{Repository, documents};

fn published(operator: &str) -> Published {
    Arc::new(ArcSwap::from_pointee(documents(operator)))
}

async fn get(router: &Router, path: &str) -> Answer {
    Answer::of(router, "GET", path, &[], "").await
}

#[tokio::test]
async fn a_mirror_as_clients_expect_it() {
    let repository = Repository::published().await;
    let router = router(published("a"), Some(Folder::new(repository.path.clone())));
    let digest = &repository.targets().targets["trusted_root.json"].hashes.sha256;
    for path in ["/1.root.json", "/1.snapshot.json", "/1.targets.json"] {
        let answer = get(&router, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.header("cache-control").contains("immutable"), "{path}");
    }
    for path in ["/root.json", "/timestamp.json"] {
        let answer = get(&router, path).await;
        assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-cache"), "{path}");
    }
    let target = get(&router, &format!("/targets/{digest}.trusted_root.json")).await;
    assert_eq!(target.body, get(&router, "/trusted_root.json").await.body);
    // The walk through the roots ends at a 404; anything else would be an error to go-tuf.
    for path in [
        "/2.root.json",
        "/.lock",
        "/targets/.new",
        "/..%2Fsecret",
        "/targets/..%2Froot.json",
        "/targets/root.json",
    ] {
        let answer = get(&router, path).await;
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (StatusCode::NOT_FOUND, "no-cache"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn without_a_repository_there_are_the_documents_alone() {
    let router = router(published("a"), None);
    assert_eq!(get(&router, "/trusted_root.json").await.status, StatusCode::OK);
    assert_eq!(get(&router, "/root.json").await.status, StatusCode::NOT_FOUND);
    assert_eq!(get(&router, "/targets/a").await.status, StatusCode::NOT_FOUND);
}
