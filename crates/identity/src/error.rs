use thiserror::Error;

/// Why a token is not believed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TokenError {
    /// Not a JWT.
    #[error("the token is malformed: {0}")]
    Malformed(&'static str),
    /// Longer than tokens are.
    #[error("the token is too long")]
    TooLong,
    /// Nobody configured this issuer.
    #[error("the issuer {issuer} is not trusted{hint}")]
    IssuerUnknown {
        /// Who.
        issuer: String,
        /// What the operator may have meant.
        hint: &'static str,
    },
    /// The issuer's keys cannot be had.
    #[error("the keys of {issuer} are not available: {why}")]
    IssuerUnavailable {
        /// Who.
        issuer: String,
        /// What went wrong.
        why: String,
    },
    /// An algorithm that the issuer does not announce, or that is never accepted.
    #[error("the token's signature algorithm is not accepted")]
    Algorithm,
    /// No key of the issuer verifies it.
    #[error("the token's signature does not verify")]
    Signature,
    /// For somebody else.
    #[error("the token is not for this audience")]
    Audience,
    /// Not valid any more.
    #[error("the token has expired")]
    Expired,
    /// Not valid yet.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// A claim that its type of identity needs.
    #[error("the claim {0} is missing or of the wrong type")]
    Claim(&'static str),
    /// A claim that a template of `ci-issuer-metadata` needs.
    #[error("the claim {0} is missing, or has no text for the provider's template")]
    TemplateClaim(String),
    /// The provider does not say that the address is its user's.
    #[error("the e-mail address is not verified")]
    EmailUnverified,
    /// A claim's value that is not allowed.
    #[error("the claim {claim} is not acceptable: {why}")]
    Value {
        /// Which.
        claim: &'static str,
        /// Why not.
        why: &'static str,
    },
}

impl TokenError {
    /// The reason as machines read it.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::TooLong => "MALFORMED",
            Self::IssuerUnknown { .. } => "ISSUER_UNKNOWN",
            Self::IssuerUnavailable { .. } => "ISSUER_UNAVAILABLE",
            Self::Algorithm => "ALGORITHM",
            Self::Signature => "SIGNATURE",
            Self::Audience => "AUDIENCE",
            Self::Expired => "EXPIRED",
            Self::NotYetValid => "NOT_YET_VALID",
            Self::Claim(_) | Self::TemplateClaim(_) => "CLAIM_MISSING",
            Self::EmailUnverified => "EMAIL_UNVERIFIED",
            Self::Value { .. } => "CLAIM_VALUE",
        }
    }
}
