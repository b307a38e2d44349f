//! Every algorithm that tokens may be signed with.

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
        PublicKeyKind::Ed25519 => json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(public.key_bytes()) }),
        PublicKeyKind::Rsa { .. } => {
            let (modulus, exponent) = public.rsa_components().unwrap();
            json!({ "kty": "RSA", "n": encode(&modulus), "e": encode(&exponent) })
        }
        PublicKeyKind::EcdsaP521 => unreachable!(),
    }
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
        let world = World::new("email", &[]).await;
        let key = SoftwareSigner::generate(kind).unwrap();
        let mut metadata = world.issuer.metadata();
        metadata["id_token_signing_alg_values_supported"] = json!([format!("{algorithm:?}")]);
        world.issuer.answer_metadata(Scripted::Document(metadata));
        world.issuer.answer_keys(Scripted::Document(json!({ "keys": [jwk(&key)] })));
        let mut claims = complete(person());
        claims["iss"] = world.issuer.url().into();
        let pkcs8 = key.pkcs8_der().unwrap();
        let encoding = match kind {
            KeyKind::Ed25519 => EncodingKey::from_ed_der(&pkcs8),
            KeyKind::Rsa2048 => EncodingKey::from_rsa_der(&pkcs8[RSA_2048_PREFIX..]),
            _ => EncodingKey::from_ec_der(&pkcs8),
        };
        let token = jsonwebtoken::encode(&Header::new(algorithm), &claims, &encoding).unwrap();
        let found = world.providers.authenticate(&token).await;
        assert!(found.is_ok(), "{algorithm:?}: {found:?}");
    }
}

/// What PKCS#8 puts before the PKCS#1 key of that size.
const RSA_2048_PREFIX: usize = 26;
