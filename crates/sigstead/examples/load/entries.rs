//! Entries that are right and new: by a bare key, and by a certificate such as CI systems get.

use anyhow::Context as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_crypto::{HashAlgorithm, KeyKind, Signer as _, SoftwareSigner};
use sigstead_x509::build::{self, Extension, TbsFields};
use sigstead_x509::{Certificate, SubjectAlternativeName, oid};

/// A hashedrekord 0.0.1 over a digest of its own; `verifier` is PEM.
pub(crate) fn hashedrekord(key: &SoftwareSigner, verifier: &str, artifact: &str) -> Vec<u8> {
    let digest = hex::encode(HashAlgorithm::Sha256.digest(artifact.as_bytes()));
    let signature = key.sign_now(artifact.as_bytes()).unwrap_or_default();
    let entry: Value = json!({
        "kind": "hashedrekord",
        "apiVersion": "0.0.1",
        "spec": {
            "data": { "hash": { "algorithm": "sha256", "value": digest } },
            "signature": {
                "content": BASE64_STANDARD.encode(signature),
                "publicKey": { "content": BASE64_STANDARD.encode(verifier) },
            },
        },
    });
    entry.to_string().into_bytes()
}

/// The same for Rekor v2, by a bare key.
pub(crate) fn hashedrekord_v2(key: &SoftwareSigner, artifact: &str) -> Vec<u8> {
    let signature = key.sign_now(artifact.as_bytes()).unwrap_or_default();
    let entry: Value = json!({ "hashedRekordRequestV002": {
        "digest": BASE64_STANDARD.encode(HashAlgorithm::Sha256.digest(artifact.as_bytes())),
        "signature": {
            "content": BASE64_STANDARD.encode(signature),
            "verifier": {
                "publicKey": { "rawBytes": BASE64_STANDARD.encode(key.public_key().spki_der()) },
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            },
        },
    }});
    entry.to_string().into_bytes()
}

/// An authority that gives out certificates of CI workflows, as a CA for GitHub Actions would: 1.7 KB each.
pub(crate) struct Workflows {
    ca: SoftwareSigner,
    issuer: Vec<u8>,
}

impl Workflows {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            ca: SoftwareSigner::generate(KeyKind::EcdsaP256)?,
            issuer: build::name("CN=load,O=sigstead").context("a name")?,
        })
    }

    /// A new key with a new certificate; one of 200 repositories.
    pub(crate) fn signer(&self, number: u64) -> anyhow::Result<(SoftwareSigner, Certificate)> {
        let key = SoftwareSigner::generate(KeyKind::EcdsaP256)?;
        let extensions = self.extensions(&key, number)?;
        let tbs = TbsFields {
            serial: &sigstead_x509::authority::serial(1_790_000_000)?,
            algorithm: self.ca.algorithm(),
            issuer_der: &self.issuer,
            not_before: 1_790_000_000,
            not_after: 1_790_000_600,
            subject_der: &build::empty_name(),
            spki_der: key.public_key().spki_der(),
            extensions: &extensions,
        };
        let signed = futures_util::FutureExt::now_or_never(build::sign_certificate(&tbs.encode()?, &self.ca));
        Ok((key, signed.context("a software key signs at once")??))
    }

    fn extensions(&self, key: &SoftwareSigner, number: u64) -> anyhow::Result<Vec<Extension>> {
        let repository = format!("example/application-{}", number % 200);
        let workflow =
            format!("https://github.com/{repository}/.github/workflows/release.yml@refs/heads/main");
        let mut commit = hex::encode(HashAlgorithm::Sha256.digest(&number.to_be_bytes()));
        commit.truncate(40);
        let texts = [
            (1, "https://token.actions.githubusercontent.com".to_owned()),
            (2, "push".to_owned()),
            (3, commit.clone()),
            (4, "release".to_owned()),
            (5, repository.clone()),
            (6, "refs/heads/main".to_owned()),
            (8, "https://token.actions.githubusercontent.com".to_owned()),
            (9, workflow.clone()),
            (10, commit.clone()),
            (11, "github-hosted".to_owned()),
            (12, format!("https://github.com/{repository}")),
            (13, commit.clone()),
            (14, "refs/heads/main".to_owned()),
            (15, (100_000 + number % 200).to_string()),
            (16, "https://github.com/example".to_owned()),
            (17, "2002".to_owned()),
            (18, workflow.clone()),
            (19, commit),
            (20, "push".to_owned()),
            (
                21,
                format!("https://github.com/{repository}/actions/runs/{}/attempts/1", 7_000_000_000 + number),
            ),
            (22, "public".to_owned()),
        ];
        let mut extensions = vec![
            build::key_usage_signature()?,
            build::extended_key_usage(oid::CODE_SIGNING, false)?,
            build::subject_key_identifier(key.public_key().spki_der())?,
            build::subject_alternative_name(&SubjectAlternativeName::Uri(workflow), true)?,
        ];
        for (number, text) in texts {
            extensions.push(build::fulcio_extension(number, &text)?);
        }
        Ok(extensions)
    }
}
