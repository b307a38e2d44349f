use proptest::prelude::*;
use serde_json::{Value, json};
use sigstead_clock::Timestamp;
use sigstead_crypto::KeyKind;
use sigstead_x509::authority::Profile;

use super::yaml::yaml;
use super::*;
use crate::lint::tests::{NOW, authority, documents, log, material};
use crate::lint::{GO, JAVA, JS, PYTHON};
use crate::{Documents, TrustMaterial, Validity};

const ROOT: &[u8] = br#"{"signed":{}}"#;

async fn of(material: &TrustMaterial) -> TrustDocument {
    let documents = Documents::render(material).unwrap();
    TrustDocument::read(documents.file("client_trust_config.json").unwrap().1, NOW).unwrap()
}

fn policy() -> ImagePolicy {
    ImagePolicy {
        name: "ours".to_owned(),
        images: vec!["registry.test/**".to_owned()],
        identity: Some(Identity {
            subject: Matcher::Exactly("alice@example.org".to_owned()),
            issuer: Matcher::Exactly("https://issuer.test".to_owned()),
        }),
        attestations: Vec::new(),
        timestamps: false,
    }
}

fn tuf() -> TufRoot {
    TufRoot { root: ROOT.to_vec(), mirror: "https://trust.test".to_owned() }
}

fn parsed(exported: &Exported) -> Vec<Value> {
    exported.manifests.split("---\n").map(|text| serde_saphyr::from_str(text).unwrap()).collect()
}

#[tokio::test]
async fn our_documents_are_read_as_they_were_made() {
    let documents = documents().await;
    let trust = TrustDocument::read(documents.file("client_trust_config.json").unwrap().1, NOW).unwrap();
    for (name, content) in trust.files().unwrap() {
        let made = documents.file(name).unwrap().1;
        match name.ends_with(".json") {
            true => assert_eq!(
                serde_json::from_slice::<Value>(&content).unwrap(),
                serde_json::from_slice::<Value>(made).unwrap()
            ),
            false => assert_eq!(&content, made, "{name}"),
        }
    }
    // Another Rekor v2 log is in a signing config of its own.
    assert_eq!(trust.files().unwrap().len(), documents.files().count() - 3);
}

#[tokio::test]
async fn policy_controller_is_given_keys_and_chains() {
    let material = material().await;
    let exported = policy_controller(&of(&material).await, None, &policy()).unwrap();
    let [root, images] = &parsed(&exported)[..] else { panic!("{}", exported.manifests) };
    let keys = &root["spec"]["sigstoreKeys"];
    for (list, number) in
        [("certificateAuthorities", 1), ("timestampAuthorities", 1), ("tLogs", 1), ("ctLogs", 1)]
    {
        assert_eq!(keys[list].as_array().unwrap().len(), number, "{list}");
    }
    assert_eq!(keys["tLogs"][0]["baseURL"], "https://log.test");
    assert_eq!(
        keys["certificateAuthorities"][0]["subject"],
        json!({ "commonName": "signs", "organization": "test" })
    );
    let authority = &images["spec"]["authorities"][0];
    assert_eq!(authority["keyless"]["url"], "https://ca.test");
    assert_eq!(authority["keyless"]["trustRootRef"], root["metadata"]["name"]);
    assert_eq!(authority["ctlog"]["trustRootRef"], root["metadata"]["name"]);
    let notes = exported.notes.join("\n");
    assert!(
        notes.contains("https://v2.log.test:8443: left out") && notes.contains("--new-bundle-format=false"),
        "{notes}"
    );
}

