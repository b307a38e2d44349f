//! Certificates as Fulcio made them for the claims that each provider documents, extension by extension.

use serde::Deserialize;
use serde_json::{Map, Value};
use sigstead_x509::build::{Extension, fulcio_extension, subject_alternative_name};

use crate::{FulcioConfig, IssuerType, Principal};

const GOLDEN: &str = include_str!("../testdata/golden.jsonl");
const FULCIO: &str = include_str!("../testdata/issuers.yaml");
const BUILTIN: &str = include_str!("../testdata/builtin-types.yaml");

#[derive(Deserialize)]
struct Example {
    name: String,
    config: String,
    claims: Map<String, Value>,
    error: bool,
    challenge: String,
    extensions: Option<Vec<Expected>>,
}

#[derive(Deserialize)]
struct Expected {
    oid: String,
    critical: bool,
    value: String,
}

fn encoded(principal: &Principal) -> Vec<(String, bool, String)> {
    let shown =
        |extension: Extension| (extension.id.to_string(), extension.critical, hex::encode(&extension.value));
    let numbered = principal.extensions.iter().map(|(number, value)| fulcio_extension(*number, value));
    let name = subject_alternative_name(&principal.name, true);
    std::iter::once(name).chain(numbered).map(|extension| shown(extension.unwrap())).collect()
}

#[test]
fn every_extension_is_fulcios() {
    let (fulcio, builtin) = (FulcioConfig::parse(FULCIO).unwrap(), FulcioConfig::parse(BUILTIN).unwrap());
    let mut seen = Vec::new();
    for line in GOLDEN.lines() {
        let example: Example = serde_json::from_str(line).unwrap();
        let config = if example.config == "issuers.yaml" { &fulcio } else { &builtin };
        let issuer = example.claims["iss"].as_str().unwrap();
        let trusted = config.issuer(issuer).unwrap();
        let found = config.principal(&example.claims);
        assert_eq!(found.is_err(), example.error, "{}: {found:?}", example.name);
        let Ok(found) = found else { continue };
        assert!(found.challenges.contains(&example.challenge), "{}", example.name);
        let expected: Vec<_> =
            example.extensions.unwrap().into_iter().map(|one| (one.oid, one.critical, one.value)).collect();
        assert_eq!(encoded(&found), expected, "{}", example.name);
        seen.push(trusted.issuer_type.name());
    }
    for issuer_type in IssuerType::ALL {
        assert!(seen.contains(&issuer_type.name()), "{}", issuer_type.name());
    }
}
