use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_ca::{
    CaConfig, CertificateAuthority, ClientAlgorithms, CtConfig, CtLogConfig, CurrentPolicy, IssuingCa,
    SctDelivery, router,
};
use sigstead_clock::{ManualClock, Timestamp};
use sigstead_crypto::{KeyKind, Signer, SoftwareSigner};
use sigstead_identity::{FulcioConfig, Providers};
use sigstead_serve::{Rate, Tasks};
use sigstead_store::{Database, Options};
use sigstead_testkit::{Answer, Issuer, KeyToken};
use sigstead_x509::authority::{Profile, issue, root};
use sigstead_x509::{Certificate, parse_pem_chain};
use tempfile::TempDir;

use crate::ct_log::CtLog;

/// 2027-01-15T08:00:00Z, when the tests take place.
pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const EMAIL: &str = "ada@example.com";
const TEN_MINUTES: Duration = Duration::from_secs(600);
/// How long CT logs are waited for, all together.
pub(crate) const CT_DEADLINE: Duration = Duration::from_millis(1500);
const DAY: Duration = Duration::from_secs(86_400);

/// An authority, its database and its identity provider.
pub(crate) struct Authority {
    router: Router,
    pub(crate) issuer: Issuer,
    pub(crate) chain: Vec<Certificate>,
    pub(crate) database: Database,
    /// Allows everything, until it is replaced.
    pub(crate) policy: Arc<CurrentPolicy>,
    pub(crate) clock: Arc<ManualClock>,
    _folder: TempDir,
}

/// What is checked of every answer in Fulcio's shapes.
pub(crate) trait FulcioAnswer {
    /// Status and text of an error, whose shape is checked.
    fn error(&self) -> (u16, String);

    /// The certificates of a v2 answer.
    fn chain(&self, variant: &str) -> Vec<Certificate>;
}

impl FulcioAnswer for Answer {
    fn error(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(self.header("content-type"), "application/json");
        let names: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["code", "details", "message"]);
        assert!(body["code"].is_u64() && body["details"].is_array());
        (self.status.as_u16(), body["message"].as_str().unwrap().to_owned())
    }

    fn chain(&self, variant: &str) -> Vec<Certificate> {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        let body = self.json();
        assert_eq!(body.as_object().unwrap().len(), 1, "one key and no more: {body}");
        let texts: Vec<String> =
            serde_json::from_value(body[variant]["chain"]["certificates"].clone()).unwrap();
        assert!(texts.iter().all(|text| text.ends_with("-----END CERTIFICATE-----")));
        parse_pem_chain(texts.join("\n").as_bytes()).unwrap()
    }
}

impl Authority {
    pub(crate) async fn new() -> Self {
        Self::build(None, KeyKind::EcdsaP256, DAY).await
    }

    pub(crate) async fn with_log(log: &CtLog) -> Self {
        Self::with_logs([log], 1, SctDelivery::Embedded).await
    }

    /// In one process with the log, whose URL is a name.
    pub(crate) async fn beside(log: &CtLog, delivery: SctDelivery) -> Self {
        let mut config = ct([log], 1, delivery);
        config.logs[0] = CtLogConfig {
            url: "http://nowhere.invalid".to_owned(),
            public_key: log.public_key(),
            here: Some(log.routes()),
        };
        Self::build(Some(config), KeyKind::EcdsaP256, DAY).await
    }

    /// So many of the logs, the first ones preferably, must promise within a second and a half.
    pub(crate) async fn with_logs<const N: usize>(
        logs: [&CtLog; N],
        needed: usize,
        delivery: SctDelivery,
    ) -> Self {
        Self::build(Some(ct(logs, needed, delivery)), KeyKind::EcdsaP256, DAY).await
    }

    pub(crate) async fn build(ct: Option<CtConfig>, key: KeyKind, ca_lifetime: Duration) -> Self {
        Self::assemble(ct, authority_chain(key, ca_lifetime).await, ClientAlgorithms::default(), None).await
    }

    /// Certifies so much for each identity.
    pub(crate) async fn limited(rate: Rate) -> Self {
        let chain = authority_chain(KeyKind::EcdsaP256, DAY).await;
        Self::assemble(None, chain, ClientAlgorithms::default(), Some(rate)).await
    }

    /// Certifies only keys of the named kinds.
    pub(crate) async fn allowing(names: &[&str]) -> Self {
        let allowed = ClientAlgorithms::from_names(names.iter().copied()).unwrap();
        Self::assemble(None, authority_chain(KeyKind::EcdsaP256, DAY).await, allowed, None).await
    }

