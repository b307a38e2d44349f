use axum::http::StatusCode;
use serde_json::Value;

use crate::server::Server;

/// Rekor's names for what a client can do.
const OPERATIONS: [&str; 8] = [
    "createLogEntry",
    "getLogEntryByIndex",
    "getLogEntryByUUID",
    "getLogInfo",
    "getLogProof",
    "getPublicKey",
    "searchIndex",
    "searchLogQuery",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_described_is_there_and_answers_as_described() {
    let server = Server::new().await;
    server.append("described").await;
    let description = server.get("/swagger.json").await.json();
    assert_eq!(description["swagger"], "2.0");
    let mut operations = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let sample = path.replace("{entryUUID}", &"ab".repeat(32)).replace("{level}", "0");
            let sample = format!("{}?logIndex=0&lastSize=1", sample.replace("{path}", "000.p/1"));
            let (method, json) = (method.to_uppercase(), [("content-type", "application/json")]);
            let answer = server.send(&method, &sample, &json, Some("{}")).await;
            assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert!(!answer.body.ends_with(b"was not found\"}"), "{method} {path}");
            let described = &operation["responses"];
            let status = answer.status.as_str();
            assert!(
                described.get(status).or(described.get("default")).is_some(),
                "{method} {path}: {status}"
            );
            operations.push(operation["operationId"].as_str().unwrap().to_owned());
        }
    }
    assert!(OPERATIONS.iter().all(|name| operations.iter().any(|one| one == name)), "{operations:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_has_the_members_that_are_described_and_no_other() {
    let server = Server::new().await;
    let entry = server.append("described").await;
    let definitions = &server.get("/swagger.json").await.json()["definitions"];
    let entry = entry.as_object().unwrap().values().next().unwrap();
    let described = &definitions["LogEntry"]["additionalProperties"];
    assert_members(entry, described);
    assert_members(&entry["verification"]["inclusionProof"], &definitions["InclusionProof"]);
    assert_members(&server.get("/api/v1/log").await.json(), &definitions["LogInfo"]);
    let proof = server.get("/api/v1/log/proof?lastSize=1").await.json();
    assert_members(&proof, &definitions["ConsistencyProof"]);
}

fn assert_members(value: &Value, described: &Value) {
    let value = value.as_object().unwrap();
    let properties = described["properties"].as_object().unwrap();
    for name in value.keys() {
        assert!(properties.contains_key(name), "{name} is not described");
    }
    for name in described["required"].as_array().unwrap() {
        assert!(value.contains_key(name.as_str().unwrap()), "{name} is missing");
    }
}
