//! `lint::tuf::walk` over repositories in which one thing is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use sigstead_clock::{Clock as _, Timestamp};
use sigstead_crypto::{KeyKind, Signer, sha256};
use sigstead_trust::lint::tuf::{Answer, Walk, walk};
use sigstead_trust::tuf::{Envelope, Role};

use crate::fixture::{DAY, Online, Repository, documents, key};

/// What a mirror holds, and everybody who signs.
#[derive(Clone)]
struct Scene {
    files: BTreeMap<String, Vec<u8>>,
    people: Vec<Arc<dyn Signer>>,
    online: Online,
    now: Timestamp,
}

const GIVEN: &str = "the given root";

impl Scene {
    /// Nothing is wrong, but that there is no certificate authority.
    async fn clean() -> Self {
        let p256 = || key(KeyKind::EcdsaP256);
        let mut repository = Repository::empty();
        repository.people = vec![p256(), p256(), p256()];
        repository.online = Online { targets: Some(p256()), snapshot: p256(), timestamp: p256() };
        let root = repository.plan().metadata(1).unwrap();
        repository.publish_root(&root, &[0, 1, 2]).await.unwrap();
        repository.publisher().publish(&documents("a")).await.unwrap();
        let mut files = BTreeMap::new();
        for (folder, prefix) in [(repository.path.clone(), ""), (repository.path.join("targets"), "targets/")]
        {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_file() {
                    let name = format!("{prefix}{}", entry.file_name().unwrap().to_str().unwrap());
                    files.insert(name, std::fs::read(entry).unwrap());
                }
            }
        }
        Self { files, people: repository.people, online: repository.online, now: repository.clock.now() }
    }

    fn signers(&self, role: Role) -> Vec<Arc<dyn Signer>> {
        match role {
            Role::Root => self.people.clone(),
            Role::Targets => vec![self.online.targets.clone().unwrap()],
            Role::Snapshot => vec![self.online.snapshot.clone()],
            Role::Timestamp => vec![self.online.timestamp.clone()],
        }
    }

    fn read(&self, name: &str) -> Value {
        serde_json::from_slice(&self.files[name]).unwrap()
    }

    /// Puts `value` at each pointer of what a role signed and has it signed again, with what leads to it; a null takes a field away.
    async fn change(&mut self, role: Role, changes: &[(&str, Value)]) {
        let mut signed = self.read(name(role))["signed"].take();
        for (pointer, value) in changes {
            set(&mut signed, pointer, value);
        }
        self.sign(role, signed).await;
        let under = match role {
            Role::Targets => Some(Role::Snapshot),
            Role::Snapshot => Some(Role::Timestamp),
            Role::Root | Role::Timestamp => None,
        };
        if let Some(above) = under {
            let content = &self.files[name(role)];
            let meta = json!({"version": 1, "length": content.len(), "hashes": {"sha256": hex::encode(sha256(content))}});
            Box::pin(self.change(above, &[(&format!("/meta/{role}.json"), meta)])).await;
        }
    }

    async fn sign(&mut self, role: Role, signed: Value) {
        let unsigned = json!({"signatures": [], "signed": signed});
        let mut envelope = Envelope::parse(&serde_json::to_vec(&unsigned).unwrap()).unwrap();
        for signer in self.signers(role) {
            envelope.sign(signer.as_ref()).await.unwrap();
        }
        self.files.insert(name(role).to_owned(), envelope.to_file().unwrap());
        if role == Role::Root {
            self.files.insert("root.json".to_owned(), envelope.to_file().unwrap());
        }
    }

    /// Changes a file as it lies there; what it is signed by stays.
    fn damage(&mut self, name: &str, pointer: &str, value: &Value) {
        let mut file = self.read(name);
        set(&mut file, pointer, value);
        self.files.insert(name.to_owned(), serde_json::to_vec_pretty(&file).unwrap());
    }

    async fn walk(&self) -> Walk {
        let root = Bytes::from(self.files["1.root.json"].clone());
        walk(Some(root), async |path: &str| self.answer(path), self.now).await
    }

    fn answer(&self, path: &str) -> Answer {
        self.files.get(path).map_or(Answer::Missing, |content| Answer::File(content.clone().into()))
    }

    /// What is found, as `rule path`, but for what a clean repository has too.
    async fn found(&self) -> BTreeSet<String> {
        let mut found = rules(&self.walk().await);
        found.remove("tuf-no-usage 1.targets.json signed.targets");
        found
    }
}

