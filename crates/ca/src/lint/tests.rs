//! Each rule is broken by a certificate that keeps all others.

use std::time::Duration;

use sigstead_crypto::{KeyKind, Signer as _, SoftwareSigner};
use sigstead_identity::{IssuerType, Principal};
use sigstead_x509::authority::root;
use sigstead_x509::build::{
    Extension, TbsFields, authority_key_identifier, basic_constraints, empty_name, extended_key_usage,
    fulcio_extension, key_usage_authority, name, sign_certificate, subject_alternative_name,
};
use sigstead_x509::precertificate::poison;
use sigstead_x509::sct::list_extension;
use sigstead_x509::{Sct, SubjectAlternativeName};

use super::*;

const NOW: i64 = 1_800_000_000;
const SERIAL: [u8; 20] = [7; 20];

struct Scene {
    authority: SoftwareSigner,
    issuer: Certificate,
    key: SoftwareSigner,
    principal: Principal,
}

/// What is signed in the end.
struct Draft {
    serial: Vec<u8>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    validity: (i64, i64),
    spki: Vec<u8>,
    extensions: Vec<Extension>,
}

impl Scene {
    async fn new() -> Self {
        let authority = SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap();
        let issuer = root(&authority, "CN=ca", NOW - 60, Duration::from_secs(660)).await.unwrap();
        let principal = Principal {
            issuer: "https://i.example".into(),
            issuer_type: IssuerType::Email,
            subject: "1".into(),
            challenges: Vec::new(),
            name: SubjectAlternativeName::Email("a@b.example".into()),
            extensions: vec![(1, "https://i.example".into()), (8, "https://i.example".into())],
            claims: serde_json::Map::new(),
        };
        Self { authority, issuer, key: SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap(), principal }
    }

    fn profile(&self) -> Profile<'_> {
        let signed_by = (&self.issuer, self.authority.algorithm());
        Profile::new(SERIAL, (NOW, NOW + 600), signed_by, self.key.public_key(), &self.principal).unwrap()
    }

    /// A certificate as it should be.
    async fn issued(&self, form: Form<'_>) -> Certificate {
        sign_certificate(&self.profile().tbs(form).unwrap(), &self.authority).await.unwrap()
    }

    /// A certificate with everything as it should be, but for one change.
    async fn changed(&self, change: impl FnOnce(&mut Draft)) -> Certificate {
        let good = self.issued(Form::Plain).await;
        let extension = |id| {
            let (critical, value) = good.extension(id).unwrap();
            Extension { id, critical, value: value.to_vec() }
        };
        let mut draft = Draft {
            serial: SERIAL.to_vec(),
            issuer: good.issuer_der().to_vec(),
            subject: empty_name(),
            validity: (NOW, NOW + 600),
            spki: good.spki_der().to_vec(),
            extensions: good.extension_ids().map(extension).collect(),
        };
        change(&mut draft);
        let tbs = TbsFields {
            serial: &draft.serial,
            algorithm: self.authority.algorithm(),
            issuer_der: &draft.issuer,
            not_before: draft.validity.0,
            not_after: draft.validity.1,
            subject_der: &draft.subject,
            spki_der: &draft.spki,
            extensions: &draft.extensions,
        };
        sign_certificate(&tbs.encode().unwrap(), &self.authority).await.unwrap()
    }
}

impl Draft {
    fn put(&mut self, extension: Extension) {
        match self.extensions.iter_mut().find(|present| present.id == extension.id) {
            Some(present) => *present = extension,
            None => self.extensions.push(extension),
        }
    }

    fn leave_out(&mut self, index: usize) {
        self.extensions.remove(index);
    }
}

fn sct(timestamp: u64) -> Sct {
    Sct { log_id: [1; 32], timestamp, extensions: Vec::new(), signature: vec![4, 3, 0, 1, 9] }
}

#[tokio::test]
async fn what_is_issued_keeps_every_rule() {
    let scene = Scene::new().await;
    let unchanged = scene.changed(|_| {}).await;
    assert_eq!(unchanged.tbs_der(), scene.issued(Form::Plain).await.tbs_der(), "drafts change nothing else");
    let precertificate = scene.issued(Form::Precertificate).await;
    let scts = [sct(1), sct(2)];
    let with_scts = Form::WithScts { scts: &scts, precertificate: &precertificate };
    for form in [Form::Plain, Form::Precertificate, with_scts] {
        assert_eq!(lint(&scene.issued(form).await, &scene.profile(), form), Ok(()), "{form:?}");
    }
}

