//! The `tuf` format: the root of a TUF repository, and roles' metadata that its keys sign.

mod key;

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value, json};
use sigstead_crypto::olpc_json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Rejection;
use crate::fields::Fields;
use key::Key;

/// Longest metadata in text: what python-tuf allows the largest role.
const MAX_METADATA: usize = 5_000_000;
/// Most signatures under one role: each costs a verification, and no repository has so many keys.
const MAX_SIGNATURES: usize = 256;

/// Metadata of one role: what is signed, and the signatures.
#[derive(Debug, Clone)]
pub(crate) struct Metadata {
    /// `_type`: the role's name.
    pub(crate) role: String,
    pub(crate) version: i64,
    pub(crate) spec_version: String,
    /// Go's year 1 where nothing is said.
    expires: OffsetDateTime,
    signed: Value,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone)]
struct Signature {
    key_id: String,
    bytes: Vec<u8>,
}

impl Metadata {
    /// From the text of a JSON file.
    pub(crate) fn from_json(text: &[u8]) -> Result<Self, Rejection> {
        if text.len() > MAX_METADATA {
            return Err(Rejection::entry("tuf: metadata is too large"));
        }
        let file = serde_json::from_slice(text).map_err(|error| Rejection::entry(error.to_string()))?;
        Self::parse(&file)
    }

    pub(crate) fn parse(file: &Value) -> Result<Self, Rejection> {
        let file = Fields::of(Some(file));
        let signed = file.value("signed").ok_or_else(|| Rejection::entry("unexpected end of JSON input"))?;
        let fields = Fields::of(Some(signed));
        let sent = file.list("signatures");
        if !fields.is_present() {
            return Err(wrong_type("signed"));
        }
        if sent.len() > MAX_SIGNATURES {
            return Err(Rejection::entry(format!("tuf: more than {MAX_SIGNATURES} signatures")));
        }
        Ok(Self {
            role: text(fields, "_type")?,
            version: match fields.value("version") {
                None => 0,
                Some(version) => version.as_i64().ok_or_else(|| wrong_type("version"))?,
            },
            spec_version: text(fields, "spec_version")?,
            expires: expires(fields)?,
            signatures: sent.iter().map(Signature::parse).collect::<Result<_, _>>()?,
            signed: signed.clone(),
        })
    }

    /// RFC 8785 JSON of the signed part and the signatures, as entries keep it; other fields are dropped.
    pub(crate) fn canonical(&self) -> Result<Vec<u8>, Rejection> {
        let signatures: Vec<Value> = self.signatures.iter().map(Signature::to_json).collect();
        let file = json!({ "signatures": signatures, "signed": self.signed });
        serde_json_canonicalizer::to_vec(&file).map_err(|error| Rejection::entry(error.to_string()))
    }

    /// Whether its time is over, as seen at `now_unix`.
    pub(crate) fn check_expiry(&self, now_unix: i64) -> Result<(), Rejection> {
        if self.expires.unix_timestamp() > now_unix {
            Ok(())
        } else {
            Err(Rejection::entry(format!("expired at {}", go_time(self.expires))))
        }
    }
}

/// As Go writes an instant.
fn go_time(at: OffsetDateTime) -> String {
    let (date, time, (hours, minutes, _)) = (at.date(), at.time(), at.offset().as_hms());
    let fraction = format!(".{:09}", time.nanosecond());
    let zone = format!("{hours:+03}{:02}", minutes.abs());
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}{} {zone} {}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
        fraction.trim_end_matches('0').trim_end_matches('.'),
        if at.offset().is_utc() { "UTC" } else { &zone }
    )
}

impl Signature {
    fn parse(sent: &Value) -> Result<Self, Rejection> {
        let sent = Fields::of(Some(sent));
        Ok(Self { key_id: text(sent, "keyid")?, bytes: hex_bytes(&text(sent, "sig")?)? })
    }

    fn to_json(&self) -> Value {
        json!({ "keyid": self.key_id, "sig": hex::encode(&self.bytes) })
    }
}

/// A root whose own keys signed it.
#[derive(Debug, Clone)]
pub(crate) struct Root {
    pub(crate) metadata: Metadata,
    keys: BTreeMap<String, Key>,
    roles: BTreeMap<String, Role>,
}

#[derive(Debug, Clone)]
struct Role {
    key_ids: HashSet<String>,
    threshold: usize,
}

