use sigstead_crypto::PublicKey;
use sigstead_testkit::OpenSsl;

use crate::contract::{Key, MESSAGES, refuses, signs, surroundings};

/// Every kind of key that openssl makes and a signer takes.
pub(crate) const KINDS: [(&str, &[&str]); 5] = [
    ("p256", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    ("p384", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
    ("p521", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"]),
    ("rsa", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"]),
    ("ed25519", &["-algorithm", "ED25519"]),
];

/// The public half, as openssl tells it.
pub(crate) fn public_half(openssl: &OpenSsl, key: &str) -> PublicKey {
    let pem = openssl.run(&["pkey", "-in", key, "-passin", "pass:hunter2", "-pubout"]);
    PublicKey::from_pem(pem.as_bytes()).unwrap()
}

#[tokio::test]
async fn plain_files() {
    for (name, kind) in KINDS {
        let openssl = OpenSsl::new();
        openssl.generate(name, kind);
        let uri = format!("file:{}", openssl.folder().join(name).display());
        let key =
            Key { uri, surroundings: surroundings(Vec::new()), public_key: public_half(&openssl, name) };
        signs(&key, &MESSAGES).await;
    }
}

#[tokio::test]
async fn encrypted_files() {
    for (name, kind) in KINDS {
        let openssl = OpenSsl::new();
        openssl.generate(name, &[kind, &["-aes256", "-pass", "pass:hunter2"]].concat());
        let uri = format!("file:{}?password-source=env:PASSWORD", openssl.folder().join(name).display());
        let surroundings = surroundings(vec![("PASSWORD", "hunter2".to_owned())]);
        let key = Key { uri, surroundings, public_key: public_half(&openssl, name) };
        signs(&key, &MESSAGES).await;
        refuses(&key.uri, &key.but("PASSWORD", "hunter3"), "the password is wrong", &["hunter3"]).await;
        refuses(&key.uri, &key.but("PASSWORD", ""), "the variable PASSWORD cannot be read", &[]).await;
    }
}