fn rules(walk: &Walk) -> BTreeSet<String> {
    walk.findings.iter().map(|finding| format!("{} {}", finding.rule.name, finding.path)).collect()
}

fn name(role: Role) -> &'static str {
    match role {
        Role::Root => "1.root.json",
        Role::Targets => "1.targets.json",
        Role::Snapshot => "1.snapshot.json",
        Role::Timestamp => "timestamp.json",
    }
}

fn set(json: &mut Value, pointer: &str, value: &Value) {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    // Names of files hold no slash here.
    let parent = json.pointer_mut(parent).unwrap();
    match (parent, value) {
        (Value::Object(fields), Value::Null) => drop(fields.remove(field)),
        (Value::Object(fields), value) => drop(fields.insert(field.to_owned(), value.clone())),
        (parent, value) => parent[field.parse::<usize>().unwrap()] = value.clone(),
    }
}

/// Changes to what a role signs, and each finding that they must lead to.
type Case = (Role, Vec<(String, Value)>, Vec<String>);

fn case(role: Role, pointer: &str, value: Value, expected: &[&str]) -> Case {
    let expected = expected.iter().map(|rule| {
        if rule.contains(' ') {
            return (*rule).to_owned();
        }
        let file = if role == Role::Root { GIVEN } else { name(role) };
        format!("{rule} {file} signed{}", pointer.replace('/', "."))
    });
    (role, vec![(pointer.to_owned(), value)], expected.collect())
}

async fn expect(scene: &Scene, cases: Vec<Case>) {
    for (role, changes, expected) in cases {
        let mut scene = scene.clone();
        let changes: Vec<_> =
            changes.iter().map(|(pointer, value)| (pointer.as_str(), value.clone())).collect();
        scene.change(role, &changes).await;
        assert_eq!(scene.found().await, expected.into_iter().collect(), "{changes:?}");
    }
}

#[tokio::test]
async fn a_sound_repository_and_whose_root_it_is() {
    let scene = Scene::clean().await;
    let walked = scene.walk().await;
    assert_eq!(rules(&walked), BTreeSet::from(["tuf-no-usage 1.targets.json signed.targets".to_owned()]));
    let names: Vec<_> = walked.documents.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["signing_config.v0.2.json", "trusted_root.json"]);
    let unasked = walk(None, async |path: &str| scene.answer(path), scene.now).await;
    assert!(rules(&unasked).contains("tuf-root-unchecked 1.root.json"));
    let nothing = walk(None, async |_: &str| Answer::Missing, scene.now).await;
    assert_eq!(rules(&nothing), BTreeSet::from(["tuf-file-missing 1.root.json".to_owned()]));
}

#[tokio::test]
async fn the_public_root_with_keys_and_signatures_of_others_making() {
    let root = Bytes::from_static(include_bytes!("../../testdata/sigstore-root-12.json"));
    let found = async |then: &str| {
        let now = Timestamp::from_rfc3339(then).unwrap();
        rules(&walk(Some(root.clone()), async |_: &str| Answer::Missing, now).await)
    };
    let alone = ["tuf-root-copy root.json", "tuf-file-missing timestamp.json"].map(str::to_owned);
    assert_eq!(found("2025-03-01T00:00:00Z").await, BTreeSet::from(alone.clone()));
    let mut late = BTreeSet::from(alone);
    late.insert(format!("tuf-expired {GIVEN} signed.expires"));
    assert_eq!(found("2025-08-20T00:00:00Z").await, late);
}

