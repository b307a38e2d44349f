//! What [`Signer`] promises, checked on a key wherever it lives.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sigstead_clock::SystemClock;
use sigstead_crypto::{KeyKind, PublicKey, PublicKeyKind, SignatureAlgorithm, Signer};
use sigstead_keystore::{KeystoreError, Surroundings, make_missing, open};
use sigstead_testkit::Gate;
use tokio::task::JoinSet;

/// What a service may take in these tests; far more than one on loopback needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(6);

/// Signatures that are asked for at the same time.
const AT_ONCE: usize = 16;

/// A key, and what it is reached with.
pub(crate) struct Key {
    pub(crate) uri: String,
    pub(crate) surroundings: Surroundings,
    /// What must come out.
    pub(crate) public_key: PublicKey,
}

impl Key {
    /// With one variable set to something else; empty is not set.
    pub(crate) fn but(&self, name: &'static str, value: &str) -> Surroundings {
        let (others, value) = (Arc::clone(&self.surroundings.variable), value.to_owned());
        let variable = move |wanted: &str| if wanted == name { Some(value.clone()) } else { others(wanted) };
        Surroundings { variable: Arc::new(variable), ..self.surroundings.clone() }
    }

    /// What one variable is set to.
    pub(crate) fn variable(&self, name: &str) -> String {
        (self.surroundings.variable)(name).unwrap()
    }

    pub(crate) async fn open(&self) -> Arc<dyn Signer> {
        open(&self.uri, &self.surroundings).await.unwrap_or_else(|error| panic!("{}: {error}", self.uri))
    }
}

/// These variables, the real time, and no proxy.
pub(crate) fn surroundings(variables: Vec<(&'static str, String)>) -> Surroundings {
    Surroundings {
        variable: Arc::new(move |wanted| {
            variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.clone())
        }),
        clock: Arc::new(SystemClock),
        http: Arc::new(|| reqwest::Client::builder().no_proxy()),
        patience: PATIENCE,
    }
}

/// The public key is the right one, and each of these messages is signed by it, one by one and all at once.
pub(crate) async fn signs(key: &Key, messages: &[&'static [u8]]) {
    let signer = key.open().await;
    assert_eq!(signer.public_key(), &key.public_key, "{}", key.uri);
    let algorithm = match key.public_key.kind() {
        PublicKeyKind::EcdsaP256 => SignatureAlgorithm::EcdsaP256Sha256,
        PublicKeyKind::EcdsaP384 => SignatureAlgorithm::EcdsaP384Sha384,
        PublicKeyKind::EcdsaP521 => SignatureAlgorithm::EcdsaP521Sha512,
        PublicKeyKind::Rsa { .. } => SignatureAlgorithm::RsaPkcs1Sha256,
        PublicKeyKind::Ed25519 => SignatureAlgorithm::Ed25519,
    };
    assert_eq!(signer.algorithm(), algorithm, "{}", key.uri);
    for message in messages {
        let signature = signer.sign(message).await.unwrap_or_else(|error| panic!("{}: {error}", key.uri));
        key.public_key.verify(algorithm.hash(), message, &signature).unwrap();
        key.public_key.verify(algorithm.hash(), b"something else", &signature).unwrap_err();
    }
    let mut asked = JoinSet::new();
    for message in messages.iter().copied().cycle().take(AT_ONCE) {
        let signer = Arc::clone(&signer);
        asked.spawn(async move { (message, signer.sign(message).await) });
    }
    while let Some(answered) = asked.join_next().await {
        let (message, signature) = answered.unwrap();
        key.public_key.verify(algorithm.hash(), message, &signature.unwrap()).unwrap();
    }
}

/// A key that is not there is made, once, of that kind, and signs.
pub(crate) async fn is_made(
    uri: &str,
    (kind, public): (KeyKind, PublicKeyKind),
    surroundings: &Surroundings,
) {
    let make = async || make_missing(uri, kind, surroundings).await;
    let made = make().await.unwrap_or_else(|error| panic!("{uri}: {error}"));
    assert!(made && !make().await.unwrap(), "{uri}");
    let public_key = open(uri, surroundings).await.unwrap().public_key().clone();
    assert_eq!(public_key.kind(), public, "{uri}");
    signs(&Key { uri: uri.to_owned(), surroundings: surroundings.clone(), public_key }, &[MESSAGE]).await;
}

/// It is not made, what is told says `why`.
pub(crate) async fn is_not_made(uri: &str, kind: KeyKind, surroundings: &Surroundings, why: &str) {
    let refused = make_missing(uri, kind, surroundings).await.unwrap_err().to_string();
    assert!(refused.contains(why), "{uri}: {refused}");
}

/// It cannot be opened, what is told says `why`, and shows none of these secrets.
pub(crate) async fn refuses(uri: &str, surroundings: &Surroundings, why: &str, secrets: &[&str]) {
    let refused: KeystoreError = open(uri, surroundings).await.map(drop).unwrap_err();
    let told = format!("{refused} {refused:?}");
    assert!(told.contains(why), "{uri}: {told}");
    assert!(secrets.iter().all(|secret| !told.contains(secret)), "{uri}: {told}");
}

/// A key behind this gate: failures end in time, and it signs again afterwards by itself. It cannot be
/// opened while the gate is shut.
pub(crate) async fn outlasts(key: &Key, gate: &Gate, secrets: &[&str]) {
    let signer = key.open().await;
    for shut in [Gate::close, Gate::silence] {
        shut(gate);
        let began = Instant::now();
        let failed = signer.sign(b"message").await.unwrap_err().to_string();
        assert!(began.elapsed() < PATIENCE + Duration::from_secs(2), "{}: {failed}", key.uri);
        assert!(secrets.iter().all(|secret| !failed.contains(secret)), "{failed}");
        gate.open();
        let signature = signer.sign(MESSAGE).await.unwrap();
        key.public_key.verify(signer.algorithm().hash(), MESSAGE, &signature).unwrap();
    }
    gate.close();
    refuses(&key.uri, &key.surroundings, "", secrets).await;
    gate.open();
}

/// Every kind of key that can be made somewhere.
pub(crate) const MADE: [(KeyKind, PublicKeyKind); 7] = [
    (KeyKind::EcdsaP256, PublicKeyKind::EcdsaP256),
    (KeyKind::EcdsaP384, PublicKeyKind::EcdsaP384),
    (KeyKind::EcdsaP521, PublicKeyKind::EcdsaP521),
    (KeyKind::Rsa2048, PublicKeyKind::Rsa { bits: 2048 }),
    (KeyKind::Rsa3072, PublicKeyKind::Rsa { bits: 3072 }),
    (KeyKind::Rsa4096, PublicKeyKind::Rsa { bits: 4096 }),
    (KeyKind::Ed25519, PublicKeyKind::Ed25519),
];

/// What is signed where answers were recorded.
pub(crate) const MESSAGE: &[u8] = b"sigstead signs this";

/// For servers that sign anything: empty, short, and longer than what some services take undigested.
pub(crate) const MESSAGES: [&[u8]; 3] = [b"", MESSAGE, &[7; 10_000]];
