use sigstead_clock::Timestamp;
use sigstead_entry::{KeyFormat, SearchField, image_digests};
use sigstead_store::SearchKey;

use super::error::Error;

/// Entries on a page, unless more or fewer are asked for.
const PAGE: usize = 50;
/// Most entries on a page.
const MAX_PAGE: usize = 1000;
/// Longest value, in bytes; an OpenPGP key or a TUF root is the longest that makes sense.
const MAX_VALUE: usize = 16 * 1024;
/// Most conditions.
const MAX_CONDITIONS: usize = 64;

/// What is asked for. Values of one name are alternatives; every name must be met.
#[derive(Debug, PartialEq)]
pub(super) struct Parameters {
    /// By name, in the order in which names came first.
    pub(super) conditions: Vec<(String, Vec<Condition>)>,
    pub(super) after: Option<Timestamp>,
    pub(super) before: Option<Timestamp>,
    pub(super) newest_first: bool,
    pub(super) limit: usize,
    pub(super) cursor: Option<Cursor>,
    pub(super) count: bool,
    pub(super) bodies: bool,
}

#[derive(Debug, PartialEq)]
pub(super) enum Condition {
    /// Any of these keys.
    Exact(Vec<SearchKey>),
    /// Any text of the field that begins so.
    Prefix(SearchField, String),
    /// Any text of the field that has this in it.
    Part(SearchField, String),
}

/// Where a page ended: the tree, and the entry in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) tree_id: i64,
    pub(super) index: u64,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.tree_id, self.index)
    }
}

impl Parameters {
    pub(super) fn parse(query: &str) -> Result<Self, Error> {
        let mut parameters = Self {
            conditions: Vec::new(),
            after: None,
            before: None,
            newest_first: true,
            limit: PAGE,
            cursor: None,
            count: false,
            bodies: false,
        };
        for (count, (name, value)) in form_urlencoded::parse(query.as_bytes()).enumerate() {
            if count >= MAX_CONDITIONS {
                return Err(Error::parameter(
                    &name,
                    format!("a search has at most {MAX_CONDITIONS} parameters"),
                ));
            }
            // Postgres takes no NUL, and no text that is found has one.
            if value.is_empty() || value.len() > MAX_VALUE || value.contains('\0') {
                return Err(Error::parameter(
                    &name,
                    format!("a value has 1 to {MAX_VALUE} bytes, none of them NUL"),
                ));
            }
            parameters.take(&name, &value)?;
        }
        Ok(parameters)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Error> {
        match name {
            "after" => self.after = Some(time(name, value)?),
            "before" => self.before = Some(time(name, value)?),
            "order" => self.newest_first = flag(name, value, ("newest", "oldest"))?,
            "count" => self.count = flag(name, value, ("true", "false"))?,
            "bodies" => self.bodies = flag(name, value, ("true", "false"))?,
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MAX_PAGE).contains(limit));
                let wrong = || Error::parameter(name, format!("write a number from 1 to {MAX_PAGE}"));
                self.limit = limit.ok_or_else(wrong)?;
            }
            "cursor" => {
                let cursor = value.split_once('.').and_then(|(tree_id, index)| {
                    Some(Cursor { tree_id: tree_id.parse().ok()?, index: index.parse().ok()? })
                });
                let wrong = || Error::parameter(name, "use the cursor of an answer as it is");
                self.cursor = Some(cursor.ok_or_else(wrong)?);
            }
            _ => {
                let condition = condition(name, value)?;
                match self.conditions.iter_mut().find(|(known, _)| known == name) {
                    Some((_, alternatives)) => alternatives.push(condition),
                    None => self.conditions.push((name.to_owned(), vec![condition])),
                }
            }
        }
        Ok(())
    }
}

fn condition(name: &str, value: &str) -> Result<Condition, Error> {
    let exact =
        |values: &[String]| Condition::Exact(values.iter().map(|value| SearchKey::of(value)).collect());
    match name {
        "digest" => Ok(exact(&[digest(value).ok_or_else(|| {
            Error::parameter(name, "write algorithm:hex, or the hex of a SHA-1, SHA-256, SHA-384 or SHA-512")
        })?])),
        "image" => Ok(exact(
            &image_digests(value)
                .ok_or_else(|| Error::parameter(name, "write repository@sha256:hex, or sha256:hex"))?,
        )),
        // Names in certificates are in a field of their own, those in OpenPGP keys are not.
        "email" | "subject" => Ok(Condition::Exact(vec![
            SearchKey::in_field(SearchField::Subject.name(), value),
            SearchKey::of(value),
        ])),
        "key" => key(value).ok_or_else(|| {
            Error::parameter(
                name,
                "write the hex SHA-256 of the key's SubjectPublicKeyInfo, or the key as it was logged: PEM, OpenPGP, minisign, OpenSSH, a TUF root",
            )
        }),
        _ => named(name, value),
    }
}

