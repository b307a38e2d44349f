//! Finding an issuer's keys: bounded, rarely, and not where somebody else points to.

use std::time::Duration;

use serde_json::{Value, json};
use sigstead_identity::FulcioConfig;
use sigstead_testkit::{Issuer, Scripted};

use crate::fixture::{World, complete, person};

async fn outcome(world: &World) -> Result<(), &'static str> {
    world.principal(person()).await.map(drop).map_err(|error| error.reason())
}

#[tokio::test]
async fn documents_that_are_not_believed() {
    for break_it in [
        |issuer: &Issuer| {
            let mut other = issuer.metadata();
            other["issuer"] = "https://other.example".into();
            issuer.answer_metadata(Scripted::Document(other));
        },
        |issuer: &Issuer| {
            let mut file = issuer.metadata();
            file["jwks_uri"] = "file:///etc/passwd".into();
            issuer.answer_metadata(Scripted::Document(file));
        },
        |issuer: &Issuer| issuer.answer_metadata(Scripted::Status(500)),
        |issuer: &Issuer| issuer.answer_metadata(Scripted::Document(json!([]))),
        |issuer: &Issuer| issuer.answer_keys(Scripted::Status(404)),
        |issuer: &Issuer| issuer.answer_keys(Scripted::Document(json!({ "keys": 1 }))),
        |issuer: &Issuer| {
            let keys = json!({ "keys": [issuer.jwk()] });
            issuer.answer_keys(Scripted::Padded(keys, 1 << 20));
        },
        |issuer: &Issuer| issuer.answer_keys(Scripted::Redirect(format!("{}/keys", issuer.url()))),
    ] {
        let world = World::new("email", &[]).await;
        break_it(&world.issuer);
        assert_eq!(outcome(&world).await, Err("ISSUER_UNAVAILABLE"));
    }
}

#[tokio::test]
async fn redirects_stay_at_home() {
    let world = World::new("email", &[]).await;
    let stranger = Issuer::start().await;
    world.issuer.answer_keys(Scripted::Redirect(format!("{}/keys", stranger.url())));
    assert_eq!(outcome(&world).await, Err("ISSUER_UNAVAILABLE"));
    assert_eq!(stranger.key_fetches(), 0);
}

#[tokio::test]
async fn silence_is_not_waited_for() {
    let world = World::new("email", &[]).await;
    world.issuer.answer_metadata(Scripted::Silence);
    // Time runs as fast as nothing else happens.
    tokio::time::pause();
    assert_eq!(outcome(&world).await, Err("ISSUER_UNAVAILABLE"));
}

#[tokio::test]
async fn bad_tokens_do_not_hammer_the_issuer() {
    let world = World::new("email", &[]).await;
    assert_eq!(outcome(&world).await, Ok(()));
    assert_eq!(world.issuer.key_fetches(), 1);
    let mut claims = complete(person());
    claims["iss"] = world.issuer.url().into();
    let bad = world.issuer.sign(&json!({ "alg": "RS256", "kid": "other" }), &claims);
    for _ in 0..20 {
        assert_eq!(world.providers.authenticate(&bad).await.unwrap_err().reason(), "SIGNATURE");
    }
    assert_eq!(world.issuer.key_fetches(), 1);
    world.clock.advance(Duration::from_secs(11));
    for _ in 0..20 {
        assert!(world.providers.authenticate(&bad).await.is_err());
    }
    assert_eq!(world.issuer.key_fetches(), 2);
}

#[tokio::test]
async fn keys_rotate() {
    let world = World::new("email", &[]).await;
    let (old, new) = (world.issuer.jwk(), Issuer::start().await);
    world.issuer.answer_keys(Scripted::Document(json!({ "keys": [new.jwk()] })));
    assert_eq!(outcome(&world).await, Err("SIGNATURE"));
    world.issuer.answer_keys(Scripted::Document(json!({ "keys": [new.jwk(), old] })));
    assert_eq!(outcome(&world).await, Err("SIGNATURE"), "not yet");
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(outcome(&world).await, Ok(()));
}

