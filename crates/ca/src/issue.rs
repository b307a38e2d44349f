use std::time::Duration;

use sigstead_identity::Principal;
use sigstead_store::{Intent, Issuance, IssuanceOutcome};
use sigstead_x509::authority::serial;
use sigstead_x509::build::{sign_certificate, unsigned_certificate};
use sigstead_x509::{Certificate, Sct, sct};
use tracing::Instrument as _;

use crate::CertificateAuthority;
use crate::added_chain::AddedChain;
use crate::ct_client::Submission;
use crate::ct_logs::{CtLogs, SctDelivery};
use crate::error::Error;
use crate::issuing::IssuingCa;
use crate::lint::{lint, lint_signed};
use crate::policy::{Denial, PolicyRequest};
use crate::possession::PossessedKey;
use crate::profile::{Form, Profile};

/// A certificate, and what CT logs promised for it.
pub(crate) struct Signed {
    pub(crate) certificate: Certificate,
    pub(crate) promises: Promises,
}

/// What CT logs promised for a certificate, every promise checked, and where it is.
pub(crate) enum Promises {
    /// There is no log.
    None,
    /// In the certificate.
    Embedded(Vec<Sct>),
    /// Beside it.
    Detached(Vec<Sct>),
}

impl Promises {
    fn scts(&self) -> &[Sct] {
        match self {
            Self::None => &[],
            Self::Embedded(scts) | Self::Detached(scts) => scts,
        }
    }

    /// The promise beside the certificate, in JSON as the log gave it.
    pub(crate) fn detached(&self) -> Option<String> {
        match self {
            Self::Detached(scts) => scts.first().map(AddedChain::json),
            Self::None | Self::Embedded(_) => None,
        }
    }
}

impl CertificateAuthority {
    /// Issues one certificate. The order is what makes it accountable: whatever is signed was intended in
    /// the audit trail, and whatever leaves was logged, promised and recorded.
    pub(crate) async fn issue(
        &self,
        issuing: &IssuingCa,
        principal: &Principal,
        key: PossessedKey,
    ) -> Result<Signed, Error> {
        // 1. Ask the policy, and decide every field. Nothing is signed yet; if we die, nothing happened.
        let allowed = self.ask_policy(principal, &key);
        let lifetime = *allowed.as_ref().unwrap_or(&self.lifetime);
        let profile = self.profile(issuing, principal, &key, lifetime)?;
        let intent = self.intent(principal, &key, &profile);
        if let Err(denial) = allowed {
            return Err(self.deny(intent, denial).await);
        }
        // 2. Record the intent. If we die from here on, the trail shows a serial number without an outcome.
        self.trail.intend(intent).await?;
        // 3. Log and sign. If we die in it, the log shows that we meant to issue.
        let signed = self.sign(issuing, &profile).await;
        // 4. Record the outcome. If this fails, the certificate does not leave.
        let outcome = match &signed {
            Ok(signed) => IssuanceOutcome::Issued {
                certificate: signed.certificate.der().to_vec(),
                scts: sct::encode_list(signed.promises.scts()),
            },
            Err(error) => IssuanceOutcome::Failed(format!("{error:?}")),
        };
        let (serial, at_ms) = (profile.serial.to_vec(), self.clock.now().millis());
        self.trail.conclude(Issuance { serial, at_ms, outcome }).await?;
        signed
    }

    /// How long the certificate may be valid, if the policy allows it.
    fn ask_policy(&self, principal: &Principal, key: &PossessedKey) -> Result<Duration, Denial> {
        let request = PolicyRequest { principal, key_algorithm: key.algorithm() };
        self.policy.load().decide(request).lifetime(self.lifetime)
    }

