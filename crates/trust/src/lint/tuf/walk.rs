use bytes::Bytes;
use serde_json::Value;
use sigstead_clock::Timestamp;

use super::ALL;
use super::file::File;
use super::promise::Promise;
use super::root::{Root, object};
use super::target::{Target, paths};
use super::targets::{DOCUMENTS, MOST_TARGETS};
use super::{signatures, targets};
use crate::lint::rule::{Finding, GO, JAVA, POLICY_CONTROLLER, Rule, error, warning};
use crate::tuf::Role;

/// What a mirror answers when it is asked for a file.
#[derive(Debug)]
pub enum Answer {
    /// The file.
    File(Bytes),
    /// There is none: status 404.
    Missing,
    /// Neither: another status, or none.
    Other(String),
}

/// What was found in a repository.
#[derive(Debug, Default)]
pub struct Walk {
    /// In its metadata, and in its list of targets.
    pub findings: Vec<Finding>,
    /// The targets that clients read as trusted roots and signing configs, by name.
    pub documents: Vec<(String, Bytes)>,
}

/// Walks a repository as a client does that trusts `root` (TUF specification §5.3 to §5.7), or whatever root is there; `fetch` asks
/// for files by their paths.
pub async fn walk(root: Option<Bytes>, fetch: impl AsyncFn(&str) -> Answer, now: Timestamp) -> Walk {
    let mut walker = Walker { fetch, now, walk: Walk::default() };
    walker.follow(root).await;
    walker.walk
}

struct Walker<F> {
    fetch: F,
    now: Timestamp,
    walk: Walk,
}

impl<F: AsyncFn(&str) -> Answer> Walker<F> {
    /// From the root to the targets; `None` where it could not go on.
    async fn follow(&mut self, given: Option<Bytes>) -> Option<()> {
        let (root, newest) = self.newest_root(given).await?;
        self.root_copy(&newest).await;
        let timestamp = self.file(&root, Role::Timestamp, "timestamp.json").await?;
        let snapshot = self.listed(&root, &timestamp, Role::Snapshot).await?;
        let targets = self.listed(&root, &snapshot, Role::Targets).await?;
        self.targets(&root, &targets).await;
        Some(())
    }

    /// The first root and every one after it (§5.3).
    async fn newest_root(&mut self, given: Option<Bytes>) -> Option<(Root, File)> {
        let (name, content) = match given {
            Some(content) => ("the given root".to_owned(), content),
            None => self.own_root().await?,
        };
        let mut newest = self.read(&name, Role::Root, content)?;
        let mut root = self.root(&newest, None);
        let first = newest.version().unwrap_or_default();
        for version in (first.saturating_add(1)..).take(MOST_ROOTS) {
            let name = Role::Root.file_name(version);
            match (self.fetch)(&name).await {
                Answer::File(content) => {
                    newest = self.read(&name, Role::Root, content)?;
                    self.numbered(&newest, version);
                    root = self.root(&newest, Some(&root));
                }
                Answer::Missing => break,
                Answer::Other(why) => {
                    self.find(&NEXT_ROOT, &name, why);
                    break;
                }
            }
        }
        self.walk.findings.extend(newest.expiry(self.now));
        Some((root, newest))
    }

    /// The oldest root there is, which says nothing about whose it is.
    async fn own_root(&mut self) -> Option<(String, Bytes)> {
        let mut why = "neither this nor root.json is there".to_owned();
        for name in [FIRST_ROOT, ROOT_COPY] {
            match (self.fetch)(name).await {
                Answer::File(content) => {
                    self.find(&UNCHECKED, name, "believed unchecked");
                    return Some((name.to_owned(), content));
                }
                Answer::Missing => {}
                Answer::Other(other) => why = other,
            }
        }
        self.find(&ABSENT, FIRST_ROOT, why);
        None
    }

    fn root(&mut self, file: &File, before: Option<&Root>) -> Root {
        let root = Root::read(file);
        self.walk.findings.extend(root.findings());
        for by in before.into_iter().chain([&root]) {
            self.walk.findings.extend(signatures::findings_of(file, by));
        }
        root
    }

    async fn root_copy(&mut self, newest: &File) {
        match (self.fetch)(ROOT_COPY).await {
            Answer::File(content) if content == newest.content => {}
            Answer::File(_) => self.find(&COPY, ROOT_COPY, format!("not the same as {}", newest.name)),
            Answer::Missing => self.find(&COPY, ROOT_COPY, "missing"),
            Answer::Other(why) => self.find(&COPY, ROOT_COPY, why),
        }
    }