impl Root {
    /// Checks the root's signatures by the keys that it names for itself.
    pub(crate) fn verify(metadata: Metadata) -> Result<Self, Rejection> {
        let fields = Fields::of(Some(&metadata.signed));
        let keys = objects(fields, "keys")?.map(|(id, key)| match key.is_null() {
            true => Err(Rejection::entry("tuf root contains nil key")),
            false => Ok((id.clone(), Key::parse(Fields::of(Some(key)))?)),
        });
        let roles = objects(fields, "roles")?.map(|(name, role)| match role.is_null() {
            true => Err(Rejection::entry("tuf root contains nil role")),
            false => Ok((name.clone(), Role::parse(Fields::of(Some(role)))?)),
        });
        let (keys, roles) = (keys.collect::<Result<_, _>>()?, roles.collect::<Result<_, _>>()?);
        let root = Self { keys, roles, metadata };
        root.verify_role(&root.metadata, "root")?;
        Ok(root)
    }

    /// Checks that enough of a role's keys signed `metadata`, and that it is of that role.
    pub(crate) fn verify_role(&self, metadata: &Metadata, name: &str) -> Result<(), Rejection> {
        if metadata.signatures.is_empty() {
            return Err(Rejection::entry("tuf: data has no signatures"));
        }
        let role =
            self.roles.get(name).ok_or_else(|| Rejection::entry(format!("tuf: unknown role {name:?}")))?;
        let message = olpc_json::encode(&metadata.signed);
        let verified = metadata.signatures.iter().filter_map(|signature| {
            let key =
                self.keys.get(&signature.key_id).filter(|_| role.key_ids.contains(&signature.key_id))?;
            // One key counts once, under however many ids it is listed.
            key.verifies(message.as_deref()?, &signature.bytes).then(|| key.fingerprint())
        });
        if verified.collect::<HashSet<_>>().len() < role.threshold {
            return Err(Rejection::entry("tuf: valid signatures did not meet threshold"));
        }
        // Keys of any other role may sign targets only: such a role is a delegation.
        let wanted = if TOP_LEVEL.contains(&name) { name } else { "targets" };
        if metadata.role.eq_ignore_ascii_case(wanted) {
            Ok(())
        } else {
            Err(Rejection::entry("tuf: meta file has wrong type"))
        }
    }
}

impl Role {
    fn parse(role: Fields<'_>) -> Result<Self, Rejection> {
        let threshold = role.value("threshold").and_then(Value::as_i64).unwrap_or_default();
        let threshold = usize::try_from(threshold).ok().filter(|threshold| *threshold > 0);
        let key_ids = role.list("keyids").iter().map(|id| id.as_str().map(str::to_owned));
        Ok(Self {
            key_ids: key_ids.collect::<Option<_>>().ok_or_else(|| wrong_type("keyids"))?,
            threshold: threshold.ok_or_else(|| Rejection::entry("tuf: invalid role threshold"))?,
        })
    }
}

fn objects<'a>(
    fields: Fields<'a>,
    name: &'static str,
) -> Result<impl Iterator<Item = (&'a String, &'a Value)>, Rejection> {
    let map: Option<&Map<String, Value>> = match fields.value(name) {
        None => None,
        Some(value) => Some(value.as_object().ok_or_else(|| wrong_type(name))?),
    };
    Ok(map.into_iter().flatten())
}

/// A field that is a string, empty if it is not there.
fn text(fields: Fields<'_>, name: &'static str) -> Result<String, Rejection> {
    match fields.value(name) {
        None => Ok(String::new()),
        Some(value) => Ok(value.as_str().ok_or_else(|| wrong_type(name))?.to_owned()),
    }
}

fn expires(signed: Fields<'_>) -> Result<OffsetDateTime, Rejection> {
    let Some(value) = signed.value("expires") else {
        return Ok(OffsetDateTime::new_utc(GO_ZERO, time::Time::MIDNIGHT));
    };
    let text =
        value.as_str().ok_or_else(|| Rejection::entry("Time.UnmarshalJSON: input is not a JSON string"))?;
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|error| Rejection::entry(format!("parsing time {text:?}: {error}")))
}

fn hex_bytes(text: &str) -> Result<Vec<u8>, Rejection> {
    hex::decode(text).map_err(|_| Rejection::entry("tuf: invalid JSON hex bytes"))
}

fn wrong_type(field: &'static str) -> Rejection {
    Rejection::entry(format!("json: field {field} of TUF metadata is of the wrong type"))
}

const TOP_LEVEL: [&str; 4] = ["root", "targets", "snapshot", "timestamp"];
const GO_ZERO: time::Date = time::macros::date!(0001 - 01 - 01);