/// `issuer`, `issuer.prefix`, `issuer.contains` and so on.
fn named(name: &str, value: &str) -> Result<Condition, Error> {
    let (field_name, how) = name.split_once('.').unwrap_or((name, ""));
    let field = SearchField::from_name(field_name);
    let text = value.to_lowercase();
    match (field, how) {
        (Some(field), "") => Ok(Condition::Exact(vec![SearchKey::in_field(field.name(), value)])),
        (Some(field), "prefix") if field.is_searched_in_part() => Ok(Condition::Prefix(field, text)),
        (Some(field), "contains") if field.is_searched_in_part() => Ok(Condition::Part(field, text)),
        _ => Err(Error::parameter(
            name,
            "there is no such parameter; /api/search/openapi.json describes those that there are",
        )),
    }
}

fn digest(value: &str) -> Option<String> {
    let (algorithm, hex) = match value.split_once(':') {
        Some((algorithm, hex)) => (algorithm, hex),
        None => (
            match value.len() {
                40 => "sha1",
                64 => "sha256",
                96 => "sha384",
                128 => "sha512",
                _ => return None,
            },
            value,
        ),
    };
    let is_hex = !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hex && !algorithm.is_empty()).then(|| format!("{algorithm}:{hex}"))
}

/// A fingerprint, or a key in any format of Rekor's.
fn key(value: &str) -> Option<Condition> {
    if value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let fingerprint = SearchKey::in_field(SearchField::Key.name(), value);
        return Some(Condition::Exact(vec![fingerprint, SearchKey::of(value)]));
    }
    let formats = [KeyFormat::X509, KeyFormat::Pgp, KeyFormat::Ssh, KeyFormat::Minisign, KeyFormat::Tuf];
    let hash = formats.into_iter().find_map(|format| format.key_hash(value.as_bytes()).ok())?;
    Some(Condition::Exact(vec![SearchKey::of(&hash)]))
}

fn time(name: &str, value: &str) -> Result<Timestamp, Error> {
    let wrong = || Error::parameter(name, "write the time as 2026-01-31T12:00:00Z");
    Timestamp::from_rfc3339(value).ok_or_else(wrong)
}

fn flag(name: &str, value: &str, (yes, no): (&str, &str)) -> Result<bool, Error> {
    match value {
        value if value == yes => Ok(true),
        value if value == no => Ok(false),
        _ => Err(Error::parameter(name, format!("write {yes} or {no}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_one_name_are_alternatives() {
        let parameters = Parameters::parse(
            "issuer=https%3A%2F%2Fa.example&subject.prefix=Al&issuer=b&limit=7&order=oldest",
        )
        .unwrap();
        let issuer = |text| Condition::Exact(vec![SearchKey::in_field("issuer", text)]);
        assert_eq!(
            parameters.conditions,
            [
                ("issuer".to_owned(), vec![issuer("https://a.example"), issuer("b")]),
                ("subject.prefix".to_owned(), vec![Condition::Prefix(SearchField::Subject, "al".to_owned())]),
            ]
        );
        assert_eq!((parameters.limit, parameters.newest_first), (7, false));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (query, named) in [
            ("colour=red", "colour"),
            ("kind.prefix=h", "kind.prefix"),
            ("digest=xyz", "digest"),
            ("image=nginx:latest", "image"),
            ("key=junk", "key"),
            ("limit=0", "limit"),
            ("limit=1001", "limit"),
            ("after=yesterday", "after"),
            ("order=best", "order"),
            ("cursor=1", "cursor"),
            ("subject=", "subject"),
            ("subject.contains=a%00b", "subject.contains"),
        ] {
            let error = Parameters::parse(query).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{named}: ")), "{query}: {error}");
        }
        assert!(Parameters::parse(&"kind=a&".repeat(65)).is_err());
    }
}
