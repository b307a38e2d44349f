//! The tree as auditors read it.

use axum::http::StatusCode;
use sigstead_merkle::Frontier;

use crate::server::{Server, only};
use crate::signatures::check_checkpoint;

#[tokio::test(flavor = "multi_thread")]
async fn tiles_lead_to_the_checkpoint_and_not_beyond() {
    let server = Server::new().await;
    let mut leaves = Vec::new();
    for number in 0..5 {
        let created = server.append(&format!("message {number}")).await;
        leaves.extend(hex::decode(&only(&created).0[16..]).unwrap());
    }
    let note = server.get("/api/v1/log/checkpoint").await;
    let checkpoint = check_checkpoint(&server.active().await, note.text());
    assert_eq!(checkpoint.size, 5);
    let tile = server.get("/api/v1/log/tile/0/000.p/5").await;
    assert_eq!(tile.body, leaves);
    assert_eq!(tile.header("cache-control"), "public, max-age=31536000, immutable");
    let mut frontier = Frontier::new();
    tile.body.chunks(32).for_each(|leaf| frontier.push(leaf.try_into().unwrap()));
    assert_eq!(frontier.root(), checkpoint.root);
    for beyond in ["0/000.p/6", "0/000", "0/001.p/1", "1/000.p/1", "00/000.p/5"] {
        let answer = server.get(&format!("/api/v1/log/tile/{beyond}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{beyond}");
    }
}