#[tokio::test]
async fn what_every_file_says() {
    let scene = Scene::clean().await;
    let at = |days: u32| json!(scene.now.plus(DAY * days).to_rfc3339());
    let past = json!(Timestamp::from_seconds(scene.now.seconds() - 1).to_rfc3339());
    let soon = json!(scene.now.plus(DAY / 4).to_rfc3339());
    let role = Role::Timestamp;
    let rewritten = ["tuf-expires-form", "tuf-expires-rewritten"];
    let cases = vec![
        case(role, "/_type", json!("Timestamp"), &["tuf-type"]),
        case(role, "/spec_version", json!("2.0.0"), &["tuf-spec-version"]),
        case(role, "/spec_version", json!("1"), &["tuf-spec-version"]),
        case(role, "/spec_version", json!("1.0"), &[]),
        case(role, "/version", json!(0), &["tuf-version-missing"]),
        case(role, "/expires", json!("2031-01-31T12:00:00.500Z"), &rewritten),
        case(role, "/expires", json!("2031-01-31T12:00:00+00:00"), &rewritten),
        case(role, "/expires", json!("2031-01-31T12:00:00.25Z"), &["tuf-expires-form"]),
        case(role, "/expires", json!("soon"), &["tuf-expires-form"]),
        case(role, "/expires", past.clone(), &["tuf-expired"]),
        case(Role::Snapshot, "/expires", past.clone(), &["tuf-expired"]),
        case(Role::Targets, "/expires", past.clone(), &["tuf-expired"]),
        case(Role::Root, "/expires", past, &["tuf-expired"]),
        case(role, "/expires", soon, &["tuf-expires-soon"]),
        case(role, "/expires", at(2), &[]),
        case(Role::Targets, "/expires", at(20), &["tuf-expires-soon"]),
        case(Role::Root, "/expires", at(20), &["tuf-expires-soon"]),
    ];
    expect(&scene, cases).await;
}

#[tokio::test]
async fn the_root_s_roles_and_keys() {
    let scene = Scene::clean().await;
    let root = scene.read("1.root.json");
    let ids: Vec<_> = ["root", "timestamp"]
        .map(|role| root["signed"]["roles"][role]["keyids"][0].as_str().unwrap().to_owned())
        .to_vec();
    let (person, timestamp) = (format!("/keys/{}", ids[0]), format!("/keys/{}", ids[1]));
    let point = hex::encode(scene.people[0].public_key().key_bytes());
    let at =
        |rule: &str, key: &str, field: &str| format!("{rule} {GIVEN} signed{}{field}", key.replace('/', "."));
    let of_key = |field: &str, value: Value, rules: &[&str]| {
        let mut expected: Vec<_> =
            rules.iter().map(|rule| at(rule, &person, &field.replace('/', "."))).collect();
        expected.push(at("tuf-key-id", &person, ""));
        (Role::Root, vec![(format!("{person}{field}"), value)], expected)
    };
    let role = |name: &str, field: &str| format!("/roles/{name}/{field}");
    let mut unreadable = vec![
        at("tuf-key-unreadable", &timestamp, ".keyval.public"),
        at("tuf-key-id", &timestamp, ""),
        "tuf-signatures timestamp.json.signatures".to_owned(),
    ];
    unreadable.sort();
    let given = |rule: &str| format!("{rule} {GIVEN}.signatures");
    let mut cases = vec![
        of_key("/keyval/public", json!(point), &["tuf-key-form"]),
        of_key("/scheme", json!("ecdsa-sha2-nistp384"), &["tuf-key-scheme"]),
        of_key("/scheme", json!("ecdsa-sha2-nistp521"), &["tuf-key-scheme"]),
        of_key("/scheme", json!("hmac"), &["tuf-key-scheme", "tuf-key-unknown"]),
        (Role::Root, vec![(format!("{timestamp}/keyval/public"), json!("zz"))], unreadable),
        case(Role::Root, &role("root", "threshold"), json!(0), &["tuf-threshold-zero"]),
        case(
            Role::Root,
            &role("root", "threshold"),
            json!(4),
            &["tuf-threshold-high", &given("tuf-signatures")],
        ),
        case(Role::Root, &role("timestamp", "keyids"), json!([ids[1], "ab"]), &["tuf-key-missing"]),
        case(Role::Root, &role("timestamp", "keyids"), json!([ids[1], ids[1]]), &["tuf-key-listed-twice"]),
        case(
            Role::Root,
            "/roles/timestamp",
            Value::Null,
            &[&format!("tuf-role-missing {GIVEN} signed.roles")],
        ),
        case(
            Role::Root,
            "/consistent_snapshot",
            json!(false),
            &["tuf-not-consistent", "tuf-file-missing snapshot.json"],
        ),
    ];
    cases[1].2.push(at("tuf-key-not-sha256", &person, ".scheme"));
    let keytype = vec![
        at("tuf-key-type", &person, ".keytype"),
        at("tuf-key-unknown", &person, ".scheme"),
        at("tuf-key-id", &person, ""),
    ];
    cases.push((Role::Root, vec![(format!("{person}/keytype"), json!("ecdsa-sha2-nistp384"))], keytype));
    expect(&scene, cases).await;
}

