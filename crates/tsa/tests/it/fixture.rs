use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use serde_json::Value;
use sigstead_clock::{ManualClock, Timestamp};
use sigstead_crypto::{KeyKind, Signer as _, SoftwareSigner};
use sigstead_testkit::{Answer, OpenSsl};
use sigstead_tsa::{SigningKey, Terms, TimeSources, TimestampAuthority, TsaConfig, router};
use sigstead_x509::Certificate;
use sigstead_x509::authority::{Profile, issue, root};

/// 2027-01-15T08:00:00Z, when the tests take place unless they say otherwise.
pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const DAY: Duration = Duration::from_secs(86_400);
pub(crate) const TIMESTAMP: &str = "/api/v1/timestamp";

/// An authority whose clock stands still.
pub(crate) struct Authority {
    router: Router,
    pub(crate) authority: Arc<TimestampAuthority>,
    pub(crate) clock: Arc<ManualClock>,
    /// The signing certificate, its issuer, the root.
    pub(crate) chain: Vec<Certificate>,
}

impl Authority {
    pub(crate) async fn new(kind: KeyKind) -> Self {
        Self::valid_for(kind, NOW, 10 * DAY).await
    }

    /// With certificates that begin at `start`, where its clock stands.
    pub(crate) async fn valid_for(kind: KeyKind, start: u64, lifetime: Duration) -> Self {
        Self::made(kind, start, lifetime, Terms::default(), None).await
    }

    /// On other terms.
    pub(crate) async fn on(terms: Terms) -> Self {
        Self::made(KeyKind::EcdsaP256, NOW, 10 * DAY, terms, None).await
    }

    /// With a clock that is compared.
    pub(crate) async fn compared(sources: TimeSources) -> Self {
        Self::made(KeyKind::EcdsaP256, NOW, 10 * DAY, Terms::default(), Some(sources)).await
    }

    async fn made(
        kind: KeyKind,
        start: u64,
        lifetime: Duration,
        terms: Terms,
        time_sources: Option<TimeSources>,
    ) -> Self {
        let begin = i64::try_from(start).unwrap();
        let (root_key, middle_key) = (key(KeyKind::EcdsaP384), key(KeyKind::EcdsaP256));
        let signer = key(kind);
        let root = root(&root_key, "CN=root,O=test", begin, lifetime).await.unwrap();
        let below = ("CN=between,O=test", middle_key.public_key());
        let profile = Profile::TimestampingAuthority;
        let middle = issue((&root_key, &root), below, profile, begin, lifetime).await.unwrap();
        let below = ("CN=tsa,O=test", signer.public_key());
        let leaf =
            issue((&middle_key, &middle), below, Profile::Timestamping, begin, lifetime).await.unwrap();
        let chain = vec![leaf, middle, root];
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(start)));
        let config = TsaConfig {
            keys: vec![SigningKey::new(Arc::new(signer), chain.clone())],
            clock: clock.clone(),
            terms,
            time_sources,
        };
        let authority = Arc::new(TimestampAuthority::new(config).unwrap());
        Self { router: router(Arc::clone(&authority)), authority, clock, chain }
    }

    pub(crate) async fn send(&self, method: &str, path: &str, media_type: &str, body: Vec<u8>) -> Answer {
        Answer::of(&self.router, method, path, &[("content-type", media_type)], body).await
    }

    /// Sends a query in DER.
    pub(crate) async fn query(&self, der: Vec<u8>) -> Answer {
        self.send("POST", TIMESTAMP, "application/timestamp-query", der).await
    }

    /// Sends a query in JSON.
    pub(crate) async fn query_json(&self, query: &Value) -> Answer {
        self.send("POST", TIMESTAMP, "application/json", query.to_string().into()).await
    }

    /// Puts the chain where `verify` looks for it.
    pub(crate) fn write_chain(&self, openssl: &OpenSsl) {
        let (root, below) = self.chain.split_last().unwrap();
        openssl.write("root.pem", root.to_pem());
        openssl.write("untrusted.pem", below.iter().map(Certificate::to_pem).collect::<String>());
        openssl.write("between.pem", below[1].to_pem());
    }
}

/// Asks `openssl ts` whether `reply` answers `what`, at a time.
pub(crate) fn verify(openssl: &OpenSsl, reply: &Answer, what: [&str; 2], untrusted: &str, at: u64) -> bool {
    openssl.write("reply.tsr", &reply.body);
    let at = at.to_string();
    let fixed = ["ts", "-verify", "-in", "reply.tsr", "-CAfile", "root.pem", "-attime", &at];
    openssl.attempt(&[&fixed[..], &["-untrusted", untrusted], &what].concat()).0
}

/// A query for the file `data`, made by openssl.
pub(crate) fn query_for(openssl: &OpenSsl, more: &[&str]) -> Vec<u8> {
    openssl.run(&[&["ts", "-query", "-data", "data", "-out", "query.tsq"], more].concat());
    openssl.read("query.tsq")
}

/// What openssl reads in a reply.
pub(crate) fn text_of(openssl: &OpenSsl, reply: &Answer) -> String {
    openssl.write("reply.tsr", &reply.body);
    openssl.run(&["ts", "-reply", "-in", "reply.tsr", "-text"])
}

fn key(kind: KeyKind) -> SoftwareSigner {
    SoftwareSigner::generate(kind).unwrap()
}
