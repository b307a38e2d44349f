use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use sigstead_crypto::{KeyKind, Secret, Signer};
use sigstead_keystore::SecretSource;
use sigstead_x509::authority;

use super::install::{Installation, Terms};
use super::offline_root::OfflineRoot;
use super::{Role, now};
use crate::cli::ServiceArguments;
use crate::config::{Config, absolute_key};
use crate::data_dir::write_atomically;
use crate::role::ISSUED_LIFETIME;
use crate::{console, wire};

/// `sigstead ca|tsa init`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Init {
    #[command(flatten)]
    service: ServiceArguments,
    /// Write a signing request (PKCS#10 in PEM) here, for the organization's own CA; `import` takes what it answers.
    #[arg(long, value_name = "FILE", required_unless_present = "root", conflicts_with = "root")]
    csr: Option<PathBuf>,
    /// Sign with the root in this folder instead, which is made if it is not there. Keep it offline afterwards.
    #[arg(long, value_name = "FOLDER")]
    root: Option<PathBuf>,
    /// The kind of the root's key, where that is made.
    #[arg(long, value_enum, default_value = "p384", value_name = "KIND")]
    root_key_kind: Kind,
    /// Where the password of the root's key is, as env:NAME or file:PATH. A key that is made is encrypted with it.
    #[arg(long, value_name = "SOURCE", requires = "root", value_parser = password_source)]
    root_password: Option<SecretSource>,
    /// Where the key is (docs/keys.md); it is made if it is not there.
    #[arg(long, value_name = "URI")]
    key: Option<String>,
    /// The kind of key to make.
    #[arg(long, value_enum, default_value = "p256")]
    key_kind: Kind,
    /// The name in the certificate, as "CN=…,O=…".
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,
    #[command(flatten)]
    terms: Terms,
}

/// Kinds of key that clients verify everywhere.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    P256,
    P384,
    Rsa2048,
    Rsa3072,
    Rsa4096,
}

impl From<Kind> for KeyKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::P256 => Self::EcdsaP256,
            Kind::P384 => Self::EcdsaP384,
            Kind::Rsa2048 => Self::Rsa2048,
            Kind::Rsa3072 => Self::Rsa3072,
            Kind::Rsa4096 => Self::Rsa4096,
        }
    }
}

fn password_source(text: &str) -> Result<SecretSource, &'static str> {
    SecretSource::parse(text).ok_or("write env:NAME or file:PATH")
}

impl Init {
    pub(super) async fn run(self, role: Role) -> anyhow::Result<ExitCode> {
        let config = Config::load(&self.service.config, &self.service.overrides)?;
        let installation = Installation::open(role, role.file(&config)?, &self.terms)?;
        let key = self.key.clone().unwrap_or_else(|| installation.default_key());
        let signer = self.signer(installation.folder(), &key).await?;
        let subject = self.subject.as_deref().unwrap_or(role.subject());
        if let Some(csr) = &self.csr {
            let request = authority::request(signer.as_ref(), subject, role.profile()).await?;
            write_atomically(csr, request.as_bytes(), 0o644)
                .with_context(|| format!("cannot write {}", csr.display()))?;
            console::line(format_args!(
                "the request is {}; when it is signed: sigstead {} import --key '{key}' CERTIFICATE ROOT",
                csr.display(),
                role.section()
            ));
            return Ok(ExitCode::SUCCESS);
        }
        let now = now();
        let folder = self.root.as_deref().context("--csr or --root")?;
        let OfflineRoot { signer: root_key, certificate: root } =
            OfflineRoot::open(folder, self.root_key_kind.into(), self.root_password()?.as_ref(), (role, now))
                .await?;
        let left = u64::try_from(root.not_after().saturating_sub(now)).context("the root has ended")?;
        let lifetime = ISSUED_LIFETIME.min(Duration::from_secs(left));
        let subject = (subject, signer.public_key());
        let certificate =
            authority::issue((&root_key, &root), subject, role.profile(), now, lifetime).await?;
        installation.install((key, signer.public_key()), vec![certificate, root], self.terms)?;
        Ok(ExitCode::SUCCESS)
    }

    fn root_password(&self) -> anyhow::Result<Option<Secret<String>>> {
        let read = |source: &SecretSource| source.read(&wire::surroundings());
        Ok(self.root_password.as_ref().map(read).transpose()?)
    }

    /// The key, made if it is not there.
    async fn signer(&self, folder: &Path, key: &str) -> anyhow::Result<Arc<dyn Signer>> {
        let uri = absolute_key(folder, key);
        if sigstead_keystore::make_missing(&uri, self.key_kind.into(), &wire::surroundings())
            .await
            .with_context(|| format!("cannot make the key {key}"))?
        {
            console::line(format_args!("the key {key} was made"));
        }
        wire::signer(&uri).await
    }
}
