use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use sigstead_clock::{Clock as _, SystemClock};

use super::ServiceArguments;
use crate::config::Config;
use crate::{console, wire};

/// `sigstead config …`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Read the configuration and every file it names; says what is wrong, and where.
    Check(ServiceArguments),
}

impl ConfigCommand {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Check(arguments) = self;
        let config = Config::load(&arguments.config, &arguments.overrides)?;
        let now = SystemClock.now().unix_seconds();
        let checks = [
            ("database", config.database().map(drop)),
            ("postgres", config.database_options().and_then(|_| config.replica()).map(drop)),
            ("ca", wire::check_ca(&config, now).await),
            ("tsa", wire::check_tsa(&config, now).await),
            ("log", wire::check_log(&config).await),
            ("log_v2", wire::check_log_v2(&config).await),
            ("witnesses", wire::check_witnessing(&config).await),
            ("ct", wire::check_ct(&config).await),
            ("limits", wire::limits(&config, "log").map(drop)),
            ("trees", config.trees().map(drop)),
            ("trust", config.trust().and_then(|trust| wire::trust_documents(&trust).map(drop))),
            ("trust.tuf", wire::check_tuf(&config).await),
        ];
        let listeners = ["admin", "ca", "tsa", "log", "ct", "trust"].map(|section| {
            let tls = wire::tls(&config, section, Arc::new(SystemClock));
            (section, tls.map(drop))
        });
        // What a listener's TLS lacks is told with its section.
        let checks = checks.into_iter().chain(listeners.into_iter().filter(|(_, tls)| tls.is_err()));
        let mut code = ExitCode::SUCCESS;
        for (section, result) in checks {
            match result {
                Ok(()) => console::line(format_args!("{section}: ok")),
                Err(error) => {
                    console::line(format_args!("{section}: {error:#}"));
                    code = ExitCode::FAILURE;
                }
            }
        }
        Ok(code)
    }
}
