use serde_json::Value;

use crate::Rejection;
use crate::alpine::Alpine;
use crate::canonical::Canonical;
use crate::cose::Cose;
use crate::dsse::Dsse;
use crate::fields::Fields;
use crate::hashedrekord::HashedRekord;
#[cfg(feature = "openpgp")]
use crate::helm::Helm;
use crate::intoto::{IntotoV001, IntotoV002};
use crate::jar::Jar;
use crate::rekord::Rekord;
use crate::rfc3161::Rfc3161;
#[cfg(feature = "openpgp")]
use crate::rpm::Rpm;
use crate::tuf::Tuf;

/// Kinds that this server takes.
const KNOWN: &[&str] = &[
    "hashedrekord",
    "rekord",
    "dsse",
    "intoto",
    "cose",
    "rfc3161",
    "tuf",
    "alpine",
    "jar",
    #[cfg(feature = "openpgp")]
    "helm",
    #[cfg(feature = "openpgp")]
    "rpm",
];
/// Kinds of Rekor; those that are not known above, this server does not take.
const OF_REKOR: [&str; 2] = ["helm", "rpm"];

/// Decoded; nothing believed yet.
#[derive(Debug, Clone)]
pub struct Proposed(Kind);

#[derive(Debug, Clone)]
enum Kind {
    HashedRekord(HashedRekord),
    Rekord(Rekord),
    Dsse(Dsse),
    IntotoV001(IntotoV001),
    IntotoV002(IntotoV002),
    Cose(Cose),
    Rfc3161(Rfc3161),
    Tuf(Box<Tuf>),
    Alpine(Alpine),
    Jar(Jar),
    #[cfg(feature = "openpgp")]
    Helm(Helm),
    #[cfg(feature = "openpgp")]
    Rpm(Rpm),
}

impl Proposed {
    /// Whether this server takes entries of a kind.
    pub fn knows(kind: &str) -> bool {
        KNOWN.contains(&kind)
    }

    /// Decodes an entry and checks it against its kind's schema.
    ///
    /// # Errors
    /// When a field is missing or malformed, or the kind or version is not known.
    pub fn parse(entry: &Value) -> Result<Self, Rejection> {
        let fields = Fields::of(Some(entry));
        let kind = fields.text("kind").filter(|kind| !kind.is_empty()).ok_or(Rejection::Required("kind"))?;
        let known = Self::knows(kind);
        if !known && !OF_REKOR.contains(&kind) {
            return Err(Rejection::UnknownKind(kind.to_owned()));
        }
        let version = fields.text("apiVersion").ok_or(Rejection::Required("apiVersion"))?;
        if !is_version(version) {
            return Err(Rejection::VersionPattern);
        }
        let spec = fields.value("spec").ok_or(Rejection::Required("spec"))?;
        if !known {
            return Err(Rejection::KindNotEnabled(kind.to_owned()));
        }
        Ok(Self(match (kind, version) {
            ("hashedrekord", "0.0.1") => Kind::HashedRekord(HashedRekord::parse(spec)?),
            ("rekord", "0.0.1") => Kind::Rekord(Rekord::parse(spec)?),
            ("dsse", "0.0.1") => Kind::Dsse(Dsse::parse(spec)?),
            ("intoto", "0.0.1") => Kind::IntotoV001(IntotoV001::parse(spec)?),
            ("intoto", "0.0.2") => Kind::IntotoV002(IntotoV002::parse(spec)?),
            ("cose", "0.0.1") => Kind::Cose(Cose::parse(spec)?),
            ("rfc3161", "0.0.1") => Kind::Rfc3161(Rfc3161::parse(spec)?),
            ("tuf", "0.0.1") => Kind::Tuf(Box::new(Tuf::parse(spec)?)),
            ("alpine", "0.0.1") => Kind::Alpine(Alpine::parse(spec)?),
            ("jar", "0.0.1") => Kind::Jar(Jar::parse(spec)?),
            #[cfg(feature = "openpgp")]
            ("helm", "0.0.1") => Kind::Helm(Helm::parse(spec)?),
            #[cfg(feature = "openpgp")]
            ("rpm", "0.0.1") => Kind::Rpm(Rpm::parse(spec)?),
            _ => {
                return Err(Rejection::entry(format!(
                    "{kind} implementation for version '{version}' not found: unable to locate entry for version {version}"
                )));
            }
        }))
    }

    /// Whether everything that the log needs to check it is there; a committed entry lacks it.
    pub const fn is_insertable(&self) -> bool {
        match &self.0 {
            Kind::HashedRekord(_) | Kind::Rfc3161(_) | Kind::Tuf(_) => true,
            Kind::Rekord(rekord) => rekord.is_insertable(),
            Kind::Dsse(dsse) => dsse.is_insertable(),
            Kind::IntotoV001(intoto) => intoto.is_insertable(),
            Kind::IntotoV002(intoto) => intoto.is_insertable(),
            Kind::Cose(cose) => cose.is_insertable(),
            Kind::Alpine(alpine) => alpine.is_insertable(),
            Kind::Jar(jar) => jar.is_insertable(),
            #[cfg(feature = "openpgp")]
            Kind::Helm(helm) => helm.is_insertable(),
            #[cfg(feature = "openpgp")]
            Kind::Rpm(rpm) => rpm.is_insertable(),
        }
    }

    /// Whether checking it may take far longer than its length tells: it holds what is unpacked.
    pub const fn unpacks(&self) -> bool {
        matches!(self.0, Kind::Alpine(_) | Kind::Jar(_))
    }

    /// Checks every signature and writes the leaf. A committed entry has nothing to check; it can be looked up.
    ///
    /// `now_unix` is the time in Unix seconds: TUF metadata expires.
    ///
    /// # Errors
    /// When a signature does not verify, its algorithm is not allowed, or its time is over.
    pub fn verify(self, now_unix: i64) -> Result<Canonical, Rejection> {
        match self.0 {
            Kind::HashedRekord(entry) => entry.verify(),
            Kind::Rekord(entry) => entry.verify(),
            Kind::Dsse(entry) => entry.verify(),
            Kind::IntotoV001(entry) => entry.verify(),
            Kind::IntotoV002(entry) => entry.verify(),
            Kind::Cose(entry) => entry.verify(),
            Kind::Rfc3161(entry) => entry.verify(),
            Kind::Tuf(entry) => entry.verify(now_unix),
            Kind::Alpine(entry) => entry.verify(),
            Kind::Jar(entry) => entry.verify(),
            #[cfg(feature = "openpgp")]
            Kind::Helm(entry) => entry.verify(),
            #[cfg(feature = "openpgp")]
            Kind::Rpm(entry) => entry.verify(),
        }
    }

    /// The same for one that a log has taken, which had to keep to the rules of its day.
    pub(crate) fn verify_taken(self, taken_unix: i64) -> Result<Canonical, Rejection> {
        match self.0 {
            Kind::HashedRekord(entry) => entry.verify_taken(),
            _ => self.verify(taken_unix),
        }
    }
}

/// `major.minor.patch`, the part of semantic versions that entry versions use.
fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = core.split('.').collect();
    let is_number = |number: &&str| {
        !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && (*number == "0" || !number.starts_with('0'))
    };
    numbers.len() == 3 && numbers.iter().all(is_number)
}
