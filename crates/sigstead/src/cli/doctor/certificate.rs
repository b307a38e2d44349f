use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_crypto::Signer as _;
use sigstead_trust::TrustMaterial;
use sigstead_x509::Certificate;
use sigstead_x509::precertificate::{issuer_key_hash, tbs_without_scts};
use sigstead_x509::sct::{self, SignedEntry};

use super::http::Http;
use super::probe::Probe;
use super::report::Report;
use super::token::challenge;

/// A certificate for the probe's key, and the promise in it.
pub(super) async fn check(
    http: &Http,
    url: &str,
    token: anyhow::Result<String>,
    material: &TrustMaterial,
    probe: &mut Probe,
    report: &mut Report,
) {
    let issued = match token {
        Ok(token) => issue(http, url, &token, material, probe).await,
        Err(error) => Err(error.context("no identity token")),
    };
    let (outcome, issued) = match issued {
        Ok(issued) => (Ok(format!("{url} certified a key for the token's identity")), Some(issued)),
        Err(error) => (Err(error), None),
    };
    report.check("ca", outcome);
    let Some((certificate, issuer)) = issued else { return report.skip("ct log", "a certificate of the ca") };
    report.check("ct log", check_sct(&certificate, &issuer, material));
    probe.certificate = Some(certificate);
}

/// The certificate, and who issued it.
async fn issue(
    http: &Http,
    url: &str,
    token: &str,
    material: &TrustMaterial,
    probe: &Probe,
) -> anyhow::Result<(Certificate, Certificate)> {
    let proof = probe.signer.sign_now(challenge(token)?.as_bytes())?;
    let request = json!({
        "credentials": { "oidcIdentityToken": token },
        "publicKeyRequest": {
            "publicKey": { "algorithm": "ECDSA", "content": probe.signer.public_key().to_pem() },
            "proofOfPossession": BASE64_STANDARD.encode(proof),
        },
    });
    let answer = http.post_json(&format!("{url}/api/v2/signingCert"), &request).await?;
    let pem = ["signedCertificateEmbeddedSct", "signedCertificateDetachedSct"]
        .into_iter()
        .find_map(|form| answer.get(form)?.pointer("/chain/certificates/0").and_then(Value::as_str));
    let certificate = Certificate::from_pem(pem.context("the answer has no certificate")?.as_bytes())?;
    if certificate.spki_der() != probe.signer.public_key().spki_der() {
        bail!("the certificate is for another key");
    }
    let mut trusted = material.certificate_authorities.iter().filter_map(|authority| authority.chain.first());
    let issuer = trusted.find(|issuer| certificate.verify_signed_by(issuer).is_ok());
    let issuer = issuer.context(
        "the certificate is not signed by an authority of the trust root\n  hint: do the certificates of [ca] in this configuration belong to the CA that runs?",
    )?;
    Ok((certificate, issuer.clone()))
}

fn check_sct(
    certificate: &Certificate,
    issuer: &Certificate,
    material: &TrustMaterial,
) -> anyhow::Result<String> {
    let promises = sct::list_of(certificate)
        .context("the certificate carries no SCT\n  hint: with ca.sct = \"detached\" it comes beside it, and is not checked here")?;
    let (issuer_key_hash, tbs) = (issuer_key_hash(issuer), tbs_without_scts(certificate)?);
    let entry = SignedEntry::Precertificate { issuer_key_hash: &issuer_key_hash, tbs: &tbs };
    for promise in &promises {
        let mut logs = material.ct_logs.iter();
        let log = logs.find(|log| log.public_key.fingerprint() == promise.log_id).with_context(|| {
            format!(
                "no CT log of the trust root has the id {}, which made the promise\n  hint: does ct.public_key name the key that the CT log signs with?",
                hex::encode(promise.log_id)
            )
        })?;
        promise.verify(&entry, &log.public_key).with_context(|| format!("the promise of {}", log.url))?;
    }
    Ok(format!("{} SCT in the certificate verify by the trust root", promises.len()))
}
