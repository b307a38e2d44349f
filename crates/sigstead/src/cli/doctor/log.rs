use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_crypto::{HashAlgorithm, Signer as _, VerifierKey};
use sigstead_trust::Log;

use super::probe::Probe;
use super::proof::{Proof, hashes};
use super::report::Report;
use crate::cli::http::Http;

const KEY_HINT: &str = "does public_key in this configuration name the key that the log signs with?";

/// Rekor v1: the entry, the promise, the proof, and whether it is found again.
pub(super) async fn check_v1(http: &Http, url: &str, logs: &[Log], probe: &Probe, report: &mut Report) {
    let (uuid, entry) = match upload(http, url, probe).await {
        Ok(entry) => entry,
        Err(error) => {
            report.check("log", Err(error));
            for name in ["log promise", "log proof", "log search"] {
                report.skip(name, "an entry in the log");
            }
            return;
        }
    };
    report.check("log", Ok(format!("{url} took the entry {uuid}")));
    report.check("log promise", check_promise(&entry, logs));
    report.check("log proof", check_proof(&entry, logs));
    report.check("log search", search(http, url, &uuid, probe).await);
}

async fn upload(http: &Http, url: &str, probe: &Probe) -> anyhow::Result<(String, Value)> {
    let entry = json!({
        "apiVersion": "0.0.1",
        "kind": "hashedrekord",
        "spec": {
            "data": { "hash": { "algorithm": "sha256", "value": hex::encode(probe.digest) } },
            "signature": {
                "content": BASE64_STANDARD.encode(&probe.signature),
                "publicKey": { "content": BASE64_STANDARD.encode(probe.verifier_pem()) },
            },
        },
    });
    let answer = http.post_json(&format!("{url}/api/v1/log/entries"), &entry).await?;
    let entries = answer.as_object().into_iter().flatten();
    let (uuid, entry) = entries.into_iter().next().context("the answer has no entry")?;
    Ok((uuid.clone(), entry.clone()))
}

/// The log of the trust root that made the entry.
fn trusted<'a>(entry: &Value, logs: &'a [Log]) -> anyhow::Result<&'a Log> {
    let id = text(entry, "/logID")?;
    let log = logs.iter().find(|log| hex::encode(log.log_id) == id);
    log.with_context(|| format!("no log of the trust root has the id {id}\n  hint: {KEY_HINT}"))
}

fn text<'a>(value: &'a Value, pointer: &str) -> anyhow::Result<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).with_context(|| format!("the answer lacks {pointer}"))
}

fn base64(value: &Value, pointer: &str) -> anyhow::Result<Vec<u8>> {
    BASE64_STANDARD.decode(text(value, pointer)?).with_context(|| format!("{pointer} is no base64"))
}

/// The signed entry timestamp: over RFC 8785 of four fields, which stand in their order here.
fn check_promise(entry: &Value, logs: &[Log]) -> anyhow::Result<String> {
    let log = trusted(entry, logs)?;
    let fields = ["body", "integratedTime", "logID", "logIndex"].map(|name| (name, entry.get(name)));
    let signed: std::collections::BTreeMap<_, _> = fields.into_iter().collect();
    let signature = base64(entry, "/verification/signedEntryTimestamp")?;
    log.public_key
        .verify(HashAlgorithm::Sha256, &serde_json::to_vec(&signed)?, &signature)
        .with_context(|| format!("the signed entry timestamp\n  hint: {KEY_HINT}"))?;
    Ok("the signed entry timestamp verifies by the trust root".to_owned())
}

fn check_proof(entry: &Value, logs: &[Log]) -> anyhow::Result<String> {
    let log = trusted(entry, logs)?;
    let given = entry.pointer("/verification/inclusionProof").context("the entry has no inclusion proof")?;
    let proof = Proof {
        index: given.get("logIndex").and_then(Value::as_u64).context("the proof has no index")?,
        hashes: hashes(given, |text| hex::decode(text).ok())?,
        checkpoint: text(given, "/checkpoint")?.to_owned(),
    };
    let note = proof.check(&base64(entry, "/body")?)?;
    note.verify_rekor_v1(&log.public_key).with_context(|| format!("the checkpoint\n  hint: {KEY_HINT}"))?;
    Ok("the entry is in the tree whose checkpoint verifies by the trust root".to_owned())
}

async fn search(http: &Http, url: &str, uuid: &str, probe: &Probe) -> anyhow::Result<String> {
    let query = json!({ "hash": format!("sha256:{}", hex::encode(probe.digest)) });
    let found = http.post_json(&format!("{url}/api/v1/index/retrieve"), &query).await?;
    ensure!(
        found.as_array().is_some_and(|found| found.iter().any(|one| one == uuid)),
        "the entry is not found by its digest"
    );
    Ok("the entry is found by its digest".to_owned())
}

/// Rekor v2: the entry and its proof, which come in one answer.
pub(super) async fn check_v2(
    http: &Http,
    url: &str,
    origin: &str,
    logs: &[Log],
    probe: &Probe,
) -> anyhow::Result<String> {
    let request = json!({ "hashedRekordRequestV002": {
        "digest": BASE64_STANDARD.encode(probe.digest),
        "signature": {
            "content": BASE64_STANDARD.encode(&probe.signature),
            "verifier": {
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "publicKey": { "rawBytes": BASE64_STANDARD.encode(probe.signer.public_key().spki_der()) },
            },
        },
    }});
    let entry = http.post_json(&format!("{url}/api/v2/log/entries"), &request).await?;
    let given = entry.get("inclusionProof").context("the answer has no inclusion proof")?;
    let proof = Proof {
        index: text(given, "/logIndex")?.parse().context("the proof's index")?,
        hashes: hashes(given, |text| BASE64_STANDARD.decode(text).ok())?,
        checkpoint: text(given, "/checkpoint/envelope")?.to_owned(),
    };
    let note = proof.check(&base64(&entry, "/canonicalizedBody")?)?;
    let mut keys = logs.iter().filter_map(|log| VerifierKey::of_log(origin, log.public_key.clone()));
    if !keys.any(|key| key.verify(&note).is_ok()) {
        bail!("no log of the trust root has signed the checkpoint as {origin}\n  hint: {KEY_HINT}");
    }
    Ok(format!("{url} took an entry, which is in the tree whose checkpoint verifies by the trust root"))
}
