use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;

use super::{Role, now, rfc3339, time};
use crate::cli::ServiceArguments;
use crate::config::{AuthoritiesFile, Config};
use crate::console;

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
        let signs = |name: &str, until: &Option<String>| {
            name != self.name
                && until.as_deref().is_none_or(|until| time(until).is_ok_and(|until| until > at))
        };
        let others = authorities.authority.iter().filter(|one| one.key.is_some());
        if !self.leave_none && !others.into_iter().any(|one| signs(&one.name, &one.until)) {
            bail!(
                "without {} nothing signs\n  hint: `init` and `import` the next one first, or say --leave-none",
                self.name
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
}
