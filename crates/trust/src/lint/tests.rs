use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_clock::Timestamp;
use sigstead_crypto::note::rekor_v2_log_id;
use sigstead_crypto::{KeyKind, Signer as _, SoftwareSigner};
use sigstead_x509::authority::{Profile, issue, root};

use super::*;
use crate::{Authority, Documents, Log, Service, TrustMaterial, Validity};

const START: u64 = 1_700_000_000;
const YEAR: u64 = 365 * 24 * 3600;
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(START + 1000);

fn signer(kind: KeyKind) -> SoftwareSigner {
    SoftwareSigner::generate(kind).unwrap()
}

pub(crate) async fn authority(url: &str, profile: Profile) -> Authority {
    let (root_key, key) = (signer(KeyKind::EcdsaP384), signer(KeyKind::EcdsaP256));
    let (start, lifetime) = (i64::try_from(START).unwrap(), Duration::from_secs(YEAR));
    let root = root(&root_key, "CN=root,O=test", start, lifetime).await.unwrap();
    let subject = ("CN=signs,O=test", key.public_key());
    let first = issue((&root_key, &root), subject, profile, start, lifetime).await.unwrap();
    Authority {
        url: url.to_owned(),
        chain: vec![first, root],
        validity: since(),
        is_current: true,
        is_stolen: false,
    }
}

fn since() -> Validity {
    Validity::since(Timestamp::from_seconds(START))
}

pub(crate) fn log(url: &str, kind: KeyKind, origin: Option<&str>) -> Log {
    let public_key = signer(kind).public_key().clone();
    let log_id = match origin {
        Some(origin) => rekor_v2_log_id(origin, &public_key),
        None => public_key.fingerprint(),
    };
    Log { url: url.to_owned(), public_key, log_id, validity: since() }
}

fn service(url: &str, major_api_version: u32) -> Vec<Service> {
    vec![Service { url: url.to_owned(), major_api_version, validity: since() }]
}

/// Every service.
pub(crate) async fn material() -> TrustMaterial {
    TrustMaterial {
        operator: "test".to_owned(),
        certificate_authorities: vec![authority("https://ca.test", Profile::CodeSigningAuthority).await],
        timestamp_authorities: vec![authority("https://tsa.test", Profile::Timestamping).await],
        logs: vec![log("https://log.test", KeyKind::EcdsaP256, None)],
        v2_logs: vec![log("https://v2.log.test:8443", KeyKind::EcdsaP256, Some("v2.log.test"))],
        ct_logs: vec![log("https://ct.test", KeyKind::EcdsaP256, None)],
        ca_services: service("https://ca.test", 1),
        oidc_services: service("https://issuer.test", 1),
        log_services: service("https://log.test", 1),
        v2_log_services: service("https://v2.log.test:8443", 2),
        tsa_services: service("https://tsa.test/api/v1/timestamp", 1),
    }
}

/// Our own documents.
pub(crate) async fn documents() -> Documents {
    Documents::render(&material().await).unwrap()
}

fn read(documents: &Documents, name: &str) -> Value {
    serde_json::from_slice(documents.file(name).unwrap().1).unwrap()
}

