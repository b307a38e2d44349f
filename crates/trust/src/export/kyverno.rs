use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::yaml::yaml;
use super::{ExportError, Exported, ImagePolicy, TrustDocument, TufRoot};

/// An `ImageValidatingPolicy` (policies.kyverno.io/v1) that follows `tuf`. It takes keys and chains from nowhere else: a policy
/// without a repository asks the public one.
///
/// # Errors
/// When nothing could be verified with it.
pub fn kyverno(trust: &TrustDocument, tuf: &TufRoot, policy: &ImagePolicy) -> Result<Exported, ExportError> {
    let nothing = |what| ExportError::Nothing { what, consumer: KYVERNO };
    let identity = policy.identity.as_ref().ok_or_else(|| nothing("identity (--identity, --issuer)"))?;
    let mut notes: Vec<_> = identity.notes().collect();
    let root = json!({ "data": BASE64_STANDARD.encode(&tuf.root) });
    let mut cosign = BTreeMap::from([
        ("keyless", json!({ "identities": [identity.json()] })),
        ("tuf", json!({ "mirror": tuf.mirror, "root": root })),
    ]);
    let material = trust.material();
    if policy.timestamps {
        material.timestamp_authorities.last().ok_or_else(|| nothing("timestamp authority"))?;
        notes.push(
            "with timestamps, Kyverno refuses what cosign 2 signed, as soon as its certificate has ended"
                .to_owned(),
        );
        cosign.insert("ctlog", json!({ "insecureIgnoreTlog": true }));
    } else if material.logs.is_empty() && material.v2_logs.is_empty() {
        return Err(nothing("transparency log"));
    }
    let manifest = json!({
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "ImageValidatingPolicy",
        "metadata": { "name": policy.name },
        "spec": {
            "validationActions": ["Deny"],
            "matchConstraints": { "resourceRules": [{
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE"],
                "resources": ["pods"],
            }]},
            "matchImageReferences": policy.images.iter().map(|glob| json!({ "glob": glob })).collect::<Vec<_>>(),
            "attestors": [{ "name": "signer", "cosign": cosign }],
            "attestations": policy.named_attestations()
                .map(|(name, kind)| json!({ "name": name, "intoto": { "type": kind } }))
                .collect::<Vec<_>>(),
            "validations": expressions(policy)
                .into_iter()
                .map(|expression| json!({ "expression": expression, "message": MESSAGE }))
                .collect::<Vec<_>>(),
        },
    });
    Ok(Exported { manifests: yaml(&[manifest]), notes })
}

const KYVERNO: &str = "Kyverno";
const MESSAGE: &str = "an image is not signed as this policy asks";

/// What must hold of the images of every pod, in CEL.
fn expressions(policy: &ImagePolicy) -> Vec<String> {
    let every = |call: String| format!("{IMAGES}.all(image, {call} > 0)");
    if policy.attestations.is_empty() {
        return vec![every("verifyImageSignatures(image, [attestors.signer])".to_owned())];
    }
    let attested = policy.named_attestations().map(|(name, _)| {
        every(format!("verifyAttestationSignatures(image, attestations.{name}, [attestors.signer])"))
    });
    attested.collect()
}

const IMAGES: &str = "(images.containers + images.initContainers + images.ephemeralContainers)";