#[tokio::test]
async fn what_is_vouched_for() {
    let scene = Scene::clean().await;
    let (role, hashes) = (Role::Timestamp, "/meta/snapshot.json/hashes");
    let cases = vec![
        case(role, "/meta/snapshot.json", Value::Null, &["tuf-unlisted"]),
        case(Role::Snapshot, "/meta/targets.json", Value::Null, &["tuf-unlisted"]),
        case(role, "/meta/snapshot.json/version", json!(2), &["tuf-file-missing 2.snapshot.json"]),
        case(role, "/meta/snapshot.json/length", json!(7), &["tuf-length"]),
        case(role, hashes, json!({"sha256": "00".repeat(32)}), &["tuf-hash"]),
        case(role, hashes, json!({"sha512": "00".repeat(64)}), &["tuf-hash"]),
        case(role, hashes, json!({"md5": "00"}), &["tuf-hash-unknown", "tuf-hash-neither"]),
        case(role, hashes, json!({}), &["tuf-hashes-empty", "tuf-hash-neither"]),
        case(role, hashes, Value::Null, &[]),
        case(Role::Snapshot, "/version", json!(3), &["tuf-version-other 1.snapshot.json signed.version"]),
    ];
    // A version of null in the listing stands for none.
    expect(&scene, cases).await;
}

#[tokio::test]
async fn signatures_and_bytes() {
    let clean = Scene::clean().await;
    let signature = clean.read("timestamp.json")["signatures"][0].clone();
    let mut other = signature.clone();
    other["sig"] = json!("not hex");
    other["keyid"] = json!("ab");
    let cases = [
        ("/signatures", json!([]), vec!["tuf-signatures timestamp.json.signatures"]),
        ("/signed/version", json!(2), vec!["tuf-signatures timestamp.json.signatures"]),
        ("/signatures", json!([signature, signature]), vec!["tuf-signed-twice timestamp.json signed"]),
        ("/signatures", json!([signature, other]), vec!["tuf-signature-form timestamp.json signed"]),
        ("/signed", Value::Null, vec!["tuf-unreadable timestamp.json"]),
        ("/padding", json!(" ".repeat(20_000)), vec!["tuf-too-long timestamp.json signed"]),
    ];
    for (pointer, value, expected) in cases {
        let mut scene = clean.clone();
        scene.damage("timestamp.json", pointer, &value);
        let expected: BTreeSet<_> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(scene.found().await, expected, "{pointer}");
    }
    let mut scene = clean.clone();
    scene.files.remove("timestamp.json");
    scene.files.remove("root.json");
    let missing = ["tuf-file-missing timestamp.json", "tuf-root-copy root.json"].map(str::to_owned);
    assert_eq!(scene.found().await, BTreeSet::from(missing));
}

