use sigstead_identity::Principal;
use sigstead_store::{Intent, Issuance, IssuanceOutcome};
use sigstead_x509::authority::serial;
use sigstead_x509::build::sign_certificate;
use sigstead_x509::precertificate::{poison, tbs_without_poison, tbs_without_scts};
use sigstead_x509::{Certificate, Sct, sct};

use crate::CertificateAuthority;
use crate::ct_client::CtClient;
use crate::error::Error;
use crate::possession::PossessedKey;
use crate::profile::Profile;

impl CertificateAuthority {
    /// Issues one certificate. The order is what makes it accountable: whatever is signed was intended in
    /// the audit trail, and whatever leaves was logged, promised and recorded.
    pub(crate) async fn issue(&self, principal: &Principal, key: PossessedKey) -> Result<Certificate, Error> {
        // 1. Decide every field. Nothing is signed yet; if we die, nothing happened.
        let profile = self.profile(principal, &key)?;
        // 2. Record the intent. If we die from here on, the trail shows a serial number without an outcome.
        self.trail.intend(self.intent(principal, &key, &profile)).await?;
        // 3. Log and sign. If we die in it, the log shows that we meant to issue.
        let signed = self.sign(&profile).await;
        // 4. Record the outcome. If this fails, the certificate does not leave.
        let outcome = match &signed {
            Ok(certificate) => IssuanceOutcome::Issued {
                certificate: certificate.der().to_vec(),
                scts: sct::list_of(certificate).map_or_else(Vec::new, |scts| sct::encode_list(&scts)),
            },
            Err(error) => IssuanceOutcome::Failed(format!("{error:?}")),
        };
        let (serial, at_ms) = (profile.serial.to_vec(), self.clock.now().millis());
        self.trail.conclude(Issuance { serial, at_ms, outcome }).await?;
        signed
    }

    async fn sign(&self, profile: &Profile<'_>) -> Result<Certificate, Error> {
        // 1. Have the precertificate logged.
        let logged = match &self.ct {
            Some(ct) => Some(self.log_precertificate(ct, profile).await?),
            None => None,
        };
        // 2. Sign the certificate, with the log's promise inside.
        let last = logged.as_ref().map(|(_, promise)| sct::list_extension(std::slice::from_ref(promise)));
        let certificate = sign_certificate(&profile.tbs(last)?, self.issuer.signer.as_ref()).await?;
        // 3. Compare: what the log promised for must be what leaves, but for the promise itself.
        if let Some((precertificate, _)) = &logged {
            check_correspondence(precertificate, &certificate)?;
        }
        Ok(certificate)
    }

    fn profile<'a>(&'a self, principal: &Principal, key: &'a PossessedKey) -> Result<Profile<'a>, Error> {
        let issuer = self.issuer.chain.first().ok_or(Error::AuthorityExpired)?;
        let now = i64::try_from(self.clock.now().seconds()).unwrap_or(i64::MAX);
        if !self.issuer.chain.iter().all(|certificate| certificate.is_valid_at(now)) {
            return Err(Error::AuthorityExpired);
        }
        // No certificate outlives what signed it.
        let last = self.issuer.chain.iter().map(Certificate::not_after).min().unwrap_or(now);
        let lifetime = i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX);
        let validity = (now, now.saturating_add(lifetime).min(last));
        let signed_by = (issuer, self.issuer.signer.algorithm());
        Ok(Profile::new(serial()?, validity, signed_by, key.public_key(), principal)?)
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

    async fn log_precertificate(
        &self,
        ct: &CtClient,
        profile: &Profile<'_>,
    ) -> Result<(Certificate, Sct), Error> {
        let precertificate =
            sign_certificate(&profile.tbs(Some(poison()))?, self.issuer.signer.as_ref()).await?;
        let promise = ct.add_precertificate(&precertificate, &self.issuer.chain).await?;
        Ok((precertificate, promise))
    }
}

/// The token's claims; JSON can hold U+0000 and Postgres' text cannot, so that it stays escaped.
fn claims(principal: &Principal) -> String {
    serde_json::Value::Object(principal.claims.clone()).to_string()
}

fn check_correspondence(precertificate: &Certificate, certificate: &Certificate) -> Result<(), Error> {
    if tbs_without_poison(precertificate)? == tbs_without_scts(certificate)? {
        Ok(())
    } else {
        Err(Error::Backend("the certificate is not what was logged".to_owned()))
    }
}