    /// The file that `listing` vouches for (§5.5, §5.6).
    async fn listed(&mut self, root: &Root, listing: &File, role: Role) -> Option<File> {
        let name = format!("{role}.json");
        let path = format!("{} signed.meta.{name}", listing.name);
        let Some(entry) = listing.signed().get("meta").and_then(|meta| meta.get(&name)) else {
            self.find(&UNLISTED, &path, "missing");
            return None;
        };
        let version = entry.get("version").and_then(Value::as_u64).unwrap_or_default();
        let file = self.file(root, role, &root.file_name(role, version)).await?;
        self.numbered(&file, version);
        self.walk.findings.extend(Promise::read(entry, file.content.clone()).findings(&path));
        Some(file)
    }

    /// A file that clients cannot do without.
    async fn file(&mut self, root: &Root, role: Role, name: &str) -> Option<File> {
        let content = match (self.fetch)(name).await {
            Answer::File(content) => content,
            Answer::Missing => return self.find_none(name, "missing".to_owned()),
            Answer::Other(why) => return self.find_none(name, why),
        };
        let file = self.read(name, role, content)?;
        self.walk.findings.extend(signatures::findings_of(&file, root));
        self.walk.findings.extend(file.expiry(self.now));
        Some(file)
    }

    fn read(&mut self, name: &str, role: Role, content: Bytes) -> Option<File> {
        let read = File::read(name, role, content);
        match read {
            Ok(file) => {
                self.walk.findings.extend(file.findings());
                Some(file)
            }
            Err(finding) => {
                self.walk.findings.push(finding);
                None
            }
        }
    }

    fn numbered(&mut self, file: &File, expected: u64) {
        let found = file.version();
        if found.is_some_and(|found| found != expected) {
            let found = format!("{} where {expected} belongs", found.unwrap_or_default());
            self.find(&OTHER_VERSION, &format!("{}.version", file.path()), found);
        }
    }

    async fn targets(&mut self, root: &Root, file: &File) {
        self.walk.findings.extend(targets::findings_of(file));
        for (name, entry) in object(file.signed().get("targets")).take(MOST_TARGETS) {
            let (mut content, mut absent) = (None, Vec::new());
            for path in paths(name, entry, root.is_consistent) {
                match (self.fetch)(&path).await {
                    Answer::File(found) => content = Some(found),
                    Answer::Missing => absent.push(format!("{path} is missing")),
                    Answer::Other(why) => absent.push(format!("{path}: {why}")),
                }
            }
            if let Some(content) = content.clone().filter(|_| DOCUMENTS.contains(&name.as_str())) {
                self.walk.documents.push((name.clone(), content));
            }
            let target = Target::new(entry.clone(), content, absent);
            self.walk.findings.extend(target.findings(&format!("{}.targets.{name}", file.path())));
        }
    }

    fn find(&mut self, rule: &'static Rule, path: &str, found: impl Into<String>) {
        self.walk.findings.push(Finding { rule, path: path.to_owned(), found: found.into() });
    }

    fn find_none(&mut self, name: &str, found: String) -> Option<File> {
        self.find(&ABSENT, name, found);
        None
    }
}

/// What most clients stop at.
const MOST_ROOTS: usize = 256;
const FIRST_ROOT: &str = "1.root.json";
const ROOT_COPY: &str = "root.json";

static ABSENT: Rule = error("tuf-file-missing", ALL, "cannot go on without it", "publish it");

static UNLISTED: Rule =
    error("tuf-unlisted", ALL, "cannot go on without it", "let the file vouch for the one below it");

static OTHER_VERSION: Rule = error(
    "tuf-version-other",
    ALL,
    "refuse the file",
    "give it the version by which it is named and vouched for",
);

static NEXT_ROOT: Rule = error(
    "tuf-next-root",
    &[GO, JAVA, POLICY_CONTROLLER],
    "take any answer but 404 for a failure when they look for the next root",
    "let the mirror answer 404 for what is not there; for S3 that takes s3:ListBucket",
);

static UNCHECKED: Rule = warning(
    "tuf-root-unchecked",
    ALL,
    "must be given their first root by a way that can be trusted",
    "compare it with the root that people were given: --root FILE",
);

static COPY: Rule = warning(
    "tuf-root-copy",
    &["Tekton Chains", "Kyverno"],
    "fetch their first root there",
    "publish a copy of the newest root as root.json",
);
