use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_crypto::PublicKeyKind;
use sigstead_x509::Certificate;

use super::yaml::yaml;
use super::{ExportError, Exported, ImagePolicy, TrustDocument, TufRoot};
use crate::documents::TRUSTED_ROOT_V1;
use crate::lint::POLICY_CONTROLLER;
use crate::{Authority, Log, TrustMaterial};

/// A `TrustRoot` (policy.sigstore.dev/v1alpha1), which follows `tuf` or holds copies of keys and chains, and, when somebody may
/// sign, a `ClusterImagePolicy` (v1beta1) that refers to it.
///
/// # Errors
/// When nothing could be verified with it.
pub fn policy_controller(
    trust: &TrustDocument,
    tuf: Option<&TufRoot>,
    policy: &ImagePolicy,
) -> Result<Exported, ExportError> {
    let material = trust.material();
    let mut notes = Vec::new();
    let spec = match tuf {
        Some(tuf) => {
            notes.extend(trust.rekor_v1_warnings(POLICY_CONTROLLER)?);
            followed(material, tuf, &mut notes)
        }
        None => copies(material, &mut notes)?,
    };
    if material.timestamp_authorities.len() > 1 {
        notes
            .push("of several timestamp authorities policy-controller believes the last one only".to_owned());
    }
    notes.extend(endless(material));
    let mut documents = vec![json!({
        "apiVersion": "policy.sigstore.dev/v1alpha1",
        "kind": "TrustRoot",
        "metadata": { "name": policy.name },
        "spec": spec,
    })];
    if let Some(image_policy) = cluster_image_policy(material, policy, &mut notes)? {
        documents.push(image_policy);
    }
    Ok(Exported { manifests: yaml(&documents), notes })
}

/// `spec` with the repository. A Rekor v2 log in the trusted root may make policy-controller refuse it.
fn followed(material: &TrustMaterial, tuf: &TufRoot, notes: &mut Vec<String>) -> Value {
    let repository = [
        ("mirror", tuf.mirror.clone()),
        ("root", BASE64_STANDARD.encode(&tuf.root)),
        ("targets", "targets".to_owned()),
    ];
    let mut remote = BTreeMap::from(repository);
    if !material.v2_logs.is_empty() {
        notes.push(format!(
            "it reads {TRUSTED_ROOT_V1}, as sigstead publishes it, for it knows Rekor v1 only"
        ));
        remote.insert("trustedRootTarget", TRUSTED_ROOT_V1.to_owned());
    }
    if has_p384(&tuf.root) {
        notes.push("the repository has keys on P-384, which policy-controller does not verify".to_owned());
    }
    json!({ "remote": remote })
}

/// policy-controller's TUF client hashes with SHA-256 alone.
fn has_p384(root: &[u8]) -> bool {
    let root: Value = serde_json::from_slice(root).unwrap_or_default();
    let keys = root.pointer("/signed/keys").and_then(Value::as_object);
    keys.into_iter()
        .flatten()
        .any(|(_, key)| key.get("scheme").is_some_and(|scheme| scheme == "ecdsa-sha2-nistp384"))
}

/// `spec` with the keys and chains themselves.
fn copies(material: &TrustMaterial, notes: &mut Vec<String>) -> Result<Value, ExportError> {
    for log in &material.v2_logs {
        notes.push(format!("{}: left out, for Rekor v2 is not known there", log.url));
    }
    let logs = readable(&material.logs, notes);
    let ct_logs = readable(&material.ct_logs, notes);
    let authorities = &material.certificate_authorities;
    let mut timestamp_authorities: Vec<_> = material.timestamp_authorities.iter().collect();
    // Of these it believes the last one.
    timestamp_authorities.sort_by_key(|authority| authority.is_current);
    let nothing = |what| ExportError::Nothing { what, consumer: POLICY_CONTROLLER };
    if authorities.is_empty() {
        return Err(nothing("certificate authority"));
    }
    if logs.is_empty() && timestamp_authorities.is_empty() {
        return Err(nothing("timestamp authority, nor a Rekor v1 log with an ECDSA key"));
    }
    Ok(json!({ "sigstoreKeys": {
        "certificateAuthorities": authorities.iter().map(authority).collect::<Vec<_>>(),
        "timestampAuthorities": timestamp_authorities.into_iter().map(authority).collect::<Vec<_>>(),
        "tLogs": logs.into_iter().map(log).collect::<Vec<_>>(),
        "ctLogs": ct_logs.into_iter().map(log).collect::<Vec<_>>(),
    }}))
}

