use std::collections::BTreeSet;

use sigstead_clock::Timestamp;
use sigstead_store::{Database, IssuanceQuery, IssuanceState, SanPattern};

use super::{AuditError, AuditPage, AuditRecord};

/// Lines on a page, unless more or fewer are asked for.
const PAGE: u32 = 50;
/// Most lines on a page; each may carry a certificate and the claims of a token.
const MAX_PAGE: u32 = 500;
/// Longest value; names in certificates are shorter.
const MAX_VALUE: usize = 4096;
/// Octets of the serial numbers that are given out here (RFC 5280 §4.1.2.2).
const SERIAL: usize = 20;

/// What is asked of the audit trail: every parameter must be met.
#[derive(Debug, PartialEq, Eq)]
pub struct AuditQuery {
    query: IssuanceQuery,
    limit: u32,
}

impl AuditQuery {
    /// From parameters: `serial`, `san` or `san.prefix`, `issuer`, `outcome`, `after`, `before`, `limit`, `cursor`.
    ///
    /// # Errors
    /// With the parameter that cannot be used.
    pub fn parse<N: AsRef<str>, V: AsRef<str>>(
        parameters: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, AuditError> {
        let mut asked = Self { query: IssuanceQuery::default(), limit: PAGE };
        let mut given = BTreeSet::new();
        for (name, value) in parameters {
            let (name, value) = (name.as_ref(), value.as_ref());
            if value.is_empty() || value.len() > MAX_VALUE || value.contains('\0') {
                let why = format!("a value has 1 to {MAX_VALUE} bytes, and no NUL");
                return Err(AuditError::parameter(name, why));
            }
            // The last of two would silently win; a name and its prefix are one question.
            if !given.insert(name.trim_end_matches(".prefix").to_owned()) {
                return Err(AuditError::parameter(name, "give it once"));
            }
            asked.take(name, value)?;
        }
        Ok(asked)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), AuditError> {
        let wrong = |why: &str| AuditError::parameter(name, why);
        match name {
            "serial" => {
                let serial = serial(value).ok_or_else(|| wrong("write up to 20 octets in hex"))?;
                self.query.serial = Some(serial);
            }
            "san" => self.query.san = Some(SanPattern::Exact(value.to_owned())),
            "san.prefix" => self.query.san = Some(SanPattern::Prefix(value.to_owned())),
            "issuer" => self.query.issuer = Some(value.to_owned()),
            "outcome" => {
                let state = state(value).ok_or_else(|| wrong("write issued, failed, denied or open"))?;
                self.query.state = Some(state);
            }
            "after" => self.query.time.start = time(name, value)?.millis(),
            // A time is a whole second to whoever asks; what happened in it counts.
            "before" => {
                let end = time(name, value)?.seconds().saturating_add(1);
                self.query.time.end = Timestamp::from_seconds(end).millis();
            }
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MAX_PAGE).contains(limit));
                self.limit = limit.ok_or_else(|| wrong("write a number from 1 to 500"))?;
            }
            "cursor" => {
                let cursor = cursor(value).ok_or_else(|| wrong("use the cursor of an answer as it is"))?;
                self.query.after = Some(cursor);
            }
            _ => {
                let known =
                    "there are serial, san, san.prefix, issuer, outcome, after, before, limit and cursor";
                return Err(wrong(known));
            }
        }
        Ok(())
    }

    /// A page of the trail, newest first. Its cursor leads to the next one, whatever is added meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn page(&self, database: &Database) -> Result<AuditPage, AuditError> {
        // One more than the page holds says whether there is another.
        let mut found = database.issuances(&self.query, self.limit.saturating_add(1)).await?;
        let has_more = found.len() > self.limit as usize;
        found.truncate(self.limit as usize);
        let last = found.last().filter(|_| has_more);
        let cursor = last.map(|last| format!("{}.{}", last.intent.at_ms, hex::encode(&last.intent.serial)));
        Ok(AuditPage { issuances: found.into_iter().map(AuditRecord::from).collect(), cursor })
    }
}

/// As `openssl x509 -serial`, with colons or `0x`, in any case: as it is stored, in 20 octets.
fn serial(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").unwrap_or(text).replace(':', "");
    let digits = if digits.len().is_multiple_of(2) { digits } else { format!("0{digits}") };
    let octets = hex::decode(digits).ok().filter(|octets| !octets.is_empty())?;
    let significant: Vec<u8> = octets.into_iter().skip_while(|octet| *octet == 0).collect();
    let missing = SERIAL.checked_sub(significant.len())?;
    Some([vec![0; missing], significant].concat())
}

fn state(text: &str) -> Option<IssuanceState> {
    match text {
        "issued" => Some(IssuanceState::Issued),
        "failed" => Some(IssuanceState::Failed),
        "denied" => Some(IssuanceState::Denied),
        "open" => Some(IssuanceState::Open),
        _ => None,
    }
}

fn cursor(text: &str) -> Option<(u64, Vec<u8>)> {
    let (at_ms, serial) = text.split_once('.')?;
    Some((at_ms.parse().ok()?, hex::decode(serial).ok()?))
}

fn time(name: &str, value: &str) -> Result<Timestamp, AuditError> {
    let wrong = || AuditError::parameter(name, "write the time as 2026-01-31T12:00:00Z");
    Timestamp::from_rfc3339(value).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<AuditQuery, AuditError> {
        AuditQuery::parse(form_urlencoded::parse(query.as_bytes()))
    }

    #[test]
    fn serial_numbers_in_every_spelling() {
        let stored = [vec![0; 17], vec![0x0a, 0xbc, 0xde]].concat();
        for text in ["abcde", "0ABCDE", "0xabcde", "0a:bc:de", "000abcde"] {
            assert_eq!(serial(text), Some(stored.clone()), "{text}");
        }
        assert!(serial(&"ff".repeat(20)).is_some());
        for text in ["", "0x", ":", "xyz", &"ff".repeat(21), "12é4"] {
            assert_eq!(serial(text), None, "{text}");
        }
    }

    #[test]
    fn parameters_become_a_query() {
        let asked = parse(
            "san.prefix=a%40b&issuer=https://i&outcome=failed&after=1970-01-01T00:00:01Z&before=1970-01-01T00:00:05Z&limit=7&cursor=3000.0aff",
        );
        let query = IssuanceQuery {
            serial: None,
            san: Some(SanPattern::Prefix("a@b".into())),
            issuer: Some("https://i".into()),
            state: Some(IssuanceState::Failed),
            time: 1000..6000,
            after: Some((3000, vec![10, 255])),
        };
        assert_eq!(asked.unwrap(), AuditQuery { query, limit: 7 });
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (query, named) in [
            ("name=a", "name"),
            ("serial=xyz", "serial"),
            ("outcome=good", "outcome"),
            ("after=yesterday", "after"),
            ("before=1", "before"),
            ("limit=0", "limit"),
            ("limit=501", "limit"),
            ("cursor=1", "cursor"),
            ("cursor=1.g", "cursor"),
            ("san=", "san"),
            ("issuer=a%00", "issuer"),
            ("issuer=a&issuer=b", "issuer"),
            ("san=a&san.prefix=b", "san.prefix"),
        ] {
            let error = parse(query).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{named}: ")), "{query}: {error}");
        }
    }
}
