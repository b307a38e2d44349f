//! `sigstead ca|tsa init|import|list|retire`: which keys and certificates a CA or TSA signs with, and when.

mod import;
mod init;
mod install;
mod list;
mod offline_root;
mod retire;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use sigstead_clock::{Clock as _, SystemClock, Timestamp};

use super::ServiceArguments;
use crate::config::{AuthoritiesSource, Config};
use crate::role::Role;

/// What looks after the certificates of a CA or TSA.
#[derive(Debug, Subcommand)]
pub(super) enum AuthorityCommand {
    /// Make a key where it belongs, and a signing request for the organization's own CA; or a certificate under a
    /// root that is kept offline.
    Init(init::Init),
    /// Check and install the chain that was made for a signing request.
    Import(import::Import),
    /// Show which authorities there are, and when each signs.
    List(ServiceArguments),
    /// End an authority: from then on nothing that it signs counts.
    Retire(retire::Retire),
}

impl AuthorityCommand {
    pub(super) async fn run(self, role: Role) -> anyhow::Result<ExitCode> {
        match self {
            Self::Init(init) => init.run(role).await,
            Self::Import(import) => import.run(role).await,
            Self::List(arguments) => list::list(role, &arguments),
            Self::Retire(retire) => retire.run(role),
        }
    }
}

impl Role {
    fn source(self, config: &Config) -> anyhow::Result<AuthoritiesSource> {
        match self {
            Self::Ca => config.ca_authorities(),
            Self::Tsa => config.tsa_authorities(),
        }
    }

    /// The file of authorities that the commands write.
    fn file(self, config: &Config) -> anyhow::Result<PathBuf> {
        match self.source(config)? {
            AuthoritiesSource::File(file) => Ok(file),
            AuthoritiesSource::One(..) => bail!(
                "{}: [{section}] names one key and chain, which no command changes\n  hint: write authorities = \"{section}-authorities.toml\" in their place",
                config.file().display(),
                section = self.section()
            ),
        }
    }
}

/// Now, in Unix seconds.
fn now() -> i64 {
    SystemClock.now().unix_seconds()
}

/// A time of the command line, in Unix seconds.
pub(super) fn time(text: &str) -> anyhow::Result<i64> {
    let time = Timestamp::from_rfc3339(text)
        .with_context(|| format!("{text} is no time; write 2026-01-31T12:00:00Z"))?;
    Ok(time.unix_seconds())
}

fn rfc3339(unix_seconds: i64) -> String {
    Timestamp::from_unix_seconds(unix_seconds).to_rfc3339()
}
