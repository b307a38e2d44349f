//! The command line.

mod audit;
mod authority;
mod backup;
mod ca_audit;
mod ca_policy;
mod call_arguments;
mod check;
mod client;
mod db;
mod doctor;
mod health;
mod http;
mod http_body;
mod import;
mod init;
mod keys;
mod mirror;
mod named_document;
mod postgres_tools;
mod reconcile;
mod restore;
mod rotate;
mod search;
mod service;
mod token;
mod trust;
mod trust_export;
mod trust_lint;
mod trust_root;
mod trust_sign;
mod up;
mod up_report;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sigstead_store::TreeKind;

use crate::role::Role;

/// A self-hosted Sigstore: certificate authority, timestamp authority, transparency log,
/// certificate-transparency log and trust root.
#[derive(Debug, Parser)]
#[command(version, about, propagate_version = true)]
pub(crate) struct Cli {
    /// What to log: error, warn, info, debug, trace, or directives as `sigstead_log=debug`.
    #[arg(long, global = true, env = "SIGSTEAD_LOG_LEVEL", default_value = "warn")]
    pub(crate) log_level: String,
    /// How to log, on standard error.
    #[arg(long, global = true, env = "SIGSTEAD_LOG_FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
    /// An OpenTelemetry collector that takes spans over HTTP, as http://127.0.0.1:4318.
    #[cfg(feature = "otlp")]
    #[arg(long, global = true, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub(crate) otlp_endpoint: Option<String>,
    #[command(subcommand)]
    command: Command,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything in one process, with keys made at first start and a development issuer.
    Up(up::Up),
    /// Make the keys, certificates and configuration with which the services run alone, on servers of your own.
    Init(init::Init),
    /// Start the certificate authority alone, or look after it.
    #[command(args_conflicts_with_subcommands = true)]
    Ca(CaArguments),
    /// Start the timestamp authority alone, or look after it.
    #[command(args_conflicts_with_subcommands = true)]
    Tsa(TsaArguments),
    /// Start the transparency log alone, or look after it.
    #[command(args_conflicts_with_subcommands = true)]
    Log(LogArguments),
    /// Start the certificate-transparency log alone, or audit it.
    #[command(args_conflicts_with_subcommands = true)]
    Ct(CtArguments),
    /// Serve the trust root alone, or look after its TUF repository.
    #[command(args_conflicts_with_subcommands = true)]
    Trust(TrustArguments),
    /// Get an identity token from the development issuer of a running `sigstead up`.
    Token(token::Token),
    /// What clients need: flags, environment, trusted root, signing config.
    #[command(subcommand)]
    Client(client::Client),
    /// Ask a running service on its admin port whether it is ready; fails if it is not.
    Health(ServiceArguments),
    /// Sign a probe through every running service and verify what comes back; says which service fails, why, and what to
    /// do. Leaves a certificate and log entries behind.
    Doctor(doctor::Doctor),
    /// The configuration file.
    #[command(subcommand)]
    Config(check::ConfigCommand),
    /// The database's schema.
    #[command(subcommand)]
    Db(db::DbCommand),
    /// Copy the database into a folder while servers run, with the size and root of every tree in it.
    Backup(backup::Backup),
    /// Bring a backup back, and compare the database with everything that is known to have been signed.
    Restore(restore::Restore),
}

/// Which configuration, and what is laid over it.
#[derive(Debug, Args)]
pub(crate) struct ServiceArguments {
    /// The configuration file.
    #[arg(long, short, env = "SIGSTEAD_CONFIG", default_value = "sigstead.toml")]
    config: PathBuf,
    /// Override a key, as `--set ca.listen=127.0.0.1:5555`; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
}

#[derive(Debug, Args)]
struct CaArguments {
    #[command(flatten)]
    service: ServiceArguments,
    #[command(subcommand)]
    command: Option<CaCommand>,
}

#[derive(Debug, Subcommand)]
enum CaCommand {
    /// Show who was given which certificate, on which claims, from the database's audit trail.
    Audit(Box<ca_audit::CaAudit>),
    /// Read the CT logs, and show the certificates under this CA's authorities that it did not issue: somebody else has a
    /// key. Fails if there is one.
    Reconcile(Box<reconcile::Reconcile>),
    /// The issuance policy.
    #[command(subcommand)]
    Policy(ca_policy::CaPolicy),
    #[command(flatten)]
    Authority(Box<authority::AuthorityCommand>),
}

#[derive(Debug, Args)]
struct TsaArguments {
    #[command(flatten)]
    service: ServiceArguments,
    #[command(subcommand)]
    command: Option<Box<authority::AuthorityCommand>>,
}

#[derive(Debug, Args)]
struct LogArguments {
    #[command(flatten)]
    service: ServiceArguments,
    #[command(subcommand)]
    command: Option<LogCommand>,
}