/// Values for fields, and what is found then.
type Case<'a> = (&'a [(&'a str, Value)], &'a [&'a str]);

/// What is found, as `rule path`.
fn found(document: &Value, now: Timestamp) -> BTreeSet<String> {
    let (_, findings) = lint(&serde_json::to_vec(document).unwrap(), now).unwrap();
    findings.into_iter().map(|finding| format!("{} {}", finding.rule.name, finding.path)).collect()
}

/// Puts `value` at each pointer, and expects each finding and no other; a null takes the field away.
fn expect(document: &Value, mutations: &[(&str, Value)], expected: &[&str]) {
    let mut mutated = document.clone();
    for (pointer, value) in mutations {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        let parent = mutated.pointer_mut(parent).unwrap();
        match (parent, value) {
            (Value::Object(fields), Value::Null) => {
                fields.remove(field);
            }
            (Value::Object(fields), value) => {
                fields.insert(field.to_owned(), value.clone());
            }
            (parent, value) => parent[field.parse::<usize>().unwrap()] = value.clone(),
        }
    }
    let expected: BTreeSet<_> = expected.iter().map(|text| (*text).to_owned()).collect();
    assert_eq!(found(&mutated, NOW), expected, "{mutations:?}");
}

fn pem_in_base64(der: &Value) -> Value {
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", der.as_str().unwrap());
    json!(BASE64_STANDARD.encode(pem))
}

#[tokio::test]
async fn our_own_documents_are_clean() {
    let documents = documents().await;
    let mut kinds = BTreeSet::new();
    for (name, media_type, content) in documents.files() {
        if media_type == "application/json" {
            let (kind, findings) = lint(content, NOW).unwrap();
            assert!(findings.is_empty(), "{name}: {findings:?}");
            kinds.insert(format!("{kind:?}"));
        }
    }
    assert_eq!(kinds.len(), 3);
}

#[tokio::test]
async fn logs() {
    let root = read(&documents().await, "trusted_root.json");
    let (key, v2_key) =
        (&root["tlogs"][0]["publicKey"]["rawBytes"], &root["tlogs"][1]["publicKey"]["rawBytes"]);
    let ed25519 = signer(KeyKind::Ed25519).public_key().clone();
    let p384 = signer(KeyKind::EcdsaP384).public_key().clone();
    let base64 = |bytes: &[u8]| json!(BASE64_STANDARD.encode(bytes));
    // Only of Ed25519 keys is the log's name part of its id.
    let v2 = [
        ("/tlogs/1/publicKey/rawBytes", base64(ed25519.spki_der())),
        ("/tlogs/1/publicKey/keyDetails", json!("PKIX_ED25519")),
        ("/tlogs/1/logId/keyId", base64(&rekor_v2_log_id("v2.log.test", &ed25519))),
    ];
    let cases: &[Case<'_>] = &[
        (&[("/tlogs/0/logId", Value::Null)], &["log-id-missing tlogs[0].logId.keyId"]),
        (&[("/tlogs/0/logId/keyId", json!("AAAA"))], &["log-id-length tlogs[0].logId.keyId"]),
        (&[("/tlogs/0/logId/keyId", json!("a:b"))], &["log-id-length tlogs[0].logId.keyId"]),
        (&[("/tlogs/0/logId/keyId", base64(&[1; 32]))], &["log-id-other tlogs[0].logId.keyId"]),
        (
            &[v2[0].clone(), v2[1].clone(), v2[2].clone()],
            &["log-key-not-ecdsa tlogs[1].publicKey.keyDetails"],
        ),
        (
            &[
                v2[0].clone(),
                v2[1].clone(),
                v2[2].clone(),
                ("/tlogs/1/baseUrl", json!("https://elsewhere.test")),
            ],
            &["log-id-other tlogs[1].logId.keyId", "log-key-not-ecdsa tlogs[1].publicKey.keyDetails"],
        ),
        (&[("/ctlogs/0/logId/keyId", base64(&[1; 32]))], &["ct-log-id-other ctlogs[0].logId.keyId"]),
        (&[("/tlogs/0/operator", json!("us"))], &["operator tlogs[0].operator"]),
        (
            &[("/timestampAuthorities/0/operator", json!("us"))],
            &["operator timestampAuthorities[0].operator"],
        ),
        (
            &[("/ctlogs/0/checkpointKeyId", json!({"keyId": "AAAAAA=="}))],
            &["ct-checkpoint-key-id ctlogs[0].checkpointKeyId"],
        ),
        (&[("/tlogs/0/baseUrl", json!("log.test"))], &["log-url tlogs[0].baseUrl"]),
        (&[("/tlogs/0/hashAlgorithm", json!("SHA2_512"))], &["log-hash tlogs[0].hashAlgorithm"]),
        (&[("/tlogs/0/publicKey/rawBytes", Value::Null)], &["key-missing tlogs[0].publicKey.rawBytes"]),
        (&[("/tlogs/0/publicKey/rawBytes", pem_in_base64(key))], &["key-pem tlogs[0].publicKey.rawBytes"]),
        (
            &[("/tlogs/0/publicKey/rawBytes", json!("-----BEGIN PUBLIC KEY-----"))],
            &["key-pem tlogs[0].publicKey.rawBytes"],
        ),
        (&[("/tlogs/0/publicKey/rawBytes", json!("AAAA"))], &["key-unreadable tlogs[0].publicKey.rawBytes"]),
        (&[("/tlogs/0/publicKey/rawBytes", json!("%"))], &["key-unreadable tlogs[0].publicKey.rawBytes"]),
        (&[("/tlogs/0/publicKey/rawBytes", v2_key.clone())], &["log-id-other tlogs[0].logId.keyId"]),
        (
            &[("/tlogs/0/publicKey/keyDetails", json!("PKIX_ML_DSA"))],
            &["key-details-unknown tlogs[0].publicKey.keyDetails"],
        ),
        (
            &[("/tlogs/0/publicKey/keyDetails", json!("PKIX_ED25519"))],
            &["key-details-other tlogs[0].publicKey.keyDetails"],
        ),
        (
            &[
                ("/tlogs/0/publicKey/rawBytes", base64(ed25519.spki_der())),
                ("/tlogs/0/publicKey/keyDetails", json!("PKIX_ED25519")),
                ("/tlogs/0/logId/keyId", base64(&ed25519.fingerprint())),
            ],
            &["log-key-not-ecdsa tlogs[0].publicKey.keyDetails"],
        ),
        (
            &[
                ("/ctlogs/0/publicKey/rawBytes", base64(p384.spki_der())),
                ("/ctlogs/0/publicKey/keyDetails", json!("PKIX_ECDSA_P384_SHA_384")),
                ("/ctlogs/0/logId/keyId", base64(&p384.fingerprint())),
            ],
            &["ct-key-not-p256 ctlogs[0].publicKey.keyDetails"],
        ),
    ];
    for (mutations, expected) in cases {
        expect(&root, mutations, expected);
    }
}

#[tokio::test]
async fn times_of_logs() {
    let root = read(&documents().await, "trusted_root.json");
    let start = "log-start tlogs[0].publicKey.validFor.start";
    let cases = [
        ("", Value::Null, start),
        ("/start", json!("1970-01-01T00:00:00Z"), start),
        ("/start", json!("yesterday"), "start-unreadable tlogs[0].publicKey.validFor.start"),
        ("/end", json!("never"), "end-unreadable tlogs[0].publicKey.validFor.end"),
        ("/end", json!("2000-01-01T00:00:00Z"), "end-before-start tlogs[0].publicKey.validFor.end"),
    ];
    for (field, value, expected) in cases {
        expect(&root, &[(&format!("/tlogs/0/publicKey/validFor{field}"), value)], &[expected]);
    }
}

#[tokio::test]
async fn authorities() {
    let root = read(&documents().await, "trusted_root.json");
    let certificate = |pointer: &str| root.pointer(&format!("{pointer}/rawBytes")).unwrap().clone();
    let (ca, tsa) = (
        "/certificateAuthorities/0/certChain/certificates",
        "/timestampAuthorities/0/certChain/certificates",
    );
    let chain = |base: &str, order: &[usize]| {
        let order = order.iter().map(|index| root.pointer(&format!("{base}/{index}")).unwrap().clone());
        json!(order.collect::<Vec<_>>())
    };
    let ca_chain: &[&str] = &["ca-chain certificateAuthorities[0].certChain.certificates"];
    let tsa_chain: &[&str] = &["tsa-chain timestampAuthorities[0].certChain.certificates"];
    for (base, order, expected) in [
        (ca, &[1, 0][..], ca_chain),
        (ca, &[0], ca_chain),
        (ca, &[1], &[]),
        (tsa, &[1, 0], tsa_chain),
        (tsa, &[1], tsa_chain),
        (tsa, &[0], tsa_chain),
        (ca, &[], &["chain-empty certificateAuthorities[0].certChain.certificates"]),
    ] {
        expect(&root, &[(base, chain(base, order))], expected);
    }
    let first = format!("{ca}/0/rawBytes");
    let at = "certificateAuthorities[0].certChain.certificates[0].rawBytes";
    let pem = pem_in_base64(&certificate(&format!("{ca}/0")));
    expect(&root, &[(&first, pem)], &[&format!("certificate-pem {at}")]);
    for unreadable in [json!("AAAA"), json!("?"), json!(7), Value::Null] {
        expect(&root, &[(&first, unreadable)], &[&format!("certificate-unreadable {at}")]);
    }
    expect(
        &root,
        &[("/timestampAuthorities/0/validFor", Value::Null)],
        &["authority-start timestampAuthorities[0].validFor.start"],
    );
    let later = Timestamp::from_seconds(START + 2 * YEAR);
    let expired = ["certificateAuthorities", "timestampAuthorities"]
        .map(|list| format!("authority-expired {list}[0].certChain.certificates"));
    assert_eq!(found(&root, later), BTreeSet::from(expired));
}

#[tokio::test]
async fn whole_trusted_roots() {
    let root = read(&documents().await, "trusted_root.json");
    for media_type in [json!("application/vnd.dev.sigstore.trustedroot.v0.2+json"), Value::Null] {
        expect(&root, &[("/mediaType", media_type)], &["root-media-type mediaType"]);
    }
    for (list, rule) in
        [("tlogs", "no-tlog"), ("ctlogs", "no-ct-log"), ("certificateAuthorities", "no-authority")]
    {
        expect(&root, &[(&format!("/{list}"), Value::Null)], &[&format!("{rule} {list}")]);
    }
    expect(&root, &[("/tlogs/1", root["tlogs"][0].clone())], &["tlog-twice tlogs"]);
    let ct = &root["ctlogs"][0];
    expect(&root, &[("/ctlogs", json!([ct, ct]))], &["ct-log-twice ctlogs"]);
    let ended = json!({"start": "2023-11-14T22:13:20Z", "end": "2023-11-14T22:13:21Z"});
    for (pointers, finding) in [
        (&["/tlogs/0/publicKey/validFor", "/tlogs/1/publicKey/validFor"][..], "no-tlog-now tlogs"),
        (&["/ctlogs/0/publicKey/validFor"], "no-ct-log-now ctlogs"),
        (&["/certificateAuthorities/0/validFor"], "no-authority-now certificateAuthorities"),
        (&["/timestampAuthorities/0/validFor"], "no-tsa-now timestampAuthorities"),
    ] {
        let mutations: Vec<_> = pointers.iter().map(|pointer| (*pointer, ended.clone())).collect();
        expect(&root, &mutations, &[finding]);
    }
    // A key that is retired stays in the file; one of them is enough.
    expect(&root, &[("/tlogs/0/publicKey/validFor", ended)], &[]);
}

#[tokio::test]
async fn signing_configs() {
    let documents = documents().await;
    let (v1, v2) =
        (read(&documents, "signing_config.v0.2.json"), read(&documents, "signing_config_rekor_v2.v0.2.json"));
    let cases: &[(&str, Value, &[&str])] = &[
        (
            "/mediaType",
            json!("application/vnd.dev.sigstore.signingconfig.v0.1+json"),
            &["signing-config-media-type mediaType"],
        ),
        ("/caUrls", Value::Null, &["no-ca-service caUrls"]),
        ("/rekorTlogUrls", Value::Null, &["no-log-service rekorTlogUrls"]),
        ("/caUrls/0/url", json!("ca.test"), &["service-url caUrls[0].url"]),
        ("/caUrls/0/url", json!("https://ca.test/"), &["service-url-slash caUrls[0].url"]),
        (
            "/rekorTlogUrls/0/url",
            json!("https://log.test/api/v1/log"),
            &["service-url-path rekorTlogUrls[0].url"],
        ),
        ("/tsaUrls/0/url", json!("https://tsa.test"), &["tsa-url-path tsaUrls[0].url"]),
        (
            "/caUrls/0/majorApiVersion",
            json!(2),
            &["service-version caUrls[0].majorApiVersion", "no-service-now caUrls"],
        ),
        ("/caUrls/0/validFor/end", json!("2023-11-14T22:13:21Z"), &["no-service-now caUrls"]),
        ("/rekorTlogConfig", Value::Null, &["selector-missing rekorTlogConfig.selector"]),
        ("/tsaConfig/selector", json!("ALL"), &["selector-not-any tsaConfig.selector"]),
        (
            "/tsaConfig",
            json!({"selector": "EXACT", "count": 2}),
            &["selector-not-any tsaConfig.selector", "selector-count tsaConfig.count"],
        ),
        ("/caUrls", json!([v1["caUrls"][0], v1["caUrls"][0]]), &["several-services-now caUrls"]),
    ];
    for (pointer, value, expected) in cases {
        expect(&v1, &[(pointer, value.clone())], expected);
    }
    expect(&v2, &[("/tsaUrls", Value::Null)], &["v2-without-tsa tsaUrls"]);
    expect(&v1, &[("/tsaUrls", Value::Null)], &[]);
    let (mut old, mut new) = (v1["caUrls"][0].clone(), v1["caUrls"][0].clone());
    old["validFor"]["end"] = json!("2023-11-14T22:13:21Z");
    new["validFor"]["start"] = json!("2023-11-14T22:13:22Z");
    expect(&v1, &[("/caUrls", json!([new, old]))], &[]);
    expect(&v1, &[("/caUrls", json!([old, new]))], &["services-oldest-first caUrls"]);
}

#[tokio::test]
async fn client_trust_configs() {
    let config = read(&documents().await, "client_trust_config.json");
    expect(&config, &[("/mediaType", Value::Null)], &["client-trust-config-media-type mediaType"]);
    expect(&config, &[("/trustedRoot", Value::Null)], &["no-trusted-root trustedRoot"]);
    expect(&config, &[("/signingConfig", Value::Null)], &["no-signing-config signingConfig"]);
    expect(
        &config,
        &[("/trustedRoot/tlogs/0/logId", Value::Null), ("/signingConfig/tsaConfig", Value::Null)],
        &[
            "log-id-missing trustedRoot.tlogs[0].logId.keyId",
            "selector-missing signingConfig.tsaConfig.selector",
        ],
    );
}

#[test]
fn other_files_are_no_trust_documents() {
    assert!(matches!(lint(b"{}", NOW), Err(LintError::Unknown)));
    assert!(matches!(lint(b"[1]", NOW), Err(LintError::Unknown)));
    assert!(matches!(lint(b"-----BEGIN", NOW), Err(LintError::NotJson(_))));
    assert!(matches!(lint(&vec![b' '; MAX_DOCUMENT + 1], NOW), Err(LintError::TooLong)));
}

#[test]
fn fields_of_other_types_are_found_and_stop_nothing() {
    let odd = json!({"tlogs": [7, {"publicKey": []}], "ctlogs": {}, "certificateAuthorities": [null], "mediaType": 1});
    assert!(found(&odd, NOW).len() > 10);
}
