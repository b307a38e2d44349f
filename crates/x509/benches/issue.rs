//! One issuance without network and database: precertificate, SCT, certificate; three P-256 signatures.
#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]

use criterion::{Criterion, criterion_group, criterion_main};
use sigstead_crypto::note::digitally_signed;
use sigstead_crypto::{KeyKind, Signer as _, SoftwareSigner};
use sigstead_x509::build::{
    Extension, TbsFields, empty_name, extended_key_usage, fulcio_extension, key_usage_signature, name,
    subject_alternative_name, subject_key_identifier,
};
use sigstead_x509::precertificate::{poison, tbs_without_poison};
use sigstead_x509::sct::{SignedEntry, list_extension};
use sigstead_x509::{Certificate, Sct, SubjectAlternativeName, oid};

struct Issuer {
    ca: SoftwareSigner,
    ct: SoftwareSigner,
    key: SoftwareSigner,
    name: Vec<u8>,
}

impl Issuer {
    fn certificate(&self, last: Extension) -> Certificate {
        let email = SubjectAlternativeName::Email("dev@example.com".to_owned());
        let extensions = [
            key_usage_signature().unwrap(),
            extended_key_usage(oid::CODE_SIGNING, false).unwrap(),
            subject_key_identifier(self.key.public_key().spki_der()).unwrap(),
            subject_alternative_name(&email, true).unwrap(),
            fulcio_extension(8, "https://issuer.example").unwrap(),
            last,
        ];
        let tbs = TbsFields {
            serial: &[1; 20],
            algorithm: self.ca.algorithm(),
            issuer_der: &self.name,
            not_before: 1_800_000_000,
            not_after: 1_800_000_600,
            subject_der: &empty_name(),
            spki_der: self.key.public_key().spki_der(),
            extensions: &extensions,
        };
        let signed = sigstead_x509::build::sign_certificate;
        pollster(signed(&tbs.encode().unwrap(), &self.ca)).unwrap()
    }

    fn issue(&self) -> Certificate {
        let precertificate = self.certificate(poison());
        let tbs = tbs_without_poison(&precertificate).unwrap();
        let issuer_key_hash = self.ca.public_key().fingerprint();
        let entry = SignedEntry::Precertificate { issuer_key_hash: &issuer_key_hash, tbs: &tbs };
        let signature = self.ct.sign_now(&entry.signed_data(1, &[])).unwrap();
        let sct = Sct {
            log_id: self.ct.public_key().fingerprint(),
            timestamp: 1,
            extensions: Vec::new(),
            signature: digitally_signed(self.ct.public_key(), &signature),
        };
        self.certificate(list_extension(&[sct]))
    }
}

/// A software signer answers at once, so its future is ready at its first poll.
fn pollster<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => unreachable!("a software signer does not wait"),
    }
}

fn issue(criterion: &mut Criterion) {
    let key = || SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap();
    let issuer = Issuer { ca: key(), ct: key(), key: key(), name: name("CN=bench,O=bench").unwrap() };
    criterion
        .bench_function("precertificate, SCT and certificate", |bencher| bencher.iter(|| issuer.issue()));
}

criterion_group!(benches, issue);
criterion_main!(benches);
