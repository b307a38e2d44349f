use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use sigstead_trust::{Documents, Service, TrustMaterial};

use super::DataArguments;
use crate::config::{Config, TrustConfig};
use crate::{console, data_dir, wire};

/// `sigstead client …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Client {
    /// Print what a client needs: environment for the shell, flags as comments.
    Env {
        /// The client.
        #[arg(value_enum, default_value = "cosign")]
        client: ClientKind,
        #[command(flatten)]
        instance: Instance,
    },
    /// Write the trusted root (`trusted_root.json`).
    TrustedRoot(Output),
    /// Write the signing config (`signing_config.v0.2.json`).
    SigningConfig(Output),
    /// Write both in one file, as sigstore-python's `--trust-config` reads it.
    TrustConfig(Output),
}

/// The clients whose settings differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClientKind {
    /// cosign 3: signing config and trusted root.
    Cosign,
    /// cosign 2: URLs and PEM files.
    Cosign2,
    /// sigstore-python.
    Python,
    /// sigstore-go, sigstore-js and sigstore-java, which programs call.
    Libraries,
    /// rekor-cli.
    RekorCli,
    /// `openssl ts`.
    Openssl,
}

/// Which sigstead.
#[derive(Debug, Args)]
pub(crate) struct Instance {
    #[command(flatten)]
    data: DataArguments,
    /// A configuration file elsewhere, instead of the data directory's.
    #[arg(long, short)]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Output {
    #[command(flatten)]
    instance: Instance,
    /// Where to write it; standard output if left out.
    #[arg(long, short)]
    output: Option<PathBuf>,
}

impl Client {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Env { client, instance } => {
                let (dir, trust) = instance.load()?;
                write_documents(&dir, &wire::trust_documents(&trust)?)?;
                let text =
                    environment(client, &dir, &wire::trust_material(&trust)?) + &following(client, &trust);
                console::line(text.trim_end());
            }
            Self::TrustedRoot(output) => output.write("trusted_root.json")?,
            Self::SigningConfig(output) => output.write("signing_config.v0.2.json")?,
            Self::TrustConfig(output) => output.write("client_trust_config.json")?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Instance {
    /// The folder of the configuration, and what it says of the services.
    pub(super) fn load(&self) -> anyhow::Result<(PathBuf, TrustConfig)> {
        let file = self.config.clone().unwrap_or_else(|| self.data.data.join("sigstead.toml"));
        let trust = Config::load(&file, &[])?.trust()?;
        let file = std::path::absolute(file)?;
        Ok((file.parent().map(Path::to_owned).unwrap_or_default(), trust))
    }
}

impl Output {
    fn write(&self, name: &str) -> anyhow::Result<()> {
        let documents = wire::trust_documents(&self.instance.load()?.1)?;
        let (_, content) = documents.file(name).context("this trust root has no such document")?;
        match &self.output {
            Some(file) => data_dir::write_atomically(file, content, 0o644),
            None => {
                console::value(std::str::from_utf8(content)?);
                Ok(())
            }
        }
    }
}

/// Writes every document into `dir`, where the printed settings point.
pub(super) fn write_documents(dir: &Path, documents: &Documents) -> anyhow::Result<()> {
    for (name, _, content) in documents.files() {
        data_dir::write_atomically(&dir.join(name), content, 0o644)?;
    }
    Ok(())
}

/// The settings of a client whose files are in `dir`.
pub(super) fn environment(client: ClientKind, dir: &Path, trust: &TrustMaterial) -> String {
    let dir = dir.display();
    let url = |services: &[Service]| services.first().map(|service| service.url.clone()).unwrap_or_default();
    let (ca, log, tsa) = (url(&trust.ca_services), url(&trust.log_services), url(&trust.tsa_services));
    let oidc = url(&trust.oidc_services);
    match client {
        ClientKind::Cosign => format!(
            "export COSIGN_SIGNING_CONFIG={dir}/signing_config.v0.2.json\n\
             export COSIGN_TRUSTED_ROOT={dir}/trusted_root.json\n\
             export COSIGN_YES=true\n\
             # As flags: --signing-config {dir}/signing_config.v0.2.json --trusted-root {dir}/trusted_root.json\n\
             # Verify with: --certificate-oidc-issuer {oidc} --certificate-identity EMAIL\n"
        ),
        ClientKind::Cosign2 => format!(
            "export COSIGN_FULCIO_URL={ca}\n\
             export COSIGN_REKOR_URL={log}\n\
             export COSIGN_OIDC_ISSUER={oidc}\n\
             export COSIGN_YES=true\n\
             export SIGSTORE_ROOT_FILE={dir}/fulcio_v1.crt.pem\n\
             export SIGSTORE_REKOR_PUBLIC_KEY={dir}/rekor.pub\n\
             export SIGSTORE_CT_LOG_PUBLIC_KEY_FILE={dir}/ctfe.pub\n\
             export SIGSTORE_TSA_CERTIFICATE_FILE={dir}/tsa.certchain.pem\n\
             # With timestamps: --timestamp-server-url {tsa}\n"
        ),
        ClientKind::Python => format!(
            "# sigstore --trust-config {dir}/client_trust_config.json sign --identity-token \"$(sigstead token --email EMAIL)\" FILE\n\
             # sigstore --trust-config {dir}/client_trust_config.json verify identity --cert-oidc-issuer {oidc} --cert-identity EMAIL FILE\n"
        ),
        ClientKind::Libraries => format!(
            "# sigstore-go: root.NewTrustedRootFromPath(\"{dir}/trusted_root.json\")\n\
             # sigstore-go: root.NewSigningConfigFromPath(\"{dir}/signing_config.v0.2.json\")\n\
             # sigstore-js: TrustedRoot.fromJSON of {dir}/trusted_root.json, for toTrustMaterial\n\
             # sigstore-js: SigningConfig.fromJSON of {dir}/signing_config.v0.2.json, for bundleBuilderFromSigningConfig\n\
             # sigstore-java: TrustedRootProvider.from(Path.of(\"{dir}/trusted_root.json\"))\n\
             # sigstore-java: SigningConfigProvider.from(Path.of(\"{dir}/signing_config.v0.2.json\"))\n"
        ),
        ClientKind::RekorCli => format!("export REKOR_REKOR_SERVER={log}\n"),
        ClientKind::Openssl => format!(
            "# openssl ts -query -data FILE -sha256 -cert -out q.tsq\n\
             # curl -sS -H 'Content-Type: application/timestamp-query' --data-binary @q.tsq {tsa} -o r.tsr\n\
             # openssl ts -verify -queryfile q.tsq -in r.tsr -CAfile {dir}/tsa.certchain.pem\n"
        ),
    }
}

/// How the client follows the trust root by TUF instead.
fn following(client: ClientKind, trust: &TrustConfig) -> String {
    let Some((url, root)) = &trust.mirror else { return String::new() };
    let root = root.display();
    match client {
        ClientKind::Cosign | ClientKind::Cosign2 => {
            format!("# Or by TUF, without these files: cosign initialize --mirror {url} --root {root}\n")
        }
        ClientKind::Python => format!(
            "# Or by TUF: sigstore --instance {url} trust-instance {root}, then --instance {url} instead of --trust-config\n"
        ),
        ClientKind::Libraries | ClientKind::RekorCli | ClientKind::Openssl => String::new(),
    }
}
