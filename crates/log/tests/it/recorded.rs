//! The recorded conversation with a real Rekor, held again with this log.

use std::collections::{BTreeSet, HashSet};

use axum::http::StatusCode;
use serde_json::Value;
use sigstead_testkit::Answer;

use crate::server::{Server, only};

/// The recording is the entry crate's, whose folder says where it comes from.
pub(crate) const RECORDED: &str = include_str!("../../../entry/testdata/rekor-v1.jsonl");
const THEIR_TREE: i64 = 5_509_571_475_026_762_347;

/// Where this log answers something else on purpose: 400 where Rekor answers 500,
/// because clients send again what was answered 5xx, and 404 for tree 0.
const OTHERWISE: [(&str, u16); 4] = [
    ("create-garbage", 400),
    ("create-array", 400),
    ("intoto002-nohash", 400),
    ("get /00000000000000000000000000000000000000000000000000000000000000000000000000000000", 404),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_recorded_conversation_goes_the_same_way() {
    let server = Server::new().await;
    let mut conversation =
        Conversation { ours: server.active().await.tree.tree_id, leaves: HashSet::new(), size: 0 };
    let mut compared = 0;
    for row in RECORDED.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        if is_taken(&row) {
            let answer = send(&server, &row).await;
            conversation.compare(&row, &answer);
            compared += 1;
        }
    }
    assert!(compared >= 70, "only {compared} answers were compared");
}

fn is_taken(row: &Value) -> bool {
    // Rekor cannot take an SSH signature over SHA-256, this log can.
    row["name"] != "rekord-ssh-sha256-rejected"
}

async fn send(server: &Server, row: &Value) -> Answer {
    let (method, path) = (row["method"].as_str().unwrap(), row["path"].as_str().unwrap());
    // The recording does not keep the headers of requests.
    let headers: &[(&str, &str)] = match row["name"].as_str().unwrap() {
        "create-wrong-ct" => &[("content-type", "text/plain")],
        "406" => &[("accept", "text/html")],
        _ if method == "POST" => &[("content-type", "application/json")],
        _ => &[],
    };
    server.send(method, path, headers, row["request"].as_str()).await
}

struct Conversation {
    ours: i64,
    /// Leaf hashes of the entries that both logs took.
    leaves: HashSet<String>,
    size: u64,
}

impl Conversation {
    fn compare(&mut self, row: &Value, answer: &Answer) {
        let name = row["name"].as_str().unwrap();
        if let Some((_, status)) = OTHERWISE.iter().find(|(other, _)| *other == name) {
            assert_eq!(answer.status.as_u16(), *status, "{name}: {}", answer.text());
            return;
        }
        assert_eq!(row["status"], answer.status.as_u16(), "{name}: {}", answer.text());
        for header in ["Content-Type", "Location", "Etag", "Allow"] {
            let theirs = self.translated(row["headers"][header].as_str().unwrap_or_default());
            assert_eq!(answer.header(header), theirs, "{name}: {header}");
        }
        let theirs = self.translated(row["response"].as_str().unwrap_or_default());
        match answer.status {
            StatusCode::CREATED => self.note_created(row, answer),
            StatusCode::OK if name.starts_with("search") => self.compare_found(name, &theirs, answer),
            StatusCode::OK => {}
            _ => return assert_eq!(answer.text(), theirs, "{name}"),
        }
        match serde_json::from_str::<Value>(&theirs) {
            Ok(theirs) => self.compare_json(name, &theirs, answer),
            Err(_) => assert_eq!(answer.text().lines().count(), theirs.lines().count(), "{name}"),
        }
    }

    fn note_created(&mut self, row: &Value, answer: &Answer) {
        let entry = answer.json();
        let (id, entry) = only(&entry);
        let body = decoded(entry["body"].as_str().unwrap());
        assert_eq!(row["canonicalBody"], std::str::from_utf8(&body).unwrap(), "{}", row["name"]);
        assert_eq!(entry["logIndex"], self.size, "{}", row["name"]);
        self.leaves.insert(id[16..].to_owned());
        self.size += 1;
    }

    /// One line of compact JSON, of the same shape.
    fn compare_json(&self, name: &str, theirs: &Value, answer: &Answer) {
        let ours = answer.json();
        assert_eq!(
            answer.text(),
            format!("{ours}\n"),
            "{name}: compact, in the order of names, one line feed"
        );
        if !name.starts_with("search") && !name.starts_with("proof") {
            assert_eq!(shape(&ours), shape(theirs), "{name}");
        }
    }

    /// What Rekor finds is found, as far as this log took it; it may find more, by more keys.
    fn compare_found(&self, name: &str, theirs: &str, answer: &Answer) {
        let ids = |text: &str| serde_json::from_str::<BTreeSet<String>>(text).unwrap();
        let prefix = format!("{:016x}", self.ours);
        let expected: BTreeSet<String> = ids(theirs)
            .into_iter()
            .filter(|id| id.strip_prefix(&prefix).is_some_and(|leaf| self.leaves.contains(leaf)))
            .collect();
        let found = ids(answer.text());
        assert!(expected.is_subset(&found), "{name}: {:?} missing", expected.difference(&found));
    }

    /// Their tree's id becomes ours, and their size.
    fn translated(&self, text: &str) -> String {
        text.replace(&format!("{THEIR_TREE:016x}"), &format!("{:016x}", self.ours))
            .replace(&THEIR_TREE.to_string(), &self.ours.to_string())
            .replace("observable(30)", &format!("observable({})", self.size))
    }
}

/// The paths and kinds of the values in a JSON text; lists of hashes may have any length.
fn shape(value: &Value) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    collect(value, "", &mut paths);
    paths
}

fn collect(value: &Value, path: &str, paths: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| collect(value, &format!("{path}.{key}"), paths))
        }
        Value::Array(_) if path.ends_with(".hashes") => drop(paths.insert(format!("{path}[]"))),
        Value::Array(items) => {
            paths.insert(format!("{path}[{}]", items.len()));
            items.iter().for_each(|item| collect(item, &format!("{path}[]"), paths));
        }
        Value::Null => drop(paths.insert(format!("{path} null"))),
        Value::String(_) => drop(paths.insert(format!("{path} text"))),
        Value::Number(_) => drop(paths.insert(format!("{path} number"))),
        Value::Bool(_) => drop(paths.insert(format!("{path} bool"))),
    }
}

fn decoded(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.decode(text).unwrap()
}
