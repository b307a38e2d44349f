use std::path::PathBuf;

use clap::Args;

use crate::config::CallConfig;

/// How a command reaches services over TLS.
#[derive(Debug, Args)]
pub(super) struct CallArguments {
    /// A PEM file with the authorities of the services' TLS certificates, instead of the system's.
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// A certificate to show to services that ask for one, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// That certificate's key.
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
}

impl CallArguments {
    /// As the configuration of a service has it.
    pub(super) fn config(&self) -> CallConfig {
        let identity = self.tls_certificate.clone().zip(self.tls_key.clone());
        CallConfig { ca: self.tls_ca.clone(), identity }
    }
}