#[tokio::test]
async fn policy_controller_s_refusals_are_told() {
    let mut material = material().await;
    let ended =
        Validity { end: Some(Timestamp::from_seconds(NOW.seconds() + 1)), ..material.logs[0].validity };
    material.logs[0].validity = ended;
    material.logs.push(log("https://log.test", KeyKind::Ed25519, None));
    let exported = policy_controller(&of(&material).await, None, &policy()).unwrap();
    let notes = exported.notes.join("\n");
    assert!(
        notes.contains("https://log.test: left out")
            && notes.contains("https://log.test: policy-controller believes it without end"),
        "{notes}"
    );
    assert_eq!(parsed(&exported)[0]["spec"]["sigstoreKeys"]["tLogs"].as_array().unwrap().len(), 1);
    // From a repository nothing can be left out.
    let notes = policy_controller(&of(&material).await, Some(&tuf()), &policy()).unwrap().notes.join("\n");
    assert!(notes.contains("refuses the whole trust root"), "{notes}");
    material.logs.remove(0);
    material.timestamp_authorities.clear();
    let refused = policy_controller(&of(&material).await, None, &policy()).unwrap_err();
    assert!(matches!(refused, ExportError::Nothing { .. }), "{refused}");
}

#[tokio::test]
async fn the_timestamp_authority_that_policy_controller_believes_is_the_current_one() {
    let mut material = material().await;
    let mut to_come = authority("https://tsa2.test", Profile::Timestamping).await;
    to_come.validity.start = Timestamp::from_seconds(NOW.seconds() + 1);
    material.timestamp_authorities.push(to_come);
    let exported = policy_controller(&of(&material).await, None, &policy()).unwrap();
    let authorities = &parsed(&exported)[0]["spec"]["sigstoreKeys"]["timestampAuthorities"];
    assert_eq!(
        (&authorities[0]["uri"], &authorities[1]["uri"]),
        (&json!("https://tsa2.test"), &json!("https://tsa.test"))
    );
    assert!(exported.notes.join("\n").contains("the last one only"));
}

#[tokio::test]
async fn a_rekor_v2_log_does_not_keep_policy_controller_from_following() {
    let mut material = material().await;
    material.v2_logs = vec![log("https://v2.test", KeyKind::Ed25519, Some("v2.test"))];
    let exported = policy_controller(&of(&material).await, Some(&tuf()), &policy()).unwrap();
    let remote = &parsed(&exported)[0]["spec"]["remote"];
    assert_eq!(remote["trustedRootTarget"], "trusted_root_rekor_v1.json");
    assert_eq!(remote["mirror"], "https://trust.test");
    assert!(!exported.notes.join("\n").contains("refuses"), "{:?}", exported.notes);
    let documents = Documents::render(&material).unwrap();
    let target: Value =
        serde_json::from_slice(documents.file("trusted_root_rekor_v1.json").unwrap().1).unwrap();
    assert_eq!(target["tlogs"].as_array().unwrap().len(), 1);
    material.v2_logs.clear();
    let root = br#"{"signed":{"keys":{"1":{"scheme":"ecdsa-sha2-nistp384"}}}}"#.to_vec();
    let exported =
        policy_controller(&of(&material).await, Some(&TufRoot { root, ..tuf() }), &policy()).unwrap();
    assert!(exported.notes.join("\n").contains("P-384"), "{:?}", exported.notes);
    assert!(parsed(&exported)[0]["spec"]["remote"].get("trustedRootTarget").is_none());
    assert!(Documents::render(&material).unwrap().file("trusted_root_rekor_v1.json").is_none());
}

#[tokio::test]
async fn timestamps_and_attestations_are_demanded() {
    let trust = of(&material().await).await;
    let kind = "https://slsa.dev/provenance/v1".to_owned();
    let policy = ImagePolicy { timestamps: true, attestations: vec![kind.clone()], ..policy() };
    let images = &parsed(&policy_controller(&trust, None, &policy).unwrap())[1];
    let authority = &images["spec"]["authorities"][0];
    assert_eq!(authority["rfc3161timestamp"]["trustRootRef"], "ours");
    assert!(authority.get("ctlog").is_none());
    assert_eq!(authority["attestations"][0]["predicateType"], kind);
    let exported = kyverno(&trust, &tuf(), &policy).unwrap();
    let spec = &parsed(&exported)[0]["spec"];
    assert_eq!(spec["attestors"][0]["cosign"]["ctlog"]["insecureIgnoreTlog"], true);
    assert_eq!(spec["attestations"][0]["intoto"]["type"], kind);
    let expression = spec["validations"][0]["expression"].as_str().unwrap();
    assert!(
        expression.contains("attestations.predicate0") && expression.contains("attestors.signer"),
        "{expression}"
    );
}

