//! Authorities that do not start (ca.md 5.1).

use std::sync::Arc;
use std::time::Duration;

use sigstead_ca::{CaConfig, CertificateAuthority, IssuingCa, StartError};
use sigstead_clock::{Clock, ManualClock, Timestamp};
use sigstead_crypto::{KeyKind, Signer, SoftwareSigner};
use sigstead_identity::{FulcioConfig, Providers};
use sigstead_serve::Tasks;
use sigstead_store::{Database, Options};
use sigstead_x509::Certificate;
use sigstead_x509::authority::{Profile, issue, root};

use crate::fixture::NOW;

async fn start(signer: Arc<dyn Signer>, chain: Vec<Certificate>) -> Result<CertificateAuthority, StartError> {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("ca.db").display());
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp::from_seconds(NOW)));
    let trust = "oidc-issuers:\n  https://a.example:\n    issuer-url: https://a.example\n    client-id: s\n    type: email\n";
    let config = CaConfig {
        providers: Arc::new(Providers::new(FulcioConfig::parse(trust).unwrap(), Arc::clone(&clock)).unwrap()),
        issuing: vec![IssuingCa::new(signer, chain)],
        ct: None,
        database: Database::open(&url, &Options::default()).await.unwrap(),
        clock,
        lifetime: Duration::from_secs(600),
    };
    CertificateAuthority::new(config, &Tasks::new())
}

#[tokio::test]
async fn chains_that_could_not_issue() {
    let (root_key, key) = (generate(), generate());
    let begin = i64::try_from(NOW).unwrap();
    let day = Duration::from_secs(86_400);
    let root = root(&*root_key, "CN=root", begin, day).await.unwrap();
    let below = |profile, begin| {
        let (root, root_key, key) = (root.clone(), Arc::clone(&root_key), Arc::clone(&key));
        async move { issue((&*root_key, &root), ("CN=ca", key.public_key()), profile, begin, day).await.unwrap() }
    };
    let issuing = below(Profile::CodeSigningAuthority, begin).await;
    assert!(start(Arc::clone(&key), vec![issuing.clone(), root.clone()]).await.is_ok());
    assert!(start(Arc::clone(&root_key), vec![root.clone()]).await.is_ok(), "a root that issues itself");
    let refused = [
        (Arc::clone(&key), vec![]),
        (Arc::clone(&key), vec![issuing.clone()]),
        (Arc::clone(&key), vec![root.clone(), issuing.clone()]),
        (Arc::clone(&root_key), vec![issuing.clone(), root.clone()]),
        (Arc::clone(&key), vec![below(Profile::TimestampingAuthority, begin).await, root.clone()]),
        (Arc::clone(&key), vec![below(Profile::Timestamping, begin).await, root.clone()]),
        (Arc::clone(&key), vec![below(Profile::CodeSigningAuthority, begin + 60).await, root.clone()]),
        (Arc::clone(&key), vec![below(Profile::CodeSigningAuthority, begin - 90_000).await, root.clone()]),
    ];
    for (number, (signer, chain)) in refused.into_iter().enumerate() {
        let outcome = start(signer, chain).await;
        assert!(matches!(outcome, Err(StartError::Chain(_))), "case {number}: {outcome:?}");
    }
}

fn generate() -> Arc<dyn Signer> {
    Arc::new(SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap())
}
