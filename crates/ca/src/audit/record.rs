use serde::Serialize;
use serde_json::Value;
use sigstead_clock::Timestamp;
use sigstead_crypto::pem;
use sigstead_store::{Issuance, IssuanceOutcome, RecordedIssuance};
use sigstead_x509::{Certificate, Sct, sct};

/// A page of the audit trail, newest first.
#[derive(Debug, Serialize)]
pub struct AuditPage {
    /// What was found.
    pub issuances: Vec<AuditRecord>,
    /// Leads to the next page; without it this is the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// One issuance: who, on which claims, and what was decided.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRecord {
    /// When it was decided to issue.
    pub time: String,
    /// In hex.
    pub serial: String,
    /// `issued`, `failed`, `denied` by the policy, or `open`: in the making, or cut off.
    pub outcome: &'static str,
    /// Why it failed, or which rule denied it and why.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The identity provider.
    pub issuer: String,
    /// The token's subject.
    pub subject: String,
    /// The certificate's name.
    pub san: String,
    /// Everything the token claimed; the token itself is not kept.
    pub claims: Value,
    /// SHA-256 of the certified key's info, in hex.
    pub key_fingerprint: String,
    /// First second of validity.
    pub not_before: String,
    /// Last second of validity.
    pub not_after: String,
    /// When the outcome was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concluded: Option<String>,
    /// What the CT logs promised.
    pub scts: Vec<PromiseRecord>,
    /// The certificate in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// An SCT.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PromiseRecord {
    /// SHA-256 of the log's key info, in hex.
    log_id: String,
    /// Milliseconds since the Unix epoch, as the log signed them.
    timestamp: u64,
}

impl From<RecordedIssuance> for AuditRecord {
    fn from(RecordedIssuance { intent, issuance }: RecordedIssuance) -> Self {
        let concluded = issuance.as_ref().map(|issuance| time(issuance.at_ms));
        let mut record = Self {
            time: time(intent.at_ms),
            serial: hex::encode(&intent.serial),
            outcome: "open",
            reason: String::new(),
            issuer: intent.issuer,
            subject: intent.subject,
            san: intent.san,
            claims: serde_json::from_str(&intent.claims).unwrap_or_default(),
            key_fingerprint: hex::encode(intent.key_fingerprint),
            not_before: seconds(intent.not_before),
            not_after: seconds(intent.not_after),
            concluded,
            scts: Vec::new(),
            certificate: None,
        };
        match issuance {
            Some(Issuance { outcome: IssuanceOutcome::Issued { certificate, scts }, .. }) => {
                record.outcome = "issued";
                record.scts = promises(&certificate, &scts).iter().map(PromiseRecord::from).collect();
                record.certificate = Some(pem::encode("CERTIFICATE", &certificate));
            }
            Some(Issuance { outcome: IssuanceOutcome::Failed(reason), .. }) => {
                record.outcome = "failed";
                record.reason = reason;
            }
            Some(Issuance { outcome: IssuanceOutcome::Denied(reason), .. }) => {
                record.outcome = "denied";
                record.reason = reason;
            }
            None => {}
        }
        record
    }
}

impl From<&Sct> for PromiseRecord {
    fn from(sct: &Sct) -> Self {
        Self { log_id: hex::encode(sct.log_id), timestamp: sct.timestamp }
    }
}

/// Recorded beside the certificate, or, in older lines, in it alone.
fn promises(certificate: &[u8], recorded: &[u8]) -> Vec<Sct> {
    let embedded = || sct::list_of(&Certificate::from_der(certificate).ok()?);
    sct::decode_list(recorded).or_else(embedded).unwrap_or_default()
}

fn time(at_ms: u64) -> String {
    Timestamp::from_millis(at_ms).to_rfc3339()
}

fn seconds(unix: i64) -> String {
    Timestamp::from_unix_seconds(unix).to_rfc3339()
}
