use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;

use super::{Role, now, rfc3339, time};
use crate::cli::ServiceArguments;
use crate::config::{AuthoritiesFile, Config};
use crate::console;
use crate::wire::{self, NamedAuthority};

/// `sigstead ca|tsa retire`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Retire {
    #[command(flatten)]
    service: ServiceArguments,
    /// Which one, by its name in `list`.
    name: String,
    /// Its last moment, as 2026-01-31T12:00:00Z; now if left out. What it signed later does not count: a time in the
    /// past is for a key that was stolen.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Others have its key: also take its chain out of the PEM files, by which clients cannot tell when something was
    /// signed. With them, what it signed before does not verify any more either.
    #[arg(long)]
    stolen: bool,
    /// Also if nothing is left that signs.
    #[arg(long)]
    leave_none: bool,
}

impl Retire {
    pub(super) fn run(self, role: Role) -> anyhow::Result<ExitCode> {
        let config = Config::load(&self.service.config, &self.service.overrides)?;
        let file = role.file(&config)?;
        let mut authorities = AuthoritiesFile::load(&file)?;
        let at = self.at.as_deref().map_or_else(|| Ok(now()), time)?;
        let end = at.max(now());
        if !self.leave_none && self.leaves_none(&wire::authorities(&role.source(&config)?)?, end) {
            bail!(
                "without {} nothing signs after {}\n  hint: `init` and `import` the next one first, with --since at that time at the latest, or say --leave-none",
                self.name,
                rfc3339(end)
            );
        }
        let retired = authorities.authority.iter_mut().find(|one| one.name == self.name);
        let retired =
            retired.with_context(|| format!("{} has no authority {}", file.display(), self.name))?;
        retired.until = Some(rfc3339(at));
        retired.stolen |= self.stolen;
        authorities.save(&file)?;
        console::line(format_args!(
            "{} ends at {}; running services and the trust root follow",
            self.name,
            rfc3339(at)
        ));
        Ok(ExitCode::SUCCESS)
    }

    /// Whether those whom it signs for at `end` have no other one then: one that is only announced, and one for some
    /// other tokens, does not help them.
    fn leaves_none(&self, all: &[NamedAuthority], end: i64) -> bool {
        let signs = |one: &&NamedAuthority| one.key.is_some() && one.term.signs(&one.chain, end);
        let (retired, others): (Vec<_>, Vec<_>) =
            all.iter().filter(signs).partition(|one| one.name == self.name);
        let is_replaced = |retired: &NamedAuthority| {
            let fits = |issuers: &[String]| issuers.is_empty() || issuers == retired.token_issuers;
            others.iter().any(|other| fits(&other.token_issuers))
        };
        !retired.into_iter().all(is_replaced)
    }
}
