//! sigstead: a self-hosted Sigstore in one binary.
//!
//! In scope: the command line, the configuration, and wiring the services together.
//! Out of scope: every service's behaviour (`ca`, `tsa`, `log`, `ct`, `trust`).

mod cli;
mod config;
mod console;
mod data_dir;
mod dev_issuer;
mod provision;
mod shutdown;
mod wire;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let arguments = cli::Cli::parse();
    start_logging(&arguments);
    // The first caller decides; nobody else in this process installs one.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            console::note(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: cli::Cli) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(arguments.run())
}

/// Logs go to standard error: text for a terminal's reader, JSON for collectors.
fn start_logging(arguments: &cli::Cli) {
    let filter = tracing_subscriber::EnvFilter::try_new(&arguments.log_level)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match arguments.log_format {
        cli::LogFormat::Text => builder.init(),
        cli::LogFormat::Json => builder.json().init(),
    }
}
