use serde::Serialize;
use sigstead_crypto::sha256;
use sigstead_ct::LoggedCertificate;
use sigstead_store::{Database, Issuance, IssuanceOutcome, IssuanceQuery, RecordedIssuance, StoreError};
use sigstead_x509::Certificate;

/// Octets of the serial numbers that this CA gives (RFC 5280 §4.1.2.2), as the trail has them.
const SERIAL: usize = 20;

/// What the audit trail knows of a certificate that was logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Known {
    /// It was issued.
    Issued,
    /// Its precertificate was logged; the certificate was not made, or is being made.
    NotConcluded,
    /// Another certificate has its serial number.
    Differs,
    /// Nothing.
    Unknown,
}

impl Known {
    /// Whether this CA logged it.
    pub(super) const fn is_ours(self) -> bool {
        matches!(self, Self::Issued | Self::NotConcluded)
    }

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::NotConcluded => "not concluded",
            Self::Differs => "DIFFERS",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// Looks a logged certificate up.
pub(super) async fn look_up(database: &Database, logged: &LoggedCertificate) -> Result<Known, StoreError> {
    let serial = logged.certificate.serial();
    let Some(missing) = SERIAL.checked_sub(serial.len()) else { return Ok(Known::Unknown) };
    let serial = [vec![0; missing], serial.to_vec()].concat();
    let query = IssuanceQuery { serial: Some(serial), ..IssuanceQuery::default() };
    let found = database.issuances(&query, 1).await?;
    Ok(found.first().map_or(Known::Unknown, |recorded| compare(recorded, logged)))
}

/// A thief may take a serial number that was given, so the rest must agree too.
fn compare(recorded: &RecordedIssuance, logged: &LoggedCertificate) -> Known {
    let RecordedIssuance { intent, issuance } = recorded;
    match issuance {
        Some(Issuance { outcome: IssuanceOutcome::Issued { certificate, .. }, .. }) => {
            let is_it = Certificate::from_der(certificate).is_ok_and(|issued| logged.is_of(&issued));
            if is_it { Known::Issued } else { Known::Differs }
        }
        Some(Issuance { outcome: IssuanceOutcome::Denied(_), .. }) => Known::Differs,
        Some(Issuance { outcome: IssuanceOutcome::Failed(_), .. }) | None => {
            let names = logged.certificate.subject_alternative_names();
            let is_it = names.iter().any(|name| name.value() == intent.san)
                && sha256(logged.certificate.spki_der()) == intent.key_fingerprint;
            if is_it { Known::NotConcluded } else { Known::Differs }
        }
    }
}
