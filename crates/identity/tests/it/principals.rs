//! Each type of identity: the name, what is signed as proof, and the extensions (ca.md 3.4, 4.2).

use serde_json::json;
use sigstead_identity::FulcioConfig;
use sigstead_testkit::Issuer;
use sigstead_x509::SubjectAlternativeName::{Email, Uri, Username};

use crate::fixture::{World, person};

/// The extensions that every certificate has.
fn plain(issuer: &str, subject: &str) -> Vec<(u8, String)> {
    vec![(1, issuer.into()), (8, issuer.into()), (24, subject.into())]
}

#[tokio::test]
async fn a_person_by_email() {
    let world = World::new("email", &[]).await;
    let found = world.principal(person()).await.unwrap();
    assert_eq!(found.name, Email("ada@example.com".into()));
    assert_eq!(found.challenges, ["ada@example.com"]);
    assert_eq!((found.issuer.as_str(), found.subject.as_str()), (world.issuer.url(), "1"));
    assert_eq!(found.extensions, plain(world.issuer.url(), "1"));
}

#[tokio::test]
async fn a_person_whose_proof_is_over_the_subject() {
    let world = World::new("email", &["challenge-claim: sub"]).await;
    assert_eq!(world.principal(person()).await.unwrap().challenges, ["ada@example.com", "1"]);
}

#[tokio::test]
async fn an_address_that_nobody_verified() {
    let world = World::new("email", &["skip-email-verification: true"]).await;
    let claims = json!({ "sub": "1", "email": "ada@example.com" });
    assert_eq!(world.principal(claims).await.unwrap().name, Email("ada@example.com".into()));
}

#[tokio::test]
async fn a_person_behind_a_broker() {
    let world = World::new("email", &["issuer-claim: $.federated_claims.connector_id"]).await;
    let mut claims = person();
    claims["federated_claims"] = json!({ "connector_id": "https://idp.example" });
    let found = world.principal(claims).await.unwrap();
    assert_eq!(found.extensions, plain("https://idp.example", "1"));
    assert!(world.principal(person()).await.is_err());
}

#[tokio::test]
async fn a_workload_by_uri() {
    let issuer = Issuer::start().await;
    let domain = issuer.url().rsplit_once(':').unwrap().0.to_owned();
    let text = format!(
        "oidc-issuers:\n  {url}:\n    issuer-url: {url}\n    client-id: sigstore\n    type: uri\n    subject-domain: {domain}\n",
        url = issuer.url()
    );
    let world = World::with_config(issuer, &text);
    let subject = format!("{domain}/users/1");
    let found = world.principal(json!({ "sub": subject })).await.unwrap();
    assert_eq!(found.name, Uri(subject.clone()));
    assert_eq!(found.challenges, std::slice::from_ref(&subject));
    assert_eq!(found.extensions, plain(world.issuer.url(), &subject));
}

#[tokio::test]
async fn a_person_by_user_name() {
    let world = World::new("username", &["subject-domain: 127.0.0.1"]).await;
    let found = world.principal(json!({ "sub": "ada" })).await.unwrap();
    assert_eq!(found.name, Username("ada!127.0.0.1".into()));
    assert_eq!(found.challenges, ["ada"]);
    assert_eq!(found.extensions, plain(world.issuer.url(), "ada"));
}

#[tokio::test]
async fn a_workload_by_spiffe_id() {
    let world = World::new("spiffe", &["spiffe-trust-domain: prod.example"]).await;
    let found = world.principal(json!({ "sub": "spiffe://prod.example/ns/a" })).await.unwrap();
    assert_eq!(found.name, Uri("spiffe://prod.example/ns/a".into()));
    assert!(world.principal(json!({ "sub": "spiffe://test.example/ns/a" })).await.is_err());
}

#[tokio::test]
async fn a_service_account() {
    let world = World::new("kubernetes", &[]).await;
    let claims = json!({
        "sub": "system:serviceaccount:ns:sa",
        "kubernetes.io": { "namespace": "ns", "serviceaccount": { "name": "sa" } },
    });
    let found = world.principal(claims).await.unwrap();
    assert_eq!(found.name, Uri("https://kubernetes.io/namespaces/ns/serviceaccounts/sa".into()));
    assert_eq!(found.challenges, ["system:serviceaccount:ns:sa"]);
}