    /// Its key store does not answer.
    pub(crate) async fn without_key_store(ct: Option<CtConfig>) -> Self {
        let (signer, chain) = authority_chain(KeyKind::EcdsaP256, DAY).await;
        let absent = KeyToken::signing(0);
        Self::assemble(ct, (absent.hold(signer), chain), ClientAlgorithms::default(), None).await
    }

    async fn assemble(
        ct: Option<CtConfig>,
        (signer, chain): (Arc<dyn Signer>, Vec<Certificate>),
        allowed: ClientAlgorithms,
        rate: Option<Rate>,
    ) -> Self {
        let issuer = Issuer::start().await;
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(NOW)));
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("ca.db").display());
        let database = Database::open(&url, &Options::default()).await.unwrap();
        database.migrate().await.unwrap();
        let config = CaConfig {
            providers: Arc::new(
                Providers::new(FulcioConfig::parse(&trust_in(&issuer)).unwrap(), clock.clone()).unwrap(),
            ),
            issuing: vec![IssuingCa::new(signer, chain.clone())],
            ct,
            database: database.clone(),
            clock: clock.clone(),
            lifetime: TEN_MINUTES,
        };
        let policy = Arc::new(CurrentPolicy::default());
        let authority =
            CertificateAuthority::new(config, &Tasks::new()).unwrap().allowing(allowed).limited(rate);
        let router = router(Arc::new(authority.under(Arc::clone(&policy))));
        Self { router, issuer, chain, database, policy, clock, _folder: folder }
    }

    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// A token of Ada's.
    pub(crate) fn token(&self) -> String {
        self.token_of(EMAIL)
    }

    pub(crate) fn token_of(&self, email: &str) -> String {
        let now = self.clock.now_seconds();
        let claims = json!({
            "sub": "1", "aud": "sigstore", "exp": now + 600, "email": email, "email_verified": true,
        });
        self.issuer.token(&claims)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], Vec::new()).await
    }

    /// Posts with Ada's token.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(
            "POST",
            path,
            &[("authorization", &format!("Bearer {}", self.token()))],
            body.to_string().into(),
        )
        .await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        Answer::of(&self.router, method, path, headers, body).await
    }

    /// Issued certificates, failed issuances, intents without an outcome.
    pub(crate) async fn counts(&self) -> (u64, u64, u64) {
        let counts = self.database.issuance_counts().await.unwrap();
        (counts.issued, counts.failed, counts.open)
    }
}

pub(crate) fn ct<const N: usize>(logs: [&CtLog; N], needed: usize, delivery: SctDelivery) -> CtConfig {
    let log = |log: &CtLog| CtLogConfig { url: log.url(), public_key: log.public_key(), here: None };
    let http = reqwest::Client::builder();
    CtConfig { logs: logs.map(log).into(), http, needed, deadline: CT_DEADLINE, delivery }
}

/// The clock in seconds.
pub(crate) trait Seconds {
    fn now_seconds(&self) -> u64;
}

impl Seconds for ManualClock {
    fn now_seconds(&self) -> u64 {
        use sigstead_clock::Clock as _;

        self.now().seconds()
    }
}

async fn authority_chain(kind: KeyKind, lifetime: Duration) -> (Arc<dyn Signer>, Vec<Certificate>) {
    let root_key = SoftwareSigner::generate(KeyKind::EcdsaP384).unwrap();
    let signer: Arc<dyn Signer> = Arc::new(SoftwareSigner::generate(kind).unwrap());
    let begin = i64::try_from(NOW).unwrap() - 3600;
    let root = root(&root_key, "CN=root,O=test", begin, 10 * DAY).await.unwrap();
    let subject = ("CN=issuing,O=test", signer.public_key());
    let lifetime = Duration::from_secs(3600) + lifetime;
    let issuing =
        issue((&root_key, &root), subject, Profile::CodeSigningAuthority, begin, lifetime).await.unwrap();
    (signer, vec![issuing, root])
}

fn trust_in(issuer: &Issuer) -> String {
    let url = issuer.url();
    format!(
        "oidc-issuers:\n  {url}:\n    issuer-url: {url}\n    client-id: sigstore\n    type: email\nmeta-issuers:\n  https://*.example.com:\n    client-id: sigstore\n    type: kubernetes\n"
    )
}

/// A v2 request for `key`, whose owner proves to have it by signing `name`.
pub(crate) fn request(key: &SoftwareSigner, name: &str) -> Value {
    let proof = key.sign_now(name.as_bytes()).unwrap();
    json!({ "publicKeyRequest": {
        "publicKey": { "algorithm": "ECDSA", "content": key.public_key().to_pem() },
        "proofOfPossession": BASE64_STANDARD.encode(proof),
    }})
}

pub(crate) fn key() -> SoftwareSigner {
    SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap()
}
