use serde_json::{Map, Value};
use sigstead_x509::SubjectAlternativeName;

use crate::IssuerType;

/// Who a token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The issuer as the certificate names it.
    pub issuer: String,
    /// What the issuer's tokens are about.
    pub issuer_type: IssuerType,
    /// The token's subject.
    pub subject: String,
    /// What a proof of possession may be over.
    pub challenges: Vec<String>,
    /// The certificate's one name.
    pub name: SubjectAlternativeName,
    /// Fulcio's extensions `1.3.6.1.4.1.57264.1.N` by their number, in the order of encoding; empty values left out.
    pub extensions: Vec<(u8, String)>,
    /// Everything the token claims, for the policy and the audit trail.
    pub claims: Map<String, Value>,
}
