//! Every algorithm that tokens may be signed with.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sigstead_crypto::{KeyKind, PublicKeyKind, Signer as _, SoftwareSigner};
use sigstead_testkit::Scripted;

use crate::fixture::{World, complete, person};

fn jwk(key: &SoftwareSigner) -> Value {
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let public = key.public_key();
    let point = |curve: &str| {
        let (x, y) = public.key_bytes()[1..].split_at((public.key_bytes().len() - 1) / 2);
        json!({ "kty": "EC", "crv": curve, "x": encode(x), "y": encode(y) })
    };
    match public.kind() {
        PublicKeyKind::EcdsaP256 => point("P-256"),
        PublicKeyKind::EcdsaP384 => point("P-384"),
        PublicKeyKind::EcdsaP521 => point("P-521"),
        PublicKeyKind::Ed25519 => json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(public.key_bytes()) }),
        PublicKeyKind::Rsa { .. } => {
            let (modulus, exponent) = public.rsa_components().unwrap();
            json!({ "kty": "RSA", "n": encode(&modulus), "e": encode(&exponent) })
        }
    }
}

/// A world whose issuer has this key and announces that algorithm alone.
async fn world(key: &SoftwareSigner, algorithm: &str) -> World {
    let world = World::new("email", &[]).await;
    let mut metadata = world.issuer.metadata();
    metadata["id_token_signing_alg_values_supported"] = json!([algorithm]);
    world.issuer.answer_metadata(Scripted::Document(metadata));
    world.issuer.answer_keys(Scripted::Document(json!({ "keys": [jwk(key)] })));
    world
}

fn claims(world: &World) -> Value {
    let mut claims = complete(person());
    claims["iss"] = world.issuer.url().into();
    claims
}

#[tokio::test]
async fn each_is_believed() {
    for (kind, algorithm) in [
        (KeyKind::EcdsaP256, Algorithm::ES256),
        (KeyKind::EcdsaP384, Algorithm::ES384),
        (KeyKind::Ed25519, Algorithm::EdDSA),
        (KeyKind::Rsa2048, Algorithm::RS512),
        (KeyKind::Rsa2048, Algorithm::PS256),
    ] {
        let key = SoftwareSigner::generate(kind).unwrap();
        let world = world(&key, &format!("{algorithm:?}")).await;
        let pkcs8 = key.pkcs8_der().unwrap();
        let encoding = match kind {
            KeyKind::Ed25519 => EncodingKey::from_ed_der(&pkcs8),
            KeyKind::Rsa2048 => EncodingKey::from_rsa_der(&pkcs8[RSA_2048_PREFIX..]),
            _ => EncodingKey::from_ec_der(&pkcs8),
        };
        let token = jsonwebtoken::encode(&Header::new(algorithm), &claims(&world), &encoding).unwrap();
        let found = world.providers.authenticate(&token).await;
        assert!(found.is_ok(), "{algorithm:?}: {found:?}");
    }
}

/// The library that signs the others' tokens does not have it.
#[tokio::test]
async fn es512_is_believed() {
    let key = SoftwareSigner::generate(KeyKind::EcdsaP521).unwrap();
    let world = world(&key, "ES512").await;
    let signing = EcdsaKeyPair::from_pkcs8(&ECDSA_P521_SHA512_FIXED_SIGNING, &key.pkcs8_der().unwrap());
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let payload = encode(claims(&world).to_string().as_bytes());
    let signed = format!("{}.{payload}", encode(br#"{"alg":"ES512"}"#));
    let signature = signing.unwrap().sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    let found = world.providers.authenticate(&format!("{signed}.{}", encode(signature.as_ref()))).await;
    assert!(found.is_ok(), "{found:?}");
    // The same numbers in ASN.1 are no JWS.
    let in_asn1 = encode(&key.sign_now(signed.as_bytes()).unwrap());
    let refused = world.providers.authenticate(&format!("{signed}.{in_asn1}")).await.unwrap_err();
    assert_eq!(refused.reason(), "SIGNATURE");
}

/// What PKCS#8 puts before the PKCS#1 key of that size.
const RSA_2048_PREFIX: usize = 26;
