use std::sync::Arc;
use std::time::Duration;

use sigstead_clock::Clock;
use sigstead_crypto::Signer;
use sigstead_identity::{Principal, Providers, TokenError};
use sigstead_serve::Tasks;
use sigstead_store::Database;
use sigstead_x509::{Certificate, ChainError, ChainRules, Purpose, validate_chain, validate_key};
use thiserror::Error;

use crate::audit_trail::AuditTrail;
use crate::ct_logs::{CtConfig, CtLogs};
use crate::error::Error as ApiError;
use crate::issue::{Promises, Signed};
use crate::policy::ClientAlgorithms;
use crate::possession::KeyProof;

/// Certifies keys for identities.
#[derive(Debug)]
pub struct CertificateAuthority {
    pub(crate) providers: Arc<Providers>,
    pub(crate) issuer: IssuingCa,
    pub(crate) ct: Option<CtLogs>,
    pub(crate) trail: AuditTrail,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) lifetime: Duration,
    client_algorithms: ClientAlgorithms,
}

/// The key that signs certificates, and the chain over it.
#[derive(Debug)]
pub struct IssuingCa {
    /// The key of the chain's first certificate.
    pub signer: Arc<dyn Signer>,
    /// The issuing certificate first, its root last.
    pub chain: Vec<Certificate>,
}

/// What an authority is made of.
#[derive(Debug)]
pub struct CaConfig {
    /// Who is trusted to say who somebody is.
    pub providers: Arc<Providers>,
    /// What signs.
    pub issuer: IssuingCa,
    /// Where certificates are logged; without it they come without an SCT.
    pub ct: Option<CtConfig>,
    /// The audit trail.
    pub database: Database,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How long certificates are valid.
    pub lifetime: Duration,
}

/// Why an authority cannot start; an operator configured it.
#[derive(Debug, Error)]
pub enum StartError {
    /// The chain, or the key under it.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A client for a CT log cannot be made.
    #[error("the client for a CT log: {0}")]
    Client(#[from] reqwest::Error),
}

impl CertificateAuthority {
    /// Checks chain and key, and starts the audit trail among `tasks`.
    ///
    /// # Errors
    /// With the rule of the chain that is not met.
    pub fn new(config: CaConfig, tasks: &Tasks) -> Result<Self, StartError> {
        let CaConfig { providers, issuer, ct, database, clock, lifetime } = config;
        let at = i64::try_from(clock.now().seconds()).unwrap_or(i64::MAX);
        validate_chain(&issuer.chain, ChainRules { purpose: Purpose::CodeSigningAuthority, at })?;
        validate_key(&issuer.chain, issuer.signer.public_key())?;
        let ct = ct.map(|ct| CtLogs::new(ct, &clock)).transpose()?;
        let client_algorithms = ClientAlgorithms::default();
        let trail = AuditTrail::start(database, tasks);
        Ok(Self { providers, issuer, ct, trail, clock, lifetime, client_algorithms })
    }

    /// The same authority, for these kinds of key only.
    #[must_use]
    pub fn allowing(self, client_algorithms: ClientAlgorithms) -> Self {
        Self { client_algorithms, ..self }
    }

    /// Who the token speaks for. Why a token is refused goes to the log; the client learns the reason's name.
    pub(crate) async fn authenticate(&self, token: &str) -> Result<Principal, ApiError> {
        self.providers.authenticate(token).await.map_err(|error| {
            tracing::info!(%error, "an identity token was refused");
            match error {
                TokenError::IssuerUnavailable { .. } => ApiError::IdentityProvider(error.reason()),
                _ => ApiError::Token(error.reason()),
            }
        })
    }

    /// A certificate for a key, if the client proves to have it.
    pub(crate) async fn certify(&self, principal: &Principal, proof: KeyProof) -> Result<Issued, ApiError> {
        let key = proof.check(principal, &self.client_algorithms)?;
        let Signed { certificate, promises } = self.issue(principal, key).await?;
        metrics::counter!("fulcio_new_certs").increment(1);
        tracing::info!(
            serial = ?certificate,
            name = principal.name.value(),
            issuer = principal.issuer,
            "a certificate was issued"
        );
        let chain = std::iter::once(certificate).chain(self.issuer.chain.iter().cloned()).collect();
        Ok(Issued { chain, promises })
    }
}

/// What a client gets.
pub(crate) struct Issued {
    /// The certificate, then the authority's chain.
    pub(crate) chain: Vec<Certificate>,
    /// What CT logs promised for it.
    pub(crate) promises: Promises,
}