#[tokio::test]
async fn roots_that_follow() {
    let clean = Scene::clean().await;
    let next = async |version: u64, people: &[usize]| {
        let mut scene = clean.clone();
        scene.people = people.iter().map(|&who| Arc::clone(&clean.people[who])).collect();
        let mut signed = scene.read("1.root.json")["signed"].take();
        signed["version"] = json!(version);
        let first = scene.files["1.root.json"].clone();
        scene.sign(Role::Root, signed).await;
        let second = scene.files.insert("1.root.json".to_owned(), first).unwrap();
        scene.files.insert("2.root.json".to_owned(), second);
        scene.found().await
    };
    assert_eq!(next(2, &[0, 1]).await, BTreeSet::new());
    let few = "tuf-signatures 2.root.json.signatures".to_owned();
    assert_eq!(next(2, &[0]).await, BTreeSet::from([few]));
    let other = "tuf-version-other 2.root.json signed.version".to_owned();
    assert_eq!(next(3, &[0, 1]).await, BTreeSet::from([other]));
    let root = Bytes::from(clean.files["1.root.json"].clone());
    let forbidden = async |path: &str| match path {
        "2.root.json" => Answer::Other("the server answered 403 Forbidden".to_owned()),
        path => clean.answer(path),
    };
    assert!(rules(&walk(Some(root), forbidden, clean.now).await).contains("tuf-next-root 2.root.json"));
}

#[tokio::test]
async fn targets() {
    let scene = Scene::clean().await;
    let entry = &scene.read("1.targets.json")["signed"]["targets"]["trusted_root.json"];
    let file = "/targets/trusted_root.json";
    let digest = entry["hashes"]["sha256"].as_str().unwrap().to_owned();
    let both = json!({"sha256": digest, "sha512": "00".repeat(64)});
    let in_list = |rule: &str| format!("{rule} 1.targets.json signed.targets");
    let of_file =
        |rule: &str, field: &str| format!("{rule} 1.targets.json signed.targets.trusted_root.json{field}");
    let cases = vec![
        case(Role::Targets, file, Value::Null, &[&in_list("tuf-no-trusted-root")]),
        case(
            Role::Targets,
            "/targets/signing_config.v0.2.json",
            Value::Null,
            &[&in_list("tuf-no-signing-config")],
        ),
        case(Role::Targets, "/delegations", json!({"keys": {}, "roles": []}), &["tuf-delegations"]),
        case(
            Role::Targets,
            &format!("{file}/custom"),
            json!({"sigstore": {"usage": "Sigstore", "status": "Active"}}),
            &[&of_file("tuf-custom", ".custom.sigstore")],
        ),
        case(
            Role::Targets,
            &format!("{file}/custom"),
            json!({"sigstore": {"usage": "Rekor", "status": "Active"}}),
            &[&of_file("tuf-usage-unreadable", ".custom.sigstore.usage")],
        ),
        case(
            Role::Targets,
            &format!("{file}/hashes"),
            both,
            &[&of_file("tuf-target-name", ".hashes"), &of_file("tuf-hash", ".hashes")],
        ),
        case(
            Role::Targets,
            &format!("{file}/hashes"),
            Value::Null,
            &[&of_file("tuf-target-unhashed", ".hashes"), &of_file("tuf-target-missing", "")],
        ),
        case(Role::Targets, &format!("{file}/length"), json!(1), &[&of_file("tuf-length", ".length")]),
    ];
    expect(&scene, cases).await;
    let mut without = scene.clone();
    without.files.remove(&format!("targets/{digest}.trusted_root.json"));
    assert_eq!(without.found().await, BTreeSet::from([of_file("tuf-target-missing", "")]));
}
