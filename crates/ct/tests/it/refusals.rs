use axum::http::StatusCode;
use sigstead_x509::build;
use sigstead_x509::oid;
use sigstead_x509::precertificate::poison;

use crate::hierarchy::{Hierarchy, code_signing};
use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn chains_that_do_not_hold() {
    let (server, stranger) = (Server::new().await, Hierarchy::new().await);
    let ours = &server.hierarchy;
    let (chain, poisoned) = (ours.certificate().await, ours.precertificate().await);
    let [leaf, issuing, root] = chain.as_array().unwrap().clone();
    let by_stranger = [stranger.certificate().await[0].clone()];
    let for_servers = build::extended_key_usage(oid::TIME_STAMPING, false).unwrap();
    let mild = build::Extension { critical: false, ..poison() };
    for (endpoint, chain, why) in [
        ("add-chain", vec![], "1 to 8 certificates"),
        ("add-chain", vec![leaf.clone(); 9], "1 to 8 certificates"),
        ("add-chain", vec![leaf.clone(), root.clone()], "certificate 0 is not issued by the next one"),
        ("add-chain", vec![issuing.clone(), leaf.clone()], "certificate 0 is not issued by the next one"),
        (
            "add-chain",
            [chain.clone(), vec![stranger.issuers[1].clone()]].concat(),
            "certificate 2 is not issued by the next one",
        ),
        ("add-chain", stranger.certificate().await, "does not end at an accepted root"),
        ("add-chain", vec![leaf.clone()], "does not end at an accepted root"),
        ("add-chain", vec![root.clone()], "a root cannot be submitted alone"),
        ("add-chain", ours.chain(&[for_servers]).await, "not for code signing"),
        ("add-chain", ours.chain(&[]).await, "not for code signing"),
        ("add-chain", poisoned, "this one is poisoned"),
        ("add-pre-chain", chain.clone(), "there is no critical poison"),
        ("add-pre-chain", ours.chain(&[code_signing(), mild]).await, "there is no critical poison"),
        // The issuers are known by now, and have the names of the stranger's.
        ("add-chain", [&by_stranger, &*ours.issuers].concat(), "certificate 0 is not issued by the next one"),
    ] {
        let answer = server.submit(endpoint, &chain).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{why}");
        assert!(answer.text().contains(why), "{}", answer.text());
    }
    assert_eq!(server.head().await.0, 0);
    server.ends_clean(0).await;
}