    /// Records what was not allowed, under a serial number that no certificate will have. Only then the client is told.
    async fn deny(&self, intent: Intent, denial: Denial) -> Error {
        let outcome = IssuanceOutcome::Denied(denial.reason.clone());
        let (serial, at_ms) = (intent.serial.clone(), intent.at_ms);
        tracing::info!(
            name = intent.san,
            issuer = intent.issuer,
            reason = denial.reason,
            "a certificate was denied"
        );
        match self.trail.deny(intent, Issuance { serial, at_ms, outcome }).await {
            Ok(()) => {
                metrics::counter!("sigstead_ca_denials_total").increment(1);
                Error::Denied(denial)
            }
            Err(error) => error,
        }
    }

    async fn sign(&self, issuing: &IssuingCa, profile: &Profile<'_>) -> Result<Signed, Error> {
        match self.ct.as_ref().map(|ct| (ct, ct.delivery)) {
            None => {
                let certificate = sign_linted(issuing, profile, Form::Plain).await?;
                Ok(Signed { certificate, promises: Promises::None })
            }
            Some((ct, SctDelivery::Embedded)) => sign_with_scts(ct, issuing, profile).await,
            Some((ct, SctDelivery::Detached)) => {
                // It exists before it is logged, but stays here until a log has promised for it.
                let certificate = sign_linted(issuing, profile, Form::Plain).await?;
                let submission = Submission::certificate(&certificate, &issuing.chain);
                let promises = Promises::Detached(ct.promises(&submission).await?);
                Ok(Signed { certificate, promises })
            }
        }
    }

    fn profile<'a>(
        &self,
        issuing: &'a IssuingCa,
        principal: &'a Principal,
        key: &'a PossessedKey,
        lifetime: Duration,
    ) -> Result<Profile<'a>, Error> {
        let issuer = issuing.chain.first().ok_or(Error::AuthorityExpired)?;
        let now = self.now();
        // No certificate outlives what signed it.
        let last = issuing.term.last(&issuing.chain).unwrap_or(now);
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let validity = (now, now.saturating_add(lifetime).min(last));
        let signed_by = (issuer, issuing.signer.algorithm());
        Ok(Profile::new(serial(now)?, validity, signed_by, key.public_key(), principal)?)
    }

    fn intent(&self, principal: &Principal, key: &PossessedKey, profile: &Profile<'_>) -> Intent {
        Intent {
            serial: profile.serial.to_vec(),
            at_ms: self.clock.now().millis(),
            issuer: principal.issuer.clone(),
            subject: principal.subject.clone(),
            san: principal.name.value(),
            claims: claims(principal),
            key_fingerprint: key.public_key().fingerprint(),
            not_before: profile.not_before,
            not_after: profile.not_after,
        }
    }
}

async fn sign_with_scts(ct: &CtLogs, issuing: &IssuingCa, profile: &Profile<'_>) -> Result<Signed, Error> {
    // 1. Have the precertificate logged.
    let precertificate = sign_linted(issuing, profile, Form::Precertificate).await?;
    let submission = Submission::precertificate(&precertificate, &issuing.chain)?;
    let scts = ct.promises(&submission).instrument(tracing::info_span!("log")).await?;
    // 2. Sign the certificate, with the logs' promises inside. It must be what they promised for.
    let form = Form::WithScts { scts: &scts, precertificate: &precertificate };
    let certificate = sign_linted(issuing, profile, form).await?;
    Ok(Signed { certificate, promises: Promises::Embedded(scts) })
}

/// Nothing is signed that breaks a rule of the profile; and what was signed must be what met the rules.
async fn sign_linted(
    issuing: &IssuingCa,
    profile: &Profile<'_>,
    form: Form<'_>,
) -> Result<Certificate, Error> {
    let tbs = profile.tbs(form)?;
    lint(&unsigned_certificate(&tbs, profile.algorithm)?, profile, form)?;
    let sign = tracing::info_span!("sign");
    let certificate = sign_certificate(&tbs, issuing.signer.as_ref()).instrument(sign).await?;
    lint_signed(&certificate, &tbs)?;
    Ok(certificate)
}

/// The token's claims; JSON can hold U+0000 and Postgres' text cannot, so that it stays escaped.
fn claims(principal: &Principal) -> String {
    serde_json::Value::Object(principal.claims.clone()).to_string()
}
