use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use sigstead_clock::Clock;
use sigstead_identity::{Principal, Providers, TokenError};
use sigstead_serve::{Rate, RateLimiter, Tasks};
use sigstead_store::Database;
use sigstead_x509::{Certificate, ChainError};
use thiserror::Error;

use crate::audit_trail::AuditTrail;
use crate::client_algorithms::ClientAlgorithms;
use crate::ct_logs::{CtConfig, CtLogs};
use crate::error::Error as ApiError;
use crate::issue::{Promises, Signed};
use crate::issuing::{IssuingCa, IssuingCas};
use crate::policy::CurrentPolicy;
use crate::possession::KeyProof;

/// Certifies keys for identities.
#[derive(Debug)]
pub struct CertificateAuthority {
    pub(crate) providers: Arc<Providers>,
    issuing: ArcSwap<IssuingCas>,
    pub(crate) ct: Option<CtLogs>,
    pub(crate) trail: AuditTrail,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) lifetime: Duration,
    pub(crate) policy: Arc<CurrentPolicy>,
    client_algorithms: ClientAlgorithms,
    identities: Option<RateLimiter>,
}

/// What an authority is made of.
#[derive(Debug)]
pub struct CaConfig {
    /// Who is trusted to say who somebody is.
    pub providers: Arc<Providers>,
    /// What signs, and what signed and will sign.
    pub issuing: Vec<IssuingCa>,
    /// Where certificates are logged; without it they come without an SCT.
    pub ct: Option<CtConfig>,
    /// The audit trail.
    pub database: Database,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How long certificates are valid, unless the policy says less.
    pub lifetime: Duration,
}

/// Why an authority cannot start; an operator configured it.
#[derive(Debug, Error)]
pub enum StartError {
    /// The chain, or the key under it.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// Every authority has ended.
    #[error("no issuing certificate signs now or later")]
    NoneSigns,
    /// A client for a CT log cannot be made.
    #[error("the client for a CT log: {0}")]
    Client(#[from] reqwest::Error),
}

impl CertificateAuthority {
    /// Checks chains and keys, and starts the audit trail among `tasks`.
    ///
    /// # Errors
    /// With the rule of a chain that is not met.
    pub fn new(config: CaConfig, tasks: &Tasks) -> Result<Self, StartError> {
        let CaConfig { providers, issuing, ct, database, clock, lifetime } = config;
        let issuing = ArcSwap::from_pointee(IssuingCas::new(issuing, clock.now().unix_seconds())?);
        let ct = ct.map(|ct| CtLogs::new(ct, &clock)).transpose()?;
        let client_algorithms = ClientAlgorithms::default();
        let trail = AuditTrail::start(database, tasks);
        let policy = Arc::default();
        Ok(Self {
            providers,
            issuing,
            ct,
            trail,
            clock,
            lifetime,
            policy,
            client_algorithms,
            identities: None,
        })
    }

    /// The same authority, for these kinds of key only.
    #[must_use]
    pub fn allowing(self, client_algorithms: ClientAlgorithms) -> Self {
        Self { client_algorithms, ..self }
    }

    /// The same authority, under a policy. Without one it certifies everybody whom the identity providers name.
    #[must_use]
    pub fn under(self, policy: Arc<CurrentPolicy>) -> Self {
        Self { policy, ..self }
    }

    /// The same authority, which certifies so much for each identity: a subject of an identity provider.
    #[must_use]
    pub fn limited(self, rate: Option<Rate>) -> Self {
        Self { identities: rate.map(RateLimiter::new), ..self }
    }

    /// Whether an authority could start with these at `now`, in Unix seconds.
    ///
    /// # Errors
    /// With the rule of a chain that is not met.
    pub fn check(issuing: Vec<IssuingCa>, now: i64) -> Result<(), StartError> {
        IssuingCas::new(issuing, now).map(drop)
    }

    /// Signs with these from now on, or with none if all have ended: the last key may have been stolen. Requests that are
    /// being answered end with what they began with.
    ///
    /// # Errors
    /// With the rule of a chain that is not met; then everything stays as it was.
    pub fn replace(&self, issuing: Vec<IssuingCa>) -> Result<(), StartError> {
        let issuing = match IssuingCas::new(issuing, self.now()) {
            Err(StartError::NoneSigns) => IssuingCas::default(),
            issuing => issuing?,
        };
        self.issuing.store(Arc::new(issuing));
        Ok(())
    }

    /// Reaches CT logs in this way from now on: whose certificates are believed, which one is shown.
    ///
    /// # Errors
    /// When no client can be made of it; then everything stays as it was.
    pub fn reach_ct_logs_by(&self, http: reqwest::ClientBuilder) -> Result<(), StartError> {
        self.ct.as_ref().map_or(Ok(()), |ct| Ok(ct.reach_by(http)?))
    }

    /// Whether any issuing certificate signs now; while none does, clients are refused.
    pub fn signs(&self) -> bool {
        self.issuing.load().current(self.now()).is_some()
    }

    /// What signs for tokens of this issuer now.
    pub(crate) fn issuing_for(&self, token_issuer: &str) -> Result<Arc<IssuingCa>, ApiError> {
        self.issuing.load().signing(token_issuer, self.now()).cloned().ok_or(ApiError::AuthorityExpired)
    }

    /// The chain over most certificates of now.
    pub(crate) fn chain(&self) -> Vec<Certificate> {
        self.issuing.load().current(self.now()).map(|ca| ca.chain.clone()).unwrap_or_default()
    }

    /// Every chain that certificates of now or later may have, that over most of them first.
    pub(crate) fn chains(&self) -> Vec<Vec<Certificate>> {
        self.issuing.load().chains(self.now()).into_iter().map(<[Certificate]>::to_vec).collect()
    }

    /// Unix seconds.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now().unix_seconds()
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

    /// Counts one more certificate of an identity.
    fn admit(&self, Principal { issuer, subject, .. }: &Principal) -> Result<(), ApiError> {
        let Some(identities) = &self.identities else { return Ok(()) };
        identities.admit((issuer, subject), Instant::now()).map_err(|wait| {
            metrics::counter!("sigstead_requests_limited_total", "listener" => "ca", "by" => "identity")
                .increment(1);
            tracing::info!(issuer, subject, "an identity wants too many certificates");
            ApiError::TooMany(wait)
        })
    }

    /// A certificate for a key, if the client proves to have it.
    pub(crate) async fn certify(&self, principal: &Principal, proof: KeyProof) -> Result<Issued, ApiError> {
        self.admit(principal)?;
        let key = proof.check(principal, &self.client_algorithms)?;
        let issuing = self.issuing_for(&principal.issuer)?;
        let Signed { certificate, promises } = self.issue(&issuing, principal, key).await?;
        metrics::counter!("fulcio_new_certs").increment(1);
        tracing::info!(
            serial = ?certificate,
            name = principal.name.value(),
            issuer = principal.issuer,
            "a certificate was issued"
        );
        let chain = std::iter::once(certificate).chain(issuing.chain.iter().cloned()).collect();
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
