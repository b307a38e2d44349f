//! sigstead: a self-hosted Sigstore in one binary.
//!
//! In scope: the command line, the configuration, and wiring the services together.
//! Out of scope: every service's behaviour (`ca`, `tsa`, `log`, `ct`, `trust`).

mod cli;
mod config;
mod console;
mod data_dir;
mod dev_issuer;
mod logging;
mod provision;
mod role;
mod shutdown;
#[cfg(feature = "otlp")]
mod traces;
mod wire;

use std::process::ExitCode;

use clap::Parser as _;
use mimalloc::MiMalloc;

/// Requests are many small allocations, made on one thread and freed on another: with the system's allocator they took
/// an eighth of the time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let arguments = cli::Cli::parse();
    // The first caller decides; nobody else in this process installs one.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match logging::start(&arguments).and_then(|_logging| run(arguments)) {
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
