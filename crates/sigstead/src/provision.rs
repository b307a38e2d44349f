//! Keys and certificate chains for `sigstead up` and `sigstead init`, made when there are none and kept.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use sigstead_clock::{Clock, Timestamp};
use sigstead_crypto::{KeyKind, Secret, Signer, SoftwareSigner};
use sigstead_trust::tuf::{Envelope, RootPlan, Signatories};
use sigstead_x509::{Certificate, authority, parse_pem_chain};

use crate::config::{AuthoritiesFile, AuthorityEntry};
use crate::data_dir::{DataDir, write_atomically};
use crate::role::{ISSUED_LIFETIME, Role};

/// Private files: readable by their owner alone.
const PRIVATE: u32 = 0o600;
/// Public keys and certificates.
const PUBLIC: u32 = 0o644;

/// The keys that only `up` has: those of its development issuer, and of a TUF root that answers for itself.
pub(crate) struct OwnKeys {
    pub(crate) issuer: SoftwareSigner,
    /// The secret of who may have the issuer sign.
    pub(crate) issuer_secret: Secret<String>,
    /// The one key of the TUF repository's root, unless its owner took it away.
    pub(crate) tuf_root: Option<Arc<dyn Signer>>,
}

/// Makes what the services need and lack; when it was made, for what the keys sign counts from there. A file
/// that is there is used as it is; each is written as one step, so what was interrupted goes on where it stopped.
pub(crate) async fn services(data: &DataDir, clock: &dyn Clock) -> anyhow::Result<Timestamp> {
    let progress = progress(data);
    let step = |message: &'static str| {
        progress.set_message(message);
        progress.inc(1);
    };
    step("certificate authority: root and issuing certificate");
    let now = clock.now().unix_seconds();
    let chain = hierarchy(data, Role::Ca, now).await?;
    authorities(data, Role::Ca, &chain)?;
    step("timestamp authority: root and signing certificate");
    let tsa_chain = hierarchy(data, Role::Tsa, now).await?;
    authorities(data, Role::Tsa, &tsa_chain)?;
    step("transparency log and CT log: keys");
    logs(data)?;
    progress.finish_and_clear();
    let root = chain.last().context("the CA chain is empty")?;
    Ok(Timestamp::from_unix_seconds(root.not_before()))
}

/// Makes what the logs alone need and lack.
pub(crate) fn logs(data: &DataDir) -> anyhow::Result<()> {
    log_key(data, "keys/log.key", "log.pub", KeyKind::EcdsaP256)?;
    log_key(data, "keys/log-v2.key", "log-v2.pub", KeyKind::Ed25519)?;
    log_key(data, "keys/ct.key", "ct.pub", KeyKind::EcdsaP256)
}

/// Makes what only `up` needs and lacks.
pub(crate) fn own(data: &DataDir) -> anyhow::Result<OwnKeys> {
    online_tuf_keys(data)?;
    Ok(OwnKeys {
        issuer: key(data, "keys/dev-issuer.key", KeyKind::Rsa2048)?,
        issuer_secret: secret(data, "dev-issuer.secret")?,
        tuf_root: tuf_root(data)?,
    })
}

/// Makes the keys of a TUF repository and its first root, unless there is one; its key is for nothing but later roots.
pub(crate) async fn tuf(data: &DataDir, clock: &dyn Clock) -> anyhow::Result<()> {
    let file = data.file(TUF_ROOT);
    let [targets, snapshot, timestamp] = online_tuf_keys(data)?;
    if file.exists() {
        return Ok(());
    }
    let root = tuf_key(data, "root")?;
    let alone =
        |signer: &SoftwareSigner| Signatories { keys: vec![signer.public_key().clone()], threshold: 1 };
    let plan = RootPlan {
        root: alone(&root),
        targets: alone(&targets),
        snapshot: snapshot.public_key().clone(),
        timestamp: timestamp.public_key().clone(),
        expires: clock.now().plus(TUF_ROOT_LIFETIME),
    };
    let mut envelope = Envelope::unsigned(&plan.metadata(1)?)?;
    envelope.sign(&root).await?;
    write_atomically(&file, &envelope.to_file()?, PUBLIC)
}

/// Of targets, snapshot and timestamp.
fn online_tuf_keys(data: &DataDir) -> anyhow::Result<[SoftwareSigner; 3]> {
    Ok([tuf_key(data, "targets")?, tuf_key(data, "snapshot")?, tuf_key(data, "timestamp")?])
}

