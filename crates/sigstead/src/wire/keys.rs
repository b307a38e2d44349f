use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use sigstead_clock::SystemClock;
use sigstead_crypto::{PublicKey, Signer};
use sigstead_keystore::Surroundings;
use sigstead_x509::{Certificate, parse_pem_chain};

use crate::config::environment_variable;

/// Less than clients wait for an answer.
const SIGNING_PATIENCE: Duration = Duration::from_secs(10);

/// The signer of a key URI.
pub(crate) async fn signer(uri: &str) -> anyhow::Result<Arc<dyn Signer>> {
    let opened = sigstead_keystore::open(uri, &surroundings()).await;
    // What follows a question mark may be a password that was written there by mistake.
    opened.with_context(|| format!("cannot use the key {}", uri.split('?').next().unwrap_or_default()))
}

/// What keys are opened with: the environment of this process.
pub(crate) fn surroundings() -> Surroundings {
    Surroundings {
        variable: Arc::new(environment_variable),
        clock: Arc::new(SystemClock),
        http: Arc::new(reqwest::Client::builder),
        patience: SIGNING_PATIENCE,
    }
}

/// Whether a key URI leads to a usable key.
pub(super) async fn check_key(uri: &str) -> anyhow::Result<()> {
    signer(uri).await.map(drop)
}

/// The certificates of a PEM file.
pub(super) fn chain(file: &Path) -> anyhow::Result<Vec<Certificate>> {
    let pem =
        std::fs::read(file).with_context(|| format!("cannot read the certificates {}", file.display()))?;
    parse_pem_chain(&pem).with_context(|| format!("{} does not hold certificates", file.display()))
}

/// The public key of a PEM file.
pub(crate) fn public_key(file: &Path) -> anyhow::Result<PublicKey> {
    let pem =
        std::fs::read(file).with_context(|| format!("cannot read the public key {}", file.display()))?;
    PublicKey::from_pem(&pem).with_context(|| format!("{} does not hold a public key", file.display()))
}