#[tokio::test]
async fn a_github_workflow() {
    let world = World::new("github-workflow", &[]).await;
    let claims = json!({
        "sub": "repo:o/r:ref:refs/heads/main",
        "job_workflow_ref": "o/r/.github/workflows/w.yml@refs/heads/main",
        "job_workflow_sha": "jws", "sha": "s", "event_name": "push", "repository": "o/r", "workflow": "w",
        "ref": "refs/heads/main", "runner_environment": "github-hosted", "repository_id": "1",
        "repository_owner": "o", "repository_owner_id": "2", "repository_visibility": "public",
        "workflow_ref": "o/r/.github/workflows/w.yml@refs/heads/main", "workflow_sha": "ws",
        "run_id": "7", "run_attempt": "1",
    });
    let found = world.principal(claims.clone()).await.unwrap();
    let workflow = "https://github.com/o/r/.github/workflows/w.yml@refs/heads/main";
    assert_eq!(found.name, Uri(workflow.into()));
    assert_eq!(found.challenges, ["repo:o/r:ref:refs/heads/main"]);
    let issuer = world.issuer.url();
    let expected = [
        (1, issuer),
        (2, "push"),
        (3, "s"),
        (4, "w"),
        (5, "o/r"),
        (6, "refs/heads/main"),
        (8, issuer),
        (9, workflow),
        (10, "jws"),
        (11, "github-hosted"),
        (12, "https://github.com/o/r"),
        (13, "s"),
        (14, "refs/heads/main"),
        (15, "1"),
        (16, "https://github.com/o"),
        (17, "2"),
        (18, workflow),
        (19, "ws"),
        (20, "push"),
        (21, "https://github.com/o/r/actions/runs/7/attempts/1"),
        (22, "public"),
        (24, "repo:o/r:ref:refs/heads/main"),
    ];
    assert_eq!(found.extensions, expected.map(|(number, text)| (number, text.to_owned())));
    // Each of the claims is needed.
    for (name, _) in claims.as_object().unwrap() {
        let mut without = claims.clone();
        without.as_object_mut().unwrap().remove(name);
        assert_eq!(world.principal(without).await.unwrap_err().reason(), "CLAIM_MISSING", "{name}");
    }
}

#[tokio::test]
async fn a_pattern_does_not_reach_into_our_own_network() {
    for stars in [("127.0.0.1", "127.0.0.*"), ("127.0.0.1", "*")] {
        let issuer = Issuer::start().await;
        let pattern = issuer.url().replace(stars.0, stars.1);
        let text = format!("meta-issuers:\n  '{pattern}':\n    client-id: sigstore\n    type: email\n");
        assert!(FulcioConfig::parse(&text).unwrap().issuers().all(|(_, is_pattern)| is_pattern));
        let world = World::with_config(issuer, &text);
        let refused = world.principal(person()).await.unwrap_err();
        let expected = if stars.1 == "*" { "ISSUER_UNKNOWN" } else { "ISSUER_UNAVAILABLE" };
        assert_eq!(refused.reason(), expected, "{refused}");
        assert_eq!(world.issuer.key_fetches(), 0);
    }
}

#[tokio::test]
async fn a_pattern_does_not_reach_it_by_name_either() {
    let issuer = Issuer::start().await;
    let text = format!(
        "meta-issuers:\n  '{}':\n    client-id: sigstore\n    type: email\n",
        issuer.url().replace("127.0.0.1", "*")
    );
    let world = World::with_config(issuer, &text);
    let mut claims = person();
    claims["iss"] = world.issuer.url().replace("127.0.0.1", "localhost").into();
    let refused = world.principal(claims).await.unwrap_err();
    assert!(refused.to_string().contains("no public address"), "{refused}");
    assert_eq!(world.issuer.key_fetches(), 0);
}

#[tokio::test]
async fn a_job_of_a_described_ci_system() {
    let issuer = Issuer::start().await;
    let text = format!(
        "oidc-issuers:\n  {url}:\n    issuer-url: {url}\n    client-id: sigstore\n    type: ci-provider\n    ci-provider: jenkins\n\
         ci-issuer-metadata:\n  jenkins:\n    default-template-values:\n      url: https://jenkins.example\n    \
         extension-templates:\n      build-trigger: cause\n    \
         subject-alternative-name-template: '{{{{ .url }}}}/job/{{{{ .job }}}}'\n",
        url = issuer.url()
    );
    let world = World::with_config(issuer, &text);
    let claims = json!({ "sub": "j", "job": "release 1", "cause": "timer" });
    let found = world.principal(claims).await.unwrap();
    assert_eq!(found.name, Uri("https://jenkins.example/job/release%201".into()));
    assert_eq!(found.extensions[2], (20, "timer".into()));
    for claims in [json!({ "sub": "j", "job": "a" }), json!({ "sub": "j", "job": "", "cause": "timer" })] {
        assert_eq!(world.principal(claims).await.unwrap_err().reason(), "CLAIM_MISSING");
    }
}
