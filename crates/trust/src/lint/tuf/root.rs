use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::ALL;
use super::file::File;
use super::key::Key;
use crate::lint::rule::{
    Check, Finding, GO, GO_NOW, JAVA, JS, POLICY_CONTROLLER, PYTHON, error, findings, warning, when,
};
use crate::tuf::Role;

/// A root as it was read, whatever is wrong with it.
pub(super) struct Root {
    /// As findings name it.
    pub(super) name: String,
    pub(super) keys: BTreeMap<String, Key>,
    roles: Vec<RoleKeys>,
    /// Whether names hold versions and digests; clients take a missing word for no.
    pub(super) is_consistent: bool,
}

/// Whose keys count for a role, and how many of them must sign.
pub(super) struct RoleKeys {
    role: Role,
    pub(super) keyids: Vec<String>,
    pub(super) threshold: u64,
    /// Ids for which the root has no key.
    unknown: Vec<String>,
}

const ROLES: [Role; 4] = [Role::Root, Role::Targets, Role::Snapshot, Role::Timestamp];

impl Root {
    pub(super) fn read(file: &File) -> Self {
        let signed = file.signed();
        let keys: BTreeMap<_, _> =
            object(signed.get("keys")).map(|(id, key)| (id.clone(), Key::read(id, key))).collect();
        let roles = ROLES.iter().filter_map(|role| {
            let json = signed.get("roles")?.get(role.name())?;
            Some(RoleKeys::read(*role, json, &keys))
        });
        Self {
            name: file.name.clone(),
            roles: roles.collect(),
            keys,
            is_consistent: signed.get("consistent_snapshot") == Some(&Value::Bool(true)),
        }
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let path = format!("{} signed", self.name);
        let mut found = findings(ROOT, self, &path);
        for role in &self.roles {
            found.extend(findings(ROLE, role, &format!("{path}.roles.{}", role.role)));
        }
        for (id, key) in &self.keys {
            found.extend(key.findings(&format!("{path}.keys.{id}")));
        }
        found
    }

    pub(super) fn role(&self, role: Role) -> Option<&RoleKeys> {
        self.roles.iter().find(|keys| keys.role == role)
    }

    /// Where the current version of a role's file is.
    pub(super) fn file_name(&self, role: Role, version: u64) -> String {
        match self.is_consistent {
            true => role.file_name(version),
            false => format!("{role}.json"),
        }
    }
}

impl RoleKeys {
    fn read(role: Role, json: &Value, keys: &BTreeMap<String, Key>) -> Self {
        let keyids = json.get("keyids").and_then(Value::as_array).into_iter().flatten();
        let keyids: Vec<_> = keyids.filter_map(Value::as_str).map(str::to_owned).collect();
        let unknown = keyids.iter().filter(|id| !keys.contains_key(*id)).cloned().collect();
        let threshold = json.get("threshold").and_then(Value::as_u64).unwrap_or_default();
        Self { role, keyids, threshold, unknown }
    }

    /// How many can sign at most.
    fn most(&self) -> usize {
        self.keyids.iter().collect::<BTreeSet<_>>().len()
    }
}

/// The fields of an object; none of anything else.
pub(super) fn object(json: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    json.and_then(Value::as_object).into_iter().flatten()
}

static ROOT: &[Check<Root>] = &[
    Check {
        rule: error(
            "tuf-role-missing",
            ALL,
            "refuse the root",
            "name keys for root, targets, snapshot and timestamp",
        ),
        at: "roles",
        broken: |root| {
            let missing = ROLES.iter().find(|role| root.role(**role).is_none());
            missing.map(|role| format!("no {role}"))
        },
    },
    Check {
        rule: warning(
            "tuf-not-consistent",
            &[JAVA],
            "asks for files with version and digest in their names all the same",
            "publish consistent snapshots, and say true",
        ),
        at: "consistent_snapshot",
        broken: |root| when(!root.is_consistent, "not true"),
    },
];

static ROLE: &[Check<RoleKeys>] = &[
    Check {
        rule: error(
            "tuf-threshold-zero",
            &[GO_NOW, PYTHON, JS, POLICY_CONTROLLER],
            "refuse the root; cosign 2 believes what nobody signed",
            "say how many must sign, at least one",
        ),
        at: "threshold",
        broken: |role| when(role.threshold == 0, "not a number from 1 on"),
    },
    Check {
        rule: error(
            "tuf-threshold-high",
            ALL,
            "never see enough signatures",
            "name more keys, or ask for fewer",
        ),
        at: "threshold",
        broken: |role| {
            let most = u64::try_from(role.most()).unwrap_or(u64::MAX);
            when(role.threshold > most, format!("{} of {most} keys", role.threshold))
        },
    },
    Check {
        rule: error("tuf-key-listed-twice", &[PYTHON, JS], "refuse the root", "list each key id once"),
        at: "keyids",
        broken: |role| when(role.most() < role.keyids.len(), "an id is there twice"),
    },
    Check {
        rule: error(
            "tuf-key-missing",
            &[GO],
            "refuse all that the role signs; others leave that key out",
            "put the key under keys, or take its id away",
        ),
        at: "keyids",
        broken: |role| when(!role.unknown.is_empty(), role.unknown.join(", ")),
    },
];
