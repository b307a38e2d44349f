use serde_json::Value;
use sigstead_crypto::{PssSalt, PublicKey, PublicKeyKind, olpc_json, sha256};

use crate::lint::rule::{
    Check, Finding, GO, JAVA, JS, POLICY_CONTROLLER, PYTHON, TOUGH, error, findings, warning, when,
};
use crate::tuf::verifies;

use super::ALL;

/// A public key as a root names it (TUF specification §4.3), whatever is wrong with it.
pub(super) struct Key {
    id: String,
    json: Value,
    /// `None` if it cannot be read in any form that one of the clients takes.
    pub(super) key: Option<PublicKey>,
}

impl Key {
    pub(super) fn read(id: &str, json: &Value) -> Self {
        let mut key = Self { id: id.to_owned(), json: json.clone(), key: None };
        key.key = match (key.is_pem(), hex::decode(key.public())) {
            (true, _) => PublicKey::from_pem(key.public().as_bytes()).ok(),
            (false, Ok(raw)) if key.kind() == ED25519 => PublicKey::from_ed25519_bytes(&raw).ok(),
            (false, Ok(point)) => PublicKey::from_point(PublicKeyKind::EcdsaP256, &point).ok(),
            (false, Err(_)) => None,
        };
        key
    }

    pub(super) fn findings(&self, path: &str) -> Vec<Finding> {
        findings(KEY, self, path)
    }

    /// Whether `signature` is this key's.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.as_ref().is_some_and(|key| match key.kind() {
            PublicKeyKind::Rsa { .. } => key.verify_pss(PssSalt::DigestOrLongest, message, signature).is_ok(),
            _ => verifies(key, message, signature),
        })
    }

    fn kind(&self) -> &str {
        self.text("keytype")
    }

    fn scheme(&self) -> &str {
        self.text("scheme")
    }

    fn public(&self) -> &str {
        self.json.pointer("/keyval/public").and_then(Value::as_str).unwrap_or_default()
    }

    fn is_pem(&self) -> bool {
        self.public().starts_with(PEM)
    }

    fn text(&self, field: &str) -> &str {
        self.json.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    fn named(&self) -> String {
        format!("{} with {}", self.kind(), self.scheme())
    }

    /// Whether the scheme is one for such a key.
    fn has_its_scheme(&self) -> bool {
        match self.key.as_ref().map(PublicKey::kind) {
            Some(PublicKeyKind::EcdsaP256) => self.scheme() == P256,
            Some(PublicKeyKind::EcdsaP384) => self.scheme() == P384,
            Some(PublicKeyKind::EcdsaP521) => self.scheme() == P521,
            Some(PublicKeyKind::Ed25519) => self.scheme() == ED25519,
            Some(PublicKeyKind::Rsa { .. }) => self.scheme().starts_with(RSA),
            None => true,
        }
    }

    /// Of its canonical form (§4.2.3).
    fn computed_id(&self) -> Option<String> {
        Some(hex::encode(sha256(&olpc_json::encode(&self.json)?)))
    }
}

const PEM: &str = "-----BEGIN";
const ED25519: &str = "ed25519";
const ECDSA: &str = "ecdsa";
const RSA: &str = "rsa";
const RSA_PSS: &str = "rsassa-pss-sha256";
const P256: &str = "ecdsa-sha2-nistp256";
const P384: &str = "ecdsa-sha2-nistp384";
const P521: &str = "ecdsa-sha2-nistp521";
/// The types that Go's clients know.
const GO_TYPES: [&str; 4] = [ED25519, ECDSA, P256, RSA];
/// The pairs that python-tuf knows, without those of RSA.
const PAIRS: [(&str, &str); 7] = [
    (ED25519, ED25519),
    (ECDSA, P256),
    (ECDSA, P384),
    (ECDSA, P521),
    (P256, P256),
    (P384, P384),
    (P521, P521),
];

fn is_known_to_python(key: &Key) -> bool {
    let is_rsa = key.kind() == RSA && key.scheme().starts_with(RSA);
    is_rsa || PAIRS.contains(&(key.kind(), key.scheme()))
}

static KEY: &[Check<Key>] = &[
    Check {
        rule: error(
            "tuf-key-unknown",
            &[PYTHON, JS, JAVA],
            "refuse the root, or count no signature of it",
            "write ecdsa with ecdsa-sha2-nistp256, or ed25519 with ed25519",
        ),
        at: "scheme",
        broken: |key| when(!is_known_to_python(key), key.named()),
    },
    Check {
        rule: error(
            "tuf-key-type",
            &[GO, POLICY_CONTROLLER],
            "refuse all that a role with this key signs, whoever else signed",
            "write ecdsa, ed25519 or rsa",
        ),
        at: "keytype",
        broken: |key| when(!GO_TYPES.contains(&key.kind()), key.kind()),
    },
    Check {
        rule: error(
            "tuf-key-form",
            &[GO, PYTHON, JAVA, POLICY_CONTROLLER],
            "cannot read the key; Go's clients then refuse all that a role with it signs",
            "write ECDSA and RSA keys as PEM, and Ed25519 keys as 64 hex digits",
        ),
        at: "keyval.public",
        broken: |key| {
            let is_wrong = key.key.is_some() && key.is_pem() == (key.kind() == ED25519);
            when(is_wrong, if key.is_pem() { "PEM" } else { "hex" })
        },
    },
    Check {
        rule: error(
            "tuf-key-unreadable",
            ALL,
            "count no signature of it, or refuse the root",
            "write the key anew",
        ),
        at: "keyval.public",
        broken: |key| when(key.key.is_none(), "neither a key in PEM nor in hex"),
    },
    Check {
        rule: error(
            "tuf-key-scheme",
            &[PYTHON, JS],
            "count no signature of it, for the scheme is another key's",
            "write the scheme of the key's own curve",
        ),
        at: "scheme",
        broken: |key| when(!key.has_its_scheme(), key.scheme()),
    },
    Check {
        rule: warning(
            "tuf-key-not-sha256",
            &[JAVA, POLICY_CONTROLLER],
            "count no signature of it, for they check SHA-256 only",
            "take keys on P-256, or Ed25519, where they follow the repository",
        ),
        at: "scheme",
        broken: |key| when(key.scheme() == P384, key.scheme()),
    },
    Check {
        rule: error(
            "tuf-key-p521",
            &[GO, JS, JAVA, POLICY_CONTROLLER],
            "count no signature of it",
            "take keys on P-256, or Ed25519",
        ),
        at: "scheme",
        broken: |key| {
            let kind = key.key.as_ref().map(PublicKey::kind);
            when(kind == Some(PublicKeyKind::EcdsaP521), "on P-521")
        },
    },
    Check {
        rule: error(
            "tuf-key-not-pss",
            &[GO, JAVA, POLICY_CONTROLLER],
            "count no signature of it, for they check RSA with PSS and SHA-256 only",
            "write rsassa-pss-sha256, and sign so",
        ),
        at: "scheme",
        broken: |key| when(key.kind() == RSA && key.scheme() != RSA_PSS, key.scheme()),
    },
    Check {
        rule: warning(
            "tuf-key-id",
            &[TOUGH],
            "refuses the root; the others take any id",
            "take the SHA-256 of the key's canonical JSON as its id, in hex",
        ),
        at: "",
        broken: |key| {
            let computed = key.computed_id()?;
            when(computed != key.id, format!("the id should be {computed}"))
        },
    },
];
