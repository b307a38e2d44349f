//! The workspace against its own rules: who may use whom, and how large a file may grow.
#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// The crate table of ARCHITECTURE.md: crate to what it may use; `None` for everything.
fn table() -> BTreeMap<String, Option<BTreeSet<String>>> {
    let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.contains("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let (name, may_use) = (cells.get(1).unwrap().trim_matches('`'), cells.get(3).unwrap());
        let allowed = (!may_use.starts_with("everything"))
            .then(|| may_use.split_whitespace().map(str::to_owned).collect());
        (name.to_owned(), allowed)
    })
    .collect()
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn crates_use_only_what_the_architecture_allows() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let table = table();
    let mut seen = BTreeSet::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let name = name.strip_prefix("sigstead-").unwrap_or(name);
        seen.insert(name.to_owned());
        let allowed =
            table.get(name).unwrap_or_else(|| unreachable!("{name} is not in ARCHITECTURE.md's table"));
        let Some(allowed) = allowed else { continue };
        for dependency in package["dependencies"].as_array().unwrap() {
            let is_shipped = dependency["kind"].is_null();
            let used = dependency["name"].as_str().unwrap().strip_prefix("sigstead-");
            if let Some(used) = used.filter(|_| is_shipped) {
                assert!(allowed.contains(used), "{name} uses {used}, which ARCHITECTURE.md does not allow");
            }
        }
    }
    assert_eq!(seen, table.keys().cloned().collect(), "the table and the workspace differ");
    assert!(seen.len() <= 20, "at most twenty crates");
}

#[test]
fn no_file_grows_past_reading() {
    let listed = Command::new("git").args(["ls-files", "*.rs"]).current_dir(root()).output().unwrap();
    for file in String::from_utf8(listed.stdout).unwrap().lines() {
        let is_exempt = file.contains("/generated/") || file.contains("/tests/");
        let text = std::fs::read_to_string(root().join(file)).unwrap_or_default();
        let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
        assert!(is_exempt || lines <= 500, "{file} has {lines} lines without its tests; split it");
        let name = Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap();
        let vague = ["util", "utils", "helpers", "common", "misc", "manager", "types", "models"];
        assert!(!vague.contains(&name), "{file}: name it after what it holds");
    }
}
