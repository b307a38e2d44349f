use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectClass};
use cryptoki::session::Session;
use sigstead_crypto::{KeyKind, Secret, random_bytes};

use super::{Module, Pkcs11Uri, named, show_pin, slot, token};
use crate::KeystoreError;

/// Named curves in DER (RFC 5480 §2.1.1.1).
const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: [u8; 7] = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
/// 65537.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// Makes a key pair in the token if it has no such key: it never leaves the token. Says whether it was made.
pub(crate) fn make_missing(
    uri: &Pkcs11Uri,
    pin: &Secret<String>,
    kind: KeyKind,
) -> Result<bool, KeystoreError> {
    let module = Module::open(&uri.module)?;
    let _used = module.used();
    let session = module.library.open_rw_session(slot(&module.library, uri)?).map_err(token)?;
    show_pin(&session, pin)?;
    if !session.find_objects(&named(uri, ObjectClass::PRIVATE_KEY)).map_err(token)?.is_empty() {
        return Ok(false);
    }
    generate(&session, uri, kind).map(|()| true)
}

fn generate(session: &Session, uri: &Pkcs11Uri, kind: KeyKind) -> Result<(), KeystoreError> {
    let (mechanism, parameters) = match kind {
        KeyKind::EcdsaP256 => (Mechanism::EccKeyPairGen, vec![Attribute::EcParams(P256.to_vec())]),
        KeyKind::EcdsaP384 => (Mechanism::EccKeyPairGen, vec![Attribute::EcParams(P384.to_vec())]),
        KeyKind::Rsa2048 => rsa(2048),
        KeyKind::Rsa3072 => rsa(3072),
        KeyKind::Rsa4096 => rsa(4096),
        KeyKind::EcdsaP521 | KeyKind::Ed25519 => {
            let reason = "keys of this kind are not made in tokens here; make it with the token's own tools";
            return Err(KeystoreError::Token(reason.to_owned()));
        }
    };
    let id = match &uri.id {
        Some(id) => id.clone(),
        None => random_bytes::<8>().map_err(|error| KeystoreError::Token(error.to_string()))?.to_vec(),
    };
    let mut both = vec![Attribute::Token(true), Attribute::Id(id)];
    both.extend(uri.object.as_ref().map(|label| Attribute::Label(label.clone().into_bytes())));
    let public = [both.clone(), vec![Attribute::Verify(true)], parameters].concat();
    let secret = vec![
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
    ];
    let private = [both, secret].concat();
    session.generate_key_pair(&mechanism, &public, &private).map(drop).map_err(token)
}

fn rsa(bits: u64) -> (Mechanism<'static>, Vec<Attribute>) {
    let parameters = vec![Attribute::ModulusBits(bits.into()), Attribute::PublicExponent(EXPONENT.to_vec())];
    (Mechanism::RsaPkcsKeyPairGen, parameters)
}
