use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_ca::AddedChain;
use sigstead_clock::{Clock as _, SystemClock};
use sigstead_crypto::Signer as _;
use sigstead_trust::TrustMaterial;
use sigstead_x509::Certificate;
use sigstead_x509::precertificate::{issuer_key_hash, tbs_without_scts};
use sigstead_x509::sct::{self, SignedEntry};

use super::probe::Probe;
use super::report::Report;
use super::token::challenge;
use crate::cli::http::Http;

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
    match issued {
        Some(issued) => {
            match material.ct_logs.is_empty() {
                true => report.skip("ct log", "a CT log in the trust root"),
                false => report.check("ct log", check_sct(&issued, material)),
            }
            probe.certificate = Some(issued.certificate);
        }
        None => report.skip("ct log", "a certificate of the ca"),
    }
}

/// What the CA answered.
struct Issued {
    certificate: Certificate,
    issuer: Certificate,
    /// Beside the certificate, in JSON (RFC 6962 §4.1).
    detached: Option<AddedChain>,
}

async fn issue(
    http: &Http,
    url: &str,
    token: &str,
    material: &TrustMaterial,
    probe: &Probe,
) -> anyhow::Result<Issued> {
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
    let now = SystemClock.now().unix_seconds();
    if !certificate.is_valid_at(now) || !issuer.is_valid_at(now) {
        bail!(
            "the certificate or its issuer is not valid now\n  hint: compare the CA's clock with this one; `sigstead ca list` tells when it signs"
        );
    }
    let detached = answer.pointer("/signedCertificateDetachedSct/signedCertificateTimestamp");
    let detached = detached.and_then(Value::as_str).and_then(|text| BASE64_STANDARD.decode(text).ok());
    let detached = detached.and_then(|text| serde_json::from_slice(&text).ok());
    Ok(Issued { issuer: issuer.clone(), certificate, detached })
}

fn check_sct(issued: &Issued, material: &TrustMaterial) -> anyhow::Result<String> {
    let Issued { certificate, issuer, detached } = issued;
    let embedded = sct::list_of(certificate).unwrap_or_default();
    let key_hash = issuer_key_hash(issuer);
    let tbs = if embedded.is_empty() { Vec::new() } else { tbs_without_scts(certificate)? };
    let precertificate = SignedEntry::Precertificate { issuer_key_hash: &key_hash, tbs: &tbs };
    let beside = detached.clone().and_then(AddedChain::into_sct);
    let whole = beside.iter().map(|promise| (promise, SignedEntry::X509(certificate.der())));
    let promises: Vec<_> = embedded.iter().map(|promise| (promise, precertificate)).chain(whole).collect();
    if promises.is_empty() {
        bail!("the CA gave no SCT\n  hint: name a CT log for it, as ca.ct_url, or none in the trust root");
    }
    for (promise, entry) in &promises {
        let mut logs = material.ct_logs.iter();
        let log = logs.find(|log| log.public_key.fingerprint() == promise.log_id).with_context(|| {
            format!(
                "no CT log of the trust root has the id {}, which made the promise\n  hint: does ct.public_key name the key that the CT log signs with?",
                hex::encode(promise.log_id)
            )
        })?;
        promise.verify(entry, &log.public_key).with_context(|| format!("the promise of {}", log.url))?;
    }
    Ok(format!("every SCT of the certificate ({}) verifies by the trust root", promises.len()))
}