#[tokio::test]
async fn old_keys_serve_while_the_issuer_is_away() {
    let world = World::new("email", &[]).await;
    assert_eq!(outcome(&world).await, Ok(()));
    world.issuer.answer_keys(Scripted::Status(503));
    world.clock.advance(Duration::from_secs(2 * 3600));
    let mut claims = complete(person());
    claims["exp"] = Value::from(crate::fixture::NOW + 3 * 3600);
    assert!(world.principal(claims.clone()).await.is_ok());
    assert!(world.principal(claims).await.is_ok());
    assert_eq!(world.issuer.key_fetches(), 2, "and it is not asked again at once");
}

#[tokio::test]
async fn nobody_else_waits_while_keys_are_fetched_again() {
    let world = World::new("email", &[]).await;
    assert_eq!(outcome(&world).await, Ok(()));
    world.issuer.answer_metadata(Scripted::Silence);
    let mut claims = complete(person());
    claims["exp"] = Value::from(crate::fixture::NOW + 3 * 3600);
    world.clock.advance(Duration::from_secs(2 * 3600));
    let mut waiting = Box::pin(world.principal(claims.clone()));
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut waiting).await.is_err(), "one asks");
    let other = tokio::time::timeout(Duration::from_secs(1), world.principal(claims)).await;
    assert!(other.expect("the others use what is known").is_ok());
}

#[tokio::test]
async fn an_issuer_that_comes_up_later() {
    let world = World::new("email", &[]).await;
    world.issuer.answer_metadata(Scripted::Status(502));
    assert_eq!(outcome(&world).await, Err("ISSUER_UNAVAILABLE"));
    world.issuer.answer_metadata(Scripted::Document(world.issuer.metadata()));
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(outcome(&world).await, Ok(()));
}

#[tokio::test]
async fn unknown_kinds_of_key_are_passed_over() {
    let world = World::new("email", &[]).await;
    let keys = json!([
        { "kty": "AKP", "alg": "ML-DSA-65", "pub": "AA" },
        { "kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA" },
        "what is this?",
        world.issuer.jwk(),
    ]);
    world.issuer.answer_keys(Scripted::Document(json!({ "keys": keys })));
    assert_eq!(outcome(&world).await, Ok(()));
}

#[tokio::test]
async fn keys_for_something_else() {
    for (name, value) in [("use", "enc"), ("alg", "RSA-OAEP"), ("alg", "PS256")] {
        let world = World::new("email", &[]).await;
        let mut key = world.issuer.jwk();
        key[name] = value.into();
        world.issuer.answer_keys(Scripted::Document(json!({ "keys": [key] })));
        assert_eq!(outcome(&world).await, Err("SIGNATURE"), "{name} {value}");
    }
}

#[tokio::test]
async fn another_configuration() {
    let world = World::new("email", &[]).await;
    assert_eq!(outcome(&world).await, Ok(()));
    let entry = |url: &str, audience: &str| {
        let text = format!("  {url}:\n    issuer-url: {url}\n    client-id: {audience}\n    type: email\n");
        FulcioConfig::parse(&format!("oidc-issuers:\n{text}")).unwrap()
    };
    world.providers.replace(entry(world.issuer.url(), "other")).unwrap();
    assert_eq!(outcome(&world).await, Err("AUDIENCE"));
    assert_eq!(world.issuer.key_fetches(), 1, "who stays keeps the keys");
    world.providers.replace(entry("https://other.example", "sigstore")).unwrap();
    assert_eq!(outcome(&world).await, Err("ISSUER_UNKNOWN"));
}

#[tokio::test]
async fn keys_that_do_not_come_are_not_waited_for() {
    let world = World::new("email", &[]).await;
    world.issuer.answer_keys(Scripted::Silence);
    tokio::time::pause();
    assert_eq!(outcome(&world).await, Err("ISSUER_UNAVAILABLE"));
}