fn tuf_key(data: &DataDir, role: &str) -> anyhow::Result<SoftwareSigner> {
    key(data, &format!("keys/tuf-{role}.key"), KeyKind::EcdsaP256)
}

/// Shown while keys are made; a later start has nothing to show.
fn progress(data: &DataDir) -> ProgressBar {
    if data.file("ct.pub").exists() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(3);
    if let Ok(style) = ProgressStyle::with_template("{bar:20} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
}

/// The key in `name`, made if it is not there.
fn key(data: &DataDir, name: &str, kind: KeyKind) -> anyhow::Result<SoftwareSigner> {
    let file = data.file(name);
    if !file.exists() {
        sigstead_keystore::generate_file(&file, kind, None)
            .with_context(|| format!("cannot make {}", file.display()))?;
    }
    sigstead_keystore::open_file(&file, None)
        .with_context(|| format!("cannot use the key {}", file.display()))
}

fn log_key(data: &DataDir, private: &str, public: &str, kind: KeyKind) -> anyhow::Result<()> {
    let signer = key(data, private, kind)?;
    let pem = signer.public_key().to_pem();
    write_if_other(&data.file(public), pem.as_bytes())
}

/// Away from the keys that sign every day: its owner may take it offline once the repository is there.
fn tuf_root(data: &DataDir) -> anyhow::Result<Option<Arc<dyn Signer>>> {
    let name = "offline-keys/tuf-root.key";
    if data.file("tuf/root.json").exists() && !data.file(name).exists() {
        return Ok(None);
    }
    Ok(Some(Arc::new(key(data, name, KeyKind::EcdsaP256)?)))
}

fn secret(data: &DataDir, name: &str) -> anyhow::Result<Secret<String>> {
    let file = data.file(name);
    if !file.exists() {
        let secret: [u8; 32] = rand::random();
        write_atomically(&file, hex::encode(secret).as_bytes(), PRIVATE)?;
    }
    Ok(Secret::new(std::fs::read_to_string(file)?))
}

/// The certificates of a role under a root of their own, made if they are not there.
async fn hierarchy(data: &DataDir, role: Role, now: i64) -> anyhow::Result<Vec<Certificate>> {
    let name = role.section();
    chain(data, &format!("{name}-chain.pem"), async || {
        let root_key = key(data, &format!("keys/{name}-root.key"), KeyKind::EcdsaP384)?;
        let issued_key = key(data, &format!("keys/{name}.key"), KeyKind::EcdsaP256)?;
        let root = role.make_root(&root_key, now).await?;
        let (issuer, subject) =
            ((&root_key as &dyn Signer, &root), (role.subject(), issued_key.public_key()));
        let issued = authority::issue(issuer, subject, role.profile(), now, ISSUED_LIFETIME).await?;
        Ok(vec![issued, root])
    })
    .await
}

/// The file of the authorities of a role, made if it is not there.
fn authorities(data: &DataDir, role: Role, chain: &[Certificate]) -> anyhow::Result<()> {
    let service = role.section();
    let file = data.file(&format!("{service}-authorities.toml"));
    if file.exists() {
        return Ok(());
    }
    let since = chain.first().map(Certificate::not_before).unwrap_or_default();
    let authority = AuthorityEntry {
        name: format!("{service}-1"),
        key: Some(format!("file:keys/{service}.key")),
        chain: format!("{service}-chain.pem").into(),
        since: Timestamp::from_unix_seconds(since).to_rfc3339(),
        until: None,
        token_issuers: Vec::new(),
        stolen: false,
    };
    AuthoritiesFile { authority: vec![authority] }.save(&file)
}

/// The chain in `name`, made if it is not there.
async fn chain(
    data: &DataDir,
    name: &str,
    make: impl AsyncFnOnce() -> anyhow::Result<Vec<Certificate>>,
) -> anyhow::Result<Vec<Certificate>> {
    let file = data.file(name);
    if !file.exists() {
        let pem: String = make().await?.iter().map(Certificate::to_pem).collect();
        write_atomically(&file, pem.as_bytes(), PUBLIC)?;
    }
    let pem = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    parse_pem_chain(&pem).with_context(|| format!("{} is not a certificate chain", file.display()))
}

fn write_if_other(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    if std::fs::read(file).is_ok_and(|present| present == content) {
        return Ok(());
    }
    write_atomically(file, content, PUBLIC)
}

/// The first root of the TUF repository, as its configuration names it.
pub(crate) const TUF_ROOT: &str = "tuf-root.json";
/// Until people must have signed the next one.
const TUF_ROOT_LIFETIME: Duration = Duration::from_secs(365 * 24 * 3600);
