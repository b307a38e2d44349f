//! Tokens that must not be believed.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sigstead_testkit::Issuer;

use crate::fixture::{NOW, World, complete, person};

async fn reason(world: &World, token: &str) -> &'static str {
    world.providers.authenticate(token).await.unwrap_err().reason()
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = complete(person());
    claims[name] = value;
    claims
}

#[tokio::test]
async fn claims_about_the_token() {
    let world = World::new("email", &[]).await;
    for (name, value, expected) in [
        ("exp", json!(NOW - 1), "EXPIRED"),
        ("exp", json!(NOW), "EXPIRED"),
        ("exp", json!("soon"), "EXPIRED"),
        ("exp", Value::Null, "EXPIRED"),
        ("nbf", json!(NOW + 320), "NOT_YET_VALID"),
        ("aud", json!("other"), "AUDIENCE"),
        ("aud", json!(["other"]), "AUDIENCE"),
        ("aud", json!([]), "AUDIENCE"),
        ("aud", Value::Null, "AUDIENCE"),
        ("iss", json!("https://unknown.example"), "ISSUER_UNKNOWN"),
        ("iss", json!(format!("{}/", world.issuer.url())), "ISSUER_UNKNOWN"),
        ("iss", json!(1), "CLAIM_MISSING"),
        ("sub", json!(""), "CLAIM_MISSING"),
        ("email", json!("*@example.com"), "CLAIM_VALUE"),
        ("email_verified", json!(false), "EMAIL_UNVERIFIED"),
        ("email_verified", json!(1), "EMAIL_UNVERIFIED"),
    ] {
        let token = world.issuer.token(&with(name, value.clone()));
        assert_eq!(reason(&world, &token).await, expected, "{name} {value}");
    }
    for (name, value) in
        [("nbf", json!(NOW + 290)), ("aud", json!(["x", "sigstore"])), ("exp", json!(NOW as f64 + 9.5))]
    {
        let token = world.issuer.token(&with(name, value));
        assert!(world.providers.authenticate(&token).await.is_ok(), "{name}");
    }
}

#[tokio::test]
async fn other_signatures() {
    let world = World::new("email", &[]).await;
    let claims = with("iss", world.issuer.url().into());
    let good = world.issuer.sign(&json!({ "alg": "RS256" }), &claims);
    assert!(world.providers.authenticate(&good).await.is_ok(), "a key need not be named");
    let (signed, signature) = good.rsplit_once('.').unwrap();

    let mut forged = with("email", json!("eve@example.com"));
    forged["iss"] = world.issuer.url().into();
    let header = signed.split_once('.').unwrap().0;
    let payload = BASE64_URL_SAFE_NO_PAD.encode(forged.to_string());
    assert_eq!(reason(&world, &format!("{header}.{payload}.{signature}")).await, "SIGNATURE");

    let stranger = Issuer::start().await;
    let by_stranger = stranger.sign(&json!({ "alg": "RS256", "kid": "key-1" }), &claims);
    assert_eq!(reason(&world, &by_stranger).await, "SIGNATURE");
    let unknown_key = world.issuer.sign(&json!({ "alg": "RS256", "kid": "key-2" }), &claims);
    assert_eq!(reason(&world, &unknown_key).await, "SIGNATURE");
    assert_eq!(reason(&world, &format!("{signed}.")).await, "SIGNATURE");
}

#[tokio::test]
async fn other_algorithms() {
    let world = World::new("email", &[]).await;
    let claims = with("iss", world.issuer.url().into());
    for (header, expected) in [
        (json!({ "alg": "none" }), "MALFORMED"),
        (json!({ "alg": "None" }), "MALFORMED"),
        (json!({ "alg": "ES512" }), "ALGORITHM"),
        (json!({ "typ": "JWT" }), "MALFORMED"),
        (json!({ "alg": "HS256" }), "ALGORITHM"),
        (json!({ "alg": "RS384" }), "ALGORITHM"),
        (json!({ "alg": "ES256" }), "SIGNATURE"),
        (json!({ "alg": "PS256" }), "SIGNATURE"),
        (json!({ "alg": "RS256", "crit": ["b64"], "b64": false }), "MALFORMED"),
    ] {
        assert_eq!(reason(&world, &world.issuer.sign(&header, &claims)).await, expected, "{header}");
    }
    let unsigned = world.issuer.sign(&json!({ "alg": "none" }), &claims);
    let unsigned = unsigned.rsplit_once('.').unwrap().0;
    assert_eq!(reason(&world, &format!("{unsigned}.")).await, "MALFORMED");
}

/// The issuer's public key is no shared secret.
#[tokio::test]
async fn an_hmac_with_the_public_key() {
    use jsonwebtoken::{Algorithm, EncodingKey, Header};

    let world = World::new("email", &[]).await;
    let mut metadata = world.issuer.metadata();
    metadata["id_token_signing_alg_values_supported"] = json!(["RS256", "HS256", "none"]);
    world.issuer.answer_metadata(sigstead_testkit::Scripted::Document(metadata));
    let claims = with("iss", world.issuer.url().into());
    let secret = world.issuer.jwk()["n"].as_str().unwrap().to_owned();
    let secret = EncodingKey::from_secret(&BASE64_URL_SAFE_NO_PAD.decode(secret).unwrap());
    let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &secret).unwrap();
    assert_eq!(reason(&world, &token).await, "ALGORITHM");
}

#[tokio::test]
async fn not_tokens() {
    let world = World::new("email", &[]).await;
    let long = "a".repeat(65 * 1024);
    let dots = ".".repeat(60_000);
    let text = BASE64_URL_SAFE_NO_PAD.encode("[1]");
    let text = format!("{text}.{text}.{text}");
    for token in ["", ".", "..", "a.b", "a.b.c.d", "a.é.c", &long, &dots, &text] {
        assert_eq!(
            reason(&world, token).await,
            "MALFORMED",
            "{}",
            token.chars().take(20).collect::<String>()
        );
    }
    assert_eq!(world.issuer.key_fetches(), 0, "nobody is asked about what is no token");
}
