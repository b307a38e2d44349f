use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};
use sigstead_clock::{Clock as _, SystemClock};
use sigstead_trust::export::{
    Exported, Identity, ImagePolicy, Matcher, TrustDocument, TufRoot, kyverno, policy_controller,
};
use sigstead_trust::tuf::{Envelope, Role};

use super::call_arguments::CallArguments;
use super::client::{ClientKind, environment};
use super::{ServiceArguments, named_document};
use crate::config::Config;
use crate::{console, data_dir, wire};

/// `sigstead trust export …`.
#[derive(Debug, Subcommand)]
pub(super) enum Export {
    /// A TrustRoot for policy-controller, and a ClusterImagePolicy if it is said who may sign; YAML on standard output.
    PolicyController(Box<Manifests>),
    /// An ImageValidatingPolicy for Kyverno, which takes trust from a TUF repository alone; YAML on standard output.
    Kyverno(Box<Manifests>),
    /// Trusted root and signing config for cosign 3 as files, and its settings on standard output.
    Cosign(Files),
    /// Chains and keys for cosign 2 as PEM files, and its settings on standard output.
    Cosign2(Files),
    /// The client trust config for sigstore-python as a file, and its flags on standard output.
    Python(Files),
    /// Trusted root and signing config for sigstore-go, -js and -java as files, and on standard output what reads them.
    Libraries(Files),
}

