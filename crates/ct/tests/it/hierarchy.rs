use std::time::Duration;

use sigstead_crypto::{KeyKind, Signer as _, SoftwareSigner};
use sigstead_x509::authority::{Profile, issue, root};
use sigstead_x509::build::{self, Extension, TbsFields, sign_certificate};
use sigstead_x509::precertificate::poison;
use sigstead_x509::{Certificate, oid};

/// 2027-01-15, when every certificate begins.
const START: i64 = 1_800_000_000;
const DAY: Duration = Duration::from_secs(86_400);

/// A root and an issuing CA below it.
pub(crate) struct Hierarchy {
    key: SoftwareSigner,
    /// The issuing certificate, then the root.
    pub(crate) issuers: Vec<Certificate>,
}

impl Hierarchy {
    pub(crate) async fn new() -> Self {
        let (root_key, key) = (generate(), generate());
        let root = root(&root_key, "CN=root,O=test", START, DAY).await.unwrap();
        let below = ("CN=issuing,O=test", key.public_key());
        let profile = Profile::CodeSigningAuthority;
        let issuing = issue((&root_key, &root), below, profile, START, DAY).await.unwrap();
        Self { key, issuers: vec![issuing, root] }
    }

    /// A code-signing certificate, and the chain to its root.
    pub(crate) async fn certificate(&self) -> Vec<Certificate> {
        self.chain(&[code_signing()]).await
    }

    /// The same with a poison.
    pub(crate) async fn precertificate(&self) -> Vec<Certificate> {
        self.chain(&[code_signing(), poison()]).await
    }

    /// A certificate with these extensions, and the chain to its root.
    pub(crate) async fn chain(&self, extensions: &[Extension]) -> Vec<Certificate> {
        let client = generate();
        let fields = TbsFields {
            serial: &sigstead_crypto::random_bytes::<16>().unwrap(),
            algorithm: self.key.algorithm(),
            issuer_der: self.issuers[0].subject_der(),
            not_before: START,
            not_after: START + 600,
            subject_der: &build::empty_name(),
            spki_der: client.public_key().spki_der(),
            extensions,
        };
        let leaf = sign_certificate(&fields.encode().unwrap(), &self.key).await.unwrap();
        [&[leaf], self.issuers.as_slice()].concat()
    }
}

pub(crate) fn code_signing() -> Extension {
    build::extended_key_usage(oid::CODE_SIGNING, false).unwrap()
}

fn generate() -> SoftwareSigner {
    SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap()
}
