//! helm 0.0.1: a chart's provenance file, which names the chart's hash and is signed with PGP.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::canonical::{Canonical, Hash};
use crate::content::{Content, check, content, no_content, required};
use crate::fields::Fields;
use crate::pki::key_search_values;
use crate::pki::pgp::{ClearSigned, Key, Signature};
use crate::{Rejection, SearchField};

/// Decoded; nothing believed yet.
#[derive(Debug, Clone)]
pub(crate) struct Helm {
    key: Key,
    hash: Hash,
    signature: Signature,
    /// What is signed; a committed entry lacks it.
    signed: Option<Vec<u8>>,
}

impl Helm {
    pub(crate) fn parse(spec: &Value) -> Result<Self, Rejection> {
        let spec = Fields::of(Some(spec));
        let (chart, key) = (spec.object("chart"), spec.object("publicKey"));
        let provenance = chart.object("provenance");
        let key_bytes = content(key, "publicKey content")?;
        let text = content(provenance, "provenance content")?;
        let signature = content(provenance.object("signature"), "provenance signature content")?;
        validate(spec, key_bytes.is_some())?;
        let key = Key::parse(&key_bytes.ok_or_else(|| no_content("publicKey"))?)?;
        if let Some(text) = text {
            let ClearSigned { text, signed, signature } = ClearSigned::parse(&text)?;
            return Ok(Self { key, hash: chart_hash(&text)?, signature, signed: Some(signed) });
        }
        let signature = Signature::parse(&signature.ok_or_else(|| no_content("provenance"))?)?;
        let hash = chart.object("hash");
        let given = |name| hash.text(name).map(str::to_owned).ok_or_else(|| no_content("provenance"));
        let hash = Hash { algorithm: given("algorithm")?, value: given("value")? };
        Ok(Self { key, hash, signature, signed: None })
    }

    pub(crate) const fn is_insertable(&self) -> bool {
        self.signed.is_some()
    }

    pub(crate) fn verify(self) -> Result<Canonical, Rejection> {
        if let Some(signed) = &self.signed {
            self.signature.verify(signed, &self.key)?;
        }
        let key = self.key.canonical();
        let emails = self.key.emails();
        let fields = emails.clone().into_iter().map(|email| (SearchField::Subject, email));
        let mut search_values: Vec<String> = key_search_values(&key, emails).collect();
        search_values.push(self.hash.prefixed().to_ascii_lowercase());
        let signature = Content::of(self.signature.canonical());
        let spec = Spec {
            chart: Chart { hash: self.hash, provenance: Provenance { signature } },
            public_key: Content::of(key),
        };
        Ok(Canonical::new("helm", "0.0.1", spec, search_values)?.with_fields(fields))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    chart: Chart,
    public_key: Content,
}

#[derive(Serialize)]
struct Chart {
    hash: Hash,
    provenance: Provenance,
}

#[derive(Serialize)]
struct Provenance {
    signature: Content,
}

fn validate(spec: Fields<'_>, has_key: bool) -> Result<(), Rejection> {
    let chart = spec.object("chart");
    let missing = |is_missing: bool, name| is_missing.then(|| required(name));
    check([
        missing(!chart.is_present(), "chart"),
        missing(chart.is_present() && !chart.object("provenance").is_present(), "chart.chart.provenance"),
        missing(!spec.object("publicKey").is_present(), "publicKey"),
        missing(spec.object("publicKey").is_present() && !has_key, "publicKey.publicKey.content"),
    ])
}

/// The first file's hash in the second YAML document: Helm writes `Chart.yaml`, `...`, and the sums.
fn chart_hash(text: &[u8]) -> Result<Hash, Rejection> {
    let broken = |why: &str| Rejection::entry(format!("error occurred parsing message block: {why}"));
    let text = std::str::from_utf8(text).map_err(|error| broken(&error.to_string()))?;
    let sums =
        text.split("\n...\n").nth(1).ok_or_else(|| broken("message block must have at least two parts"))?;
    let sums: Sums = serde_saphyr::from_str(sums)
        .map_err(|error| broken(&format!("error occurred parsing SumCollection: {error}")))?;
    let files = sums.files.ok_or_else(|| Rejection::entry("unable to locate chart hash"))?;
    let first = files.0.ok_or_else(|| Rejection::entry("no checksums found"))?;
    match first.split_once(':') {
        Some((algorithm, value)) if !value.contains(':') => {
            Ok(Hash { algorithm: algorithm.to_owned(), value: value.to_owned() })
        }
        _ => Err(Rejection::entry("invalid hash found in Provenance file")),
    }
}

#[derive(Deserialize)]
struct Sums {
    files: Option<First>,
}

/// The first value of a map.
struct First(Option<String>);

impl<'de> Deserialize<'de> for First {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FirstOfMap)
    }
}

struct FirstOfMap;

impl<'de> Visitor<'de> for FirstOfMap {
    type Value = First;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("files and their hashes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<First, A::Error> {
        let first = map.next_entry::<String, String>()?.map(|(_, value)| value);
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(First(first))
    }
}
