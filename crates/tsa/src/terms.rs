use const_oid::ObjectIdentifier;

/// What requests may ask for, and what answers carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The policy of tokens whose request names none.
    pub default_policy: ObjectIdentifier,
    /// Further policies that requests may name.
    pub accepted_policies: Vec<ObjectIdentifier>,
    /// Whether requests may have extensions, which their tokens repeat; otherwise such a request is refused.
    pub takes_extensions: bool,
    /// Whether a request for the certificate gets the whole chain.
    pub sends_chain: bool,
    /// How a request in DER is refused.
    pub refusals: Refusals,
}

/// How a request in DER is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Refusals {
    /// With an HTTP status and a reason in JSON, as sigstore's authority does and its clients show.
    #[default]
    Http,
    /// With status 200 and a TimeStampResp that has no token but the reason (RFC 3161 §2.4.2).
    Rfc3161,
}

/// Sigstore's policy for timestamps.
const SIGSTORE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.2");

impl Default for Terms {
    fn default() -> Self {
        Self {
            default_policy: SIGSTORE,
            accepted_policies: Vec::new(),
            takes_extensions: false,
            sends_chain: false,
            refusals: Refusals::Http,
        }
    }
}

impl Terms {
    /// The policy of a token; `None` if the one that is asked for is not accepted.
    pub(crate) fn policy(&self, asked: Option<ObjectIdentifier>) -> Option<ObjectIdentifier> {
        match asked {
            None => Some(self.default_policy),
            Some(asked) => {
                (asked == self.default_policy || self.accepted_policies.contains(&asked)).then_some(asked)
            }
        }
    }
}