/// Whose trust root.
#[derive(Debug, Args)]
struct Source {
    #[command(flatten)]
    service: ServiceArguments,
    #[command(flatten)]
    call: CallArguments,
    /// The URL of a running trust root, or a trusted root or client trust config, whoever wrote it; without any, what the
    /// configuration publishes.
    #[arg(value_name = "URL|FILE")]
    document: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Files {
    #[command(flatten)]
    source: Source,
    /// The folder to write to.
    #[arg(long, short)]
    output: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Manifests {
    #[command(flatten)]
    source: Source,
    /// Follow the TUF repository from this root of it on, instead of holding copies.
    #[arg(long, value_name = "FILE|URL")]
    tuf_root: Option<String>,
    /// The repository's URL; without it, the trust root's own.
    #[arg(long, value_name = "URL", requires = "tuf_root")]
    mirror: Option<String>,
    /// Names what is made.
    #[arg(long, default_value = "sigstead")]
    name: String,
    /// A pattern of images that must be signed, as `registry.example.com/**`; several times.
    #[arg(long = "image", value_name = "GLOB", default_value = "**")]
    images: Vec<String>,
    /// Who may sign: the name in the certificate.
    #[arg(long, requires = "issuers", group = "subjects")]
    identity: Option<String>,
    /// The same as a regular expression.
    #[arg(long, value_name = "REGEXP", requires = "issuers", group = "subjects")]
    identity_regexp: Option<String>,
    /// Whose token it was: the identity provider's URL.
    #[arg(long, requires = "subjects", group = "issuers")]
    issuer: Option<String>,
    /// The same as a regular expression.
    #[arg(long, value_name = "REGEXP", requires = "subjects", group = "issuers")]
    issuer_regexp: Option<String>,
    /// Demand an attestation of this predicate type, as `https://slsa.dev/provenance/v1`; several times.
    #[arg(long = "attestation", value_name = "TYPE")]
    attestations: Vec<String>,
    /// Demand a timestamp instead of an entry in the transparency log.
    #[arg(long)]
    timestamps: bool,
}

impl Export {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::PolicyController(manifests) => manifests.policy_controller().await?,
            Self::Kyverno(manifests) => manifests.kyverno().await?,
            Self::Cosign(files) => files.write(ClientKind::Cosign).await?,
            Self::Cosign2(files) => files.write(ClientKind::Cosign2).await?,
            Self::Python(files) => files.write(ClientKind::Python).await?,
            Self::Libraries(files) => files.write(ClientKind::Libraries).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Source {
    /// The document, and the URL that its repository has.
    async fn read(&self) -> anyhow::Result<(TrustDocument, Option<String>)> {
        let (name, content, mirror) = match &self.document {
            None => self.own()?,
            Some(url) if named_document::is_url(url) && !url.ends_with(".json") => {
                let base = url.trim_end_matches('/');
                let name = format!("{base}/{CLIENT_TRUST_CONFIG}");
                let content = named_document::content(&name, &self.call.config()).await;
                (name, content, Some(base.to_owned()))
            }
            Some(name) => (name.clone(), named_document::content(name, &self.call.config()).await, None),
        };
        let document = content.and_then(|content| Ok(TrustDocument::read(&content, SystemClock.now())?));
        Ok((document.context(name)?, mirror))
    }

    fn own(&self) -> anyhow::Result<(String, anyhow::Result<Vec<u8>>, Option<String>)> {
        let trust = Config::load(&self.service.config, &self.service.overrides)?.trust()?;
        let documents = wire::trust_documents(&trust)?;
        let (_, content) =
            documents.file(CLIENT_TRUST_CONFIG).context("it publishes no client trust config")?;
        let mirror = trust.mirror.map(|(url, _)| url);
        Ok((self.service.config.display().to_string(), Ok(content.to_vec()), mirror))
    }
}

/// Trusted root and signing config in one.
const CLIENT_TRUST_CONFIG: &str = "client_trust_config.json";

impl Manifests {
    async fn policy_controller(&self) -> anyhow::Result<()> {
        let (trust, mirror) = self.source.read().await?;
        let tuf = self.tuf(mirror).await?;
        show(&policy_controller(&trust, tuf.as_ref(), &self.policy()?)?);
        Ok(())
    }

    async fn kyverno(&self) -> anyhow::Result<()> {
        let (trust, mirror) = self.source.read().await?;
        let tuf = self.tuf(mirror).await?;
        let tuf = tuf.context(
            "Kyverno takes trust from a TUF repository alone\n  hint: --tuf-root root.json; docs/trust-root.md",
        )?;
        show(&kyverno(&trust, &tuf, &self.policy()?)?);
        Ok(())
    }

    async fn tuf(&self, mirror: Option<String>) -> anyhow::Result<Option<TufRoot>> {
        let Some(name) = &self.tuf_root else { return Ok(None) };
        let root =
            named_document::content(name, &self.source.call.config()).await.with_context(|| name.clone())?;
        let role =
            Envelope::parse(&root).and_then(|envelope| envelope.role()).with_context(|| name.clone())?;
        ensure!(role == Role::Root, "{name} is no root, but {role}");
        let mirror = self.mirror.clone().or(mirror).context("say where the repository is: --mirror URL")?;
        Ok(Some(TufRoot { root, mirror }))
    }

    fn policy(&self) -> anyhow::Result<ImagePolicy> {
        let matcher = |exactly: &Option<String>, regexp: &Option<String>| {
            let exactly = exactly.clone().map(Matcher::Exactly);
            exactly.or_else(|| regexp.clone().map(Matcher::Regexp))
        };
        let subject = matcher(&self.identity, &self.identity_regexp);
        let identity = subject.zip(matcher(&self.issuer, &self.issuer_regexp));
        if identity.is_none() && (self.timestamps || !self.attestations.is_empty()) {
            bail!("say who may sign: --identity, --issuer");
        }
        Ok(ImagePolicy {
            name: self.name.clone(),
            images: self.images.clone(),
            identity: identity.map(|(subject, issuer)| Identity { subject, issuer }),
            attestations: self.attestations.clone(),
            timestamps: self.timestamps,
        })
    }
}

fn show(exported: &Exported) {
    for note in &exported.notes {
        console::note(format_args!("note: {note}"));
    }
    console::line(exported.manifests.trim_end());
}

impl Files {
    async fn write(&self, client: ClientKind) -> anyhow::Result<()> {
        let (trust, _) = self.source.read().await?;
        let output = std::path::absolute(&self.output)?;
        std::fs::create_dir_all(&output).with_context(|| format!("cannot make {}", output.display()))?;
        let files = trust.files()?;
        let mut settings = environment(client, &output, trust.material());
        for name in read_by(client) {
            match files.iter().find(|(candidate, _)| candidate == name) {
                Some((_, content)) => write(&output.join(name), content)?,
                None => {
                    console::note(format_args!(
                        "note: no {name}, for the document does not say what belongs there"
                    ));
                    settings = without(&settings, name);
                }
            }
        }
        if client == ClientKind::Cosign2 {
            for note in trust.left_out_of_pem() {
                console::note(format_args!("note: {note}"));
            }
        }
        console::line(settings.trim_end());
        Ok(())
    }
}

/// The files that a client is given.
const fn read_by(client: ClientKind) -> &'static [&'static str] {
    match client {
        ClientKind::Cosign | ClientKind::Libraries => &["trusted_root.json", "signing_config.v0.2.json"],
        ClientKind::Cosign2 => &["fulcio_v1.crt.pem", "rekor.pub", "ctfe.pub", "tsa.certchain.pem"],
        ClientKind::Python => &[CLIENT_TRUST_CONFIG],
        ClientKind::RekorCli | ClientKind::Openssl => &[],
    }
}

fn write(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    data_dir::write_atomically(file, content, 0o644)
        .with_context(|| format!("cannot write {}", file.display()))
}

/// Settings that do not name a file.
fn without(settings: &str, name: &str) -> String {
    settings.lines().filter(|line| !line.contains(name)).map(|line| format!("{line}\n")).collect()
}
