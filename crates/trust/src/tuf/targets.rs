use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::json;

use super::Targets;
use super::folder::TARGETS;
use super::metadata::{Hashes, TargetFile, length};
use crate::Documents;

/// The usage, as policy-controller and cosign before 2.4 look for it, of the files that begin so.
const USAGES: [(&str, &str); 4] =
    [("fulcio", "Fulcio"), ("rekor", "Rekor"), ("ctfe", "CTFE"), ("tsa", "TSA")];
/// Files for clients that do not follow a repository.
const NOT_PUBLISHED: &str = "client_trust_config";

/// What the repository says of the documents.
pub(super) fn targets(documents: &Documents) -> Targets {
    let file = |(name, content): (&str, &Bytes)| {
        let usage = USAGES.iter().find(|(beginning, _)| name.starts_with(beginning));
        let custom = usage.map(|(_, usage)| json!({ "sigstore": { "status": "Active", "usage": usage } }));
        (name.to_owned(), TargetFile { length: length(content), hashes: Hashes::of(content), custom })
    };
    Targets { targets: published(documents).map(file).collect::<BTreeMap<_, _>>() }
}

/// Where each document is kept, and its content.
pub(super) fn files(documents: &Documents) -> impl Iterator<Item = (String, &Bytes)> {
    published(documents).map(|(name, content)| (path(name, &Hashes::of(content)), content))
}

/// Where a target of that name and content is kept.
pub(super) fn path(name: &str, hashes: &Hashes) -> String {
    format!("{TARGETS}/{}.{name}", hashes.sha256)
}

fn published(documents: &Documents) -> impl Iterator<Item = (&'static str, &Bytes)> {
    let files = documents.files().map(|(name, _, content)| (name, content));
    files.filter(|(name, _)| !name.starts_with(NOT_PUBLISHED))
}