#[derive(Debug, Subcommand)]
enum LogCommand {
    /// Re-derive every leaf hash, tile and root from the stored entries, and compare them with what was signed; fails on
    /// any difference.
    Audit(audit::Audit),
    /// Freeze the Rekor v1 shard that takes entries and start the next; running servers go on in it by themselves.
    Rotate(ServiceArguments),
    /// Freeze the Rekor v2 log for good: it is read on, and the next one gets another origin and key.
    FreezeV2(ServiceArguments),
    /// Print the keys of the Rekor v2 log and of the witness as C2SP policies name them.
    Keys(ServiceArguments),
    /// Bring the shards of another Rekor here, before this log takes entries of its own: with their indexes, UUIDs,
    /// promises and attestations. An import that was interrupted goes on where it was.
    Import(Box<import::Import>),
    /// Find entries by image, digest, identity, issuer, repository, key and time, over all shards.
    Search(Box<search::Search>),
}

#[derive(Debug, Args)]
struct CtArguments {
    #[command(flatten)]
    service: ServiceArguments,
    #[command(subcommand)]
    command: Option<CtCommand>,
}

#[derive(Debug, Subcommand)]
enum CtCommand {
    /// Re-derive every leaf hash, tile and root from the stored entries, and compare them with what was signed; fails on
    /// any difference.
    Audit(audit::Audit),
}

#[derive(Debug, Args)]
struct TrustArguments {
    #[command(flatten)]
    service: ServiceArguments,
    #[command(subcommand)]
    command: Option<trust::TrustCommand>,
}

/// The data directory of `sigstead up`.
#[derive(Debug, Args)]
pub(crate) struct DataArguments {
    /// The data directory of `sigstead up`.
    #[arg(long, env = "SIGSTEAD_DATA", default_value = "sigstead-data")]
    data: PathBuf,
}

impl Cli {
    /// Runs the command; the exit code says how it went.
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        use service::{Service, start};

        match self.command {
            Command::Up(up) => up.run().await,
            Command::Init(init) => init.run().await,
            Command::Ca(CaArguments { service, command: None }) => start(Service::Ca, &service).await,
            Command::Ca(CaArguments { command: Some(CaCommand::Audit(audit)), .. }) => audit.run().await,
            Command::Ca(CaArguments { command: Some(CaCommand::Reconcile(reconcile)), .. }) => {
                reconcile.run().await
            }
            Command::Ca(CaArguments { command: Some(CaCommand::Policy(policy)), .. }) => {
                Ok(policy.run().await)
            }
            Command::Ca(CaArguments { command: Some(CaCommand::Authority(command)), .. }) => {
                command.run(Role::Ca).await
            }
            Command::Tsa(TsaArguments { service, command: None }) => start(Service::Tsa, &service).await,
            Command::Tsa(TsaArguments { command: Some(command), .. }) => command.run(Role::Tsa).await,
            Command::Trust(TrustArguments { service, command: None }) => {
                start(Service::Trust, &service).await
            }
            Command::Trust(TrustArguments { command: Some(command), .. }) => command.run().await,
            Command::Log(LogArguments { service, command: None }) => start(Service::Log, &service).await,
            Command::Log(LogArguments { command: Some(LogCommand::Audit(audit)), .. }) => {
                audit.run(&[TreeKind::RekorV1, TreeKind::RekorV2]).await
            }
            Command::Log(LogArguments { command: Some(LogCommand::Rotate(arguments)), .. }) => {
                rotate::rotate(&arguments).await
            }
            Command::Log(LogArguments { command: Some(LogCommand::FreezeV2(arguments)), .. }) => {
                rotate::freeze_v2(&arguments).await
            }
            Command::Log(LogArguments { command: Some(LogCommand::Keys(arguments)), .. }) => {
                keys::keys(&arguments).await
            }
            Command::Log(LogArguments { command: Some(LogCommand::Import(import)), .. }) => {
                import.run().await
            }
            Command::Log(LogArguments { command: Some(LogCommand::Search(search)), .. }) => {
                search.run().await
            }
            Command::Ct(CtArguments { service, command: None }) => start(Service::Ct, &service).await,
            Command::Ct(CtArguments { command: Some(CtCommand::Audit(audit)), .. }) => {
                audit.run(&[TreeKind::Ct]).await
            }
            Command::Token(token) => token.run().await,
            Command::Client(client) => client.run(),
            Command::Health(arguments) => health::health(&arguments).await,
            Command::Doctor(doctor) => doctor.run().await,
            Command::Config(command) => command.run().await,
            Command::Db(command) => command.run().await,
            Command::Backup(backup) => backup.run().await,
            Command::Restore(restore) => restore.run().await,
        }
    }
}