#[tokio::test]
async fn whoever_may_sign_is_named_as_asked() {
    let trust = of(&material().await).await;
    let subject = Matcher::Regexp("@example.org".to_owned());
    let issuer = Matcher::Regexp("^https://issuer[.]test$".to_owned());
    let policy = ImagePolicy { identity: Some(Identity { subject, issuer }), ..policy() };
    let exported = kyverno(&trust, &tuf(), &policy).unwrap();
    let identity = &parsed(&exported)[0]["spec"]["attestors"][0]["cosign"]["keyless"]["identities"][0];
    assert_eq!(
        identity,
        &json!({ "subjectRegExp": "@example.org", "issuerRegExp": "^https://issuer[.]test$" })
    );
    assert_eq!(exported.notes.len(), 1, "of two patterns one is open: {:?}", exported.notes);
    let nobody = ImagePolicy { identity: None, ..policy };
    assert!(kyverno(&trust, &tuf(), &nobody).is_err());
    assert_eq!(parsed(&policy_controller(&trust, None, &nobody).unwrap()).len(), 1);
}

#[tokio::test]
async fn what_clients_refuse_is_not_handed_on() {
    let documents = documents().await;
    let mut root: Value = serde_json::from_slice(documents.file("trusted_root.json").unwrap().1).unwrap();
    let read = |document: &Value| TrustDocument::read(&serde_json::to_vec(document).unwrap(), NOW);
    assert!(read(&root).is_ok());
    root["tlogs"][0]["logId"] = json!({});
    assert!(matches!(read(&root), Err(ExportError::Refused { path, .. }) if path == "tlogs[0].logId.keyId"));
    let config = documents.file("signing_config.v0.2.json").unwrap().1;
    assert!(matches!(TrustDocument::read(config, NOW), Err(ExportError::NoTrustedRoot)));
    assert!(matches!(TrustDocument::read(b"{", NOW), Err(ExportError::Unreadable(_))));
}

#[tokio::test]
async fn what_a_client_stumbles_over_is_told() {
    let mut material = material().await;
    assert!(of(&material).await.warnings(&[GO, PYTHON, JS, JAVA]).unwrap().is_empty());
    material.ct_logs.clear();
    let trust = of(&material).await;
    let told = trust.warnings(&[PYTHON]).unwrap().join("\n");
    assert!(told.contains("ctlogs: none"), "{told}");
    assert!(trust.warnings(&[JAVA]).unwrap().is_empty());
}

#[tokio::test]
async fn earlier_keys_that_pem_files_lack_are_told() {
    let mut material = material().await;
    assert_eq!(of(&material).await.left_out_of_pem().len(), 1);
    material.ct_logs.push(log("https://ct2.test", KeyKind::EcdsaP256, None));
    material.timestamp_authorities.push(authority("https://tsa2.test", Profile::Timestamping).await);
    let told = of(&material).await.left_out_of_pem().join("\n");
    assert!(
        told.contains("ctfe.pub holds one of 2") && told.contains("tsa.certchain.pem holds one of 2"),
        "{told}"
    );
}

#[test]
fn lines_stay_lines() {
    let text =
        yaml(&[json!({ "pem": "-----BEGIN\nabc=\n", "yes": "no", "empty": [], "at": ["a: b", 1, true] })]);
    assert_eq!(
        text,
        "at:\n  -\x20\"a: b\"\n  - 1\n  - true\nempty: []\npem: |\n  -----BEGIN\n  abc=\n\"yes\": \"no\"\n"
    );
}

fn values() -> impl Strategy<Value = Value> {
    let text =
        prop_oneof!["[ -~\\n]{0,12}", "\\PC{0,6}", "([a-z=-]{1,4}\n){1,3}", "(true|No|~|null|1e3|0x1|---|)"];
    let leaf = prop_oneof![
        text.prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<u32>().prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z: -]{1,6}", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(value in values()) {
        let value = json!({ "value": value });
        prop_assert_eq!(serde_saphyr::from_str::<Value>(&yaml(std::slice::from_ref(&value))).unwrap(), value);
    }
}