#[tokio::test]
async fn every_rule_is_broken_alone() {
    type Change = fn(&mut Draft);
    let mut unbroken: Vec<&str> = RULES.iter().map(|(rule, _)| *rule).collect();
    let changes: [(&str, Change); 22] = [
        ("the serial number", |draft| draft.serial = vec![8; 20]),
        ("the serial number", |draft| draft.serial = vec![0]),
        ("the serial number", |draft| draft.serial = vec![7; 21]),
        ("the issuer's name", |draft| draft.issuer = name("CN=other").unwrap()),
        ("the subject", |draft| draft.subject = name("CN=ada").unwrap()),
        ("it is valid", |draft| draft.validity.1 += 1),
        ("it is valid", |draft| draft.validity.0 -= 1),
        ("it certifies", |draft| {
            let other = SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap();
            draft.spki = other.public_key().spki_der().to_vec();
        }),
        ("KeyUsage", |draft| draft.put(key_usage_authority().unwrap())),
        ("KeyUsage", |draft| draft.leave_out(0)),
        ("ExtendedKeyUsage", |draft| draft.put(extended_key_usage(oid::TIME_STAMPING, false).unwrap())),
        ("it is no authority", |draft| draft.put(basic_constraints(None).unwrap())),
        ("SubjectKeyIdentifier", |draft| draft.leave_out(2)),
        ("AuthorityKeyIdentifier", |draft| draft.put(authority_key_identifier(&[1; 20]).unwrap())),
        ("AuthorityKeyIdentifier", |draft| draft.leave_out(3)),
        ("SubjectAltName is critical", |draft| {
            let ada = SubjectAlternativeName::Email("a@b.example".into());
            draft.put(subject_alternative_name(&ada, false).unwrap());
        }),
        ("SubjectAltName is the identity's", |draft| {
            let eve = SubjectAlternativeName::Email("eve@b.example".into());
            draft.put(subject_alternative_name(&eve, true).unwrap());
        }),
        ("SubjectAltName is the identity's", |draft| {
            // The right name, and after it a directoryName, which is a kind that identities have not.
            let ada = SubjectAlternativeName::Email("a@b.example".into());
            let mut both = subject_alternative_name(&ada, true).unwrap();
            both.value.extend([0xa4, 2, 0x30, 0]);
            both.value[1] += 4;
            draft.put(both);
        }),
        ("the identity's extensions", |draft| draft.put(fulcio_extension(8, "https://j.example").unwrap())),
        ("it has no other", |draft| draft.put(fulcio_extension(9, "more").unwrap())),
        ("its SCTs", |draft| draft.put(list_extension(&[]))),
        ("the poison", |draft| draft.put(poison())),
    ];
    let scene = Scene::new().await;
    for (rule, change) in changes {
        let certificate = scene.changed(change).await;
        let broken = RULES.iter().filter(|(_, is_met)| !is_met(&certificate, &scene.profile(), Form::Plain));
        let broken: Vec<&str> = broken.map(|(rule, _)| *rule).collect();
        // An extension that is missing or too many breaks the rule of which there are.
        let others = ["it has no other extension"];
        assert!(broken.iter().any(|name| name.starts_with(rule)), "{rule}: {broken:?}");
        let surprise = broken.iter().find(|name| !name.starts_with(rule) && !others.contains(name));
        assert_eq!(surprise, None, "{rule}");
        assert_eq!(lint(&certificate, &scene.profile(), Form::Plain), Err(Breach(broken[0])));
        unbroken.retain(|name| !name.starts_with(rule));
    }
    assert!(unbroken.is_empty(), "{unbroken:?}");
}

#[tokio::test]
async fn no_certificate_outlives_its_issuer() {
    let scene = Scene::new().await;
    let mut profile = scene.profile();
    profile.not_after = NOW + 601;
    let tbs = profile.tbs(Form::Plain).unwrap();
    let certificate = sign_certificate(&tbs, &scene.authority).await.unwrap();
    let broken = lint(&certificate, &profile, Form::Plain).unwrap_err().to_string();
    assert!(broken.contains("not longer than its issuer"), "{broken}");
}

#[tokio::test]
async fn promises_must_be_those_of_the_precertificate() {
    let scene = Scene::new().await;
    let (precertificate, scts) = (scene.issued(Form::Precertificate).await, [sct(1)]);
    let form = Form::WithScts { scts: &scts, precertificate: &precertificate };
    let certificate = scene.issued(form).await;
    let told = Err(Breach(RULES[15].0));
    let others = [sct(2)];
    let other_promise = Form::WithScts { scts: &others, precertificate: &precertificate };
    assert_eq!(lint(&certificate, &scene.profile(), other_promise), told);
    let other = scene.changed(|draft| {
        draft.validity.1 -= 1;
        draft.put(poison());
    });
    let other = other.await;
    let other_precertificate = Form::WithScts { scts: &scts, precertificate: &other };
    assert_eq!(lint(&certificate, &scene.profile(), other_precertificate), told);
    assert!(lint(&precertificate, &scene.profile(), Form::Plain).is_err());
}

#[tokio::test]
async fn something_else_was_signed() {
    let scene = Scene::new().await;
    let linted = scene.profile().tbs(Form::Plain).unwrap();
    let certificate = scene.changed(|draft| draft.validity.1 -= 1).await;
    assert_eq!(
        lint_signed(&certificate, &linted),
        Err(Breach("what was signed is what met the other rules"))
    );
}