/// A key of another kind makes policy-controller refuse the whole trust root.
fn readable<'a>(logs: &'a [Log], notes: &mut Vec<String>) -> Vec<&'a Log> {
    use PublicKeyKind::{EcdsaP256, EcdsaP384, EcdsaP521};
    let (readable, others): (Vec<_>, Vec<_>) =
        logs.iter().partition(|log| matches!(log.public_key.kind(), EcdsaP256 | EcdsaP384 | EcdsaP521));
    notes.extend(others.iter().map(|log| {
        format!("{}: left out with what it signed, for keys of logs must be ECDSA there", log.url)
    }));
    readable
}

/// What has an end, for which policy-controller does not ask.
fn endless(material: &TrustMaterial) -> impl Iterator<Item = String> {
    let TrustMaterial { certificate_authorities, timestamp_authorities, logs, ct_logs, .. } = material;
    let authorities = certificate_authorities.iter().chain(timestamp_authorities);
    let authorities = authorities.map(|authority| (&authority.url, authority.validity.end));
    let logs = logs.iter().chain(ct_logs).map(|log| (&log.url, log.validity.end));
    authorities.chain(logs).filter_map(|(url, end)| {
        let end = end?.to_rfc3339();
        Some(format!("{url}: policy-controller believes it without end, though its time ends at {end}"))
    })
}

fn log(log: &Log) -> Value {
    json!({
        "baseURL": log.url,
        "hashAlgorithm": "sha-256",
        "publicKey": BASE64_STANDARD.encode(log.public_key.to_pem()),
    })
}

/// The names must not be empty, and are asked for nothing.
fn authority(authority: &Authority) -> Value {
    let first = authority.chain.first();
    let or_url = |name: Option<String>| name.unwrap_or_else(|| authority.url.clone());
    let chain: String = authority.chain.iter().map(Certificate::to_pem).collect();
    json!({
        "subject": {
            "organization": or_url(first.and_then(Certificate::organization)),
            "commonName": or_url(first.and_then(Certificate::common_name)),
        },
        "uri": authority.url,
        "certChain": BASE64_STANDARD.encode(chain),
    })
}

fn cluster_image_policy(
    material: &TrustMaterial,
    policy: &ImagePolicy,
    notes: &mut Vec<String>,
) -> Result<Option<Value>, ExportError> {
    let Some(identity) = &policy.identity else { return Ok(None) };
    notes.extend(identity.notes());
    notes.push(NO_BUNDLES.to_owned());
    let nothing = |what| ExportError::Nothing { what, consumer: POLICY_CONTROLLER };
    let ca = material.certificate_authorities.last().ok_or_else(|| nothing("certificate authority"))?;
    let (observer, observed) = if policy.timestamps {
        material.timestamp_authorities.last().ok_or_else(|| nothing("timestamp authority"))?;
        notes.push("with timestamps, policy-controller does not look for entries in the log".to_owned());
        ("rfc3161timestamp", json!({ "trustRootRef": policy.name }))
    } else {
        let log = material.logs.last().ok_or_else(|| nothing("Rekor v1 log"))?;
        ("ctlog", json!({ "trustRootRef": policy.name, "url": log.url }))
    };
    let attestations = policy.named_attestations();
    let authority = json!({
        "name": "keyless",
        "keyless": { "url": ca.url, "trustRootRef": policy.name, "identities": [identity.json()] },
        (observer): observed,
        "attestations": attestations
            .map(|(name, kind)| json!({ "name": name, "predicateType": kind }))
            .collect::<Value>(),
    });
    let images: Value = policy.images.iter().map(|glob| json!({ "glob": glob })).collect();
    Ok(Some(json!({
        "apiVersion": "policy.sigstore.dev/v1beta1",
        "kind": "ClusterImagePolicy",
        "metadata": { "name": policy.name },
        "spec": { "images": images, "authorities": [authority] },
    })))
}

/// Of version 0.13.1, which looks for the logs of a `TrustRoot` under other names than bundles have for them.
const NO_BUNDLES: &str = "policy-controller verifies no bundles with a trust root of one's own: sign and attest with cosign 2, or with \
                          cosign 3 and --new-bundle-format=false";
