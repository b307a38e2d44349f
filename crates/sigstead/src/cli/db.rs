use std::process::ExitCode;

use clap::{Args, Subcommand};
use sigstead_store::{Database, Schema};

use super::ServiceArguments;
use crate::config::Config;
use crate::{console, wire};

/// `sigstead db …`.
#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Say which version of the schema the database has; fails if it is not this program's, or the database cannot be used.
    Status(ServiceArguments),
    /// Bring the schema up to date, while servers run; it only goes forward.
    Migrate(Migrate),
}

/// `sigstead db migrate`.
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    #[command(flatten)]
    service: ServiceArguments,
    /// Print the statements, and run none of them.
    #[arg(long)]
    dry_run: bool,
}

impl DbCommand {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Status(arguments) => status(&connect(&arguments).await?).await,
            Self::Migrate(Migrate { service, dry_run }) => migrate(&connect(&service).await?, dry_run).await,
        }
    }
}

async fn connect(arguments: &ServiceArguments) -> anyhow::Result<Database> {
    wire::connect_database(&Config::load(&arguments.config, &arguments.overrides)?).await
}

async fn status(database: &Database) -> anyhow::Result<ExitCode> {
    let Schema { version, pending, unknown } = database.schema().await?;
    console::line(format_args!("the database's schema is of version {version}"));
    for step in &pending {
        console::line(format_args!("missing: {} ({})", step.version, step.description));
    }
    for version in &unknown {
        console::line(format_args!("of a newer program: {version}"));
    }
    if pending.is_empty() && unknown.is_empty() {
        console::line("it is what this program wants");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

async fn migrate(database: &Database, dry_run: bool) -> anyhow::Result<ExitCode> {
    let before = database.schema().await?;
    for step in &before.pending {
        console::line(format_args!("-- {} ({})", step.version, step.description));
        if dry_run {
            console::line(step.sql.trim_end());
        }
    }
    if dry_run || before.pending.is_empty() {
        console::line(format_args!("-- {} steps from version {}", before.pending.len(), before.version));
        return Ok(ExitCode::SUCCESS);
    }
    wire::migrate(database).await?;
    let after = database.schema().await?.version;
    console::line(format_args!("-- the schema went from version {} to {after}", before.version));
    Ok(ExitCode::SUCCESS)
}
