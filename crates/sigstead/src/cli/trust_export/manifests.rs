use anyhow::{Context as _, bail, ensure};
use clap::Args;
use sigstead_trust::export::{Exported, Identity, ImagePolicy, Matcher, TufRoot, kyverno, policy_controller};
use sigstead_trust::tuf::{Envelope, Role};

use super::source::Source;
use crate::console;

#[derive(Debug, Args)]
pub(in crate::cli) struct Manifests {
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

impl Manifests {
    pub(super) async fn policy_controller(&self) -> anyhow::Result<()> {
        let (trust, mirror) = self.source.read().await?;
        let tuf = self.tuf(mirror).await?;
        show(&policy_controller(&trust, tuf.as_ref(), &self.policy()?)?);
        Ok(())
    }

    pub(super) async fn kyverno(&self) -> anyhow::Result<()> {
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
        let root = self.source.beside(name).await?;
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
