use std::time::Duration;

use sigstead_crypto::Signer;
use sigstead_x509::authority::{self, Profile};
use sigstead_x509::{Certificate, Purpose, X509Error};

/// How long a root made here lasts.
const ROOT_LIFETIME: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// How long what it signs lasts.
pub(crate) const ISSUED_LIFETIME: Duration = Duration::from_secs(9 * 365 * 24 * 3600);

/// What certificates of one's own are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Ca,
    Tsa,
}

impl Role {
    /// The section of the configuration, and the first part of default names.
    pub(crate) const fn section(self) -> &'static str {
        match self {
            Self::Ca => "ca",
            Self::Tsa => "tsa",
        }
    }

    /// The name in certificates, unless another is asked for.
    pub(crate) const fn subject(self) -> &'static str {
        match self {
            Self::Ca => "CN=sigstead CA,O=sigstead",
            Self::Tsa => "CN=sigstead TSA,O=sigstead",
        }
    }

    pub(crate) const fn profile(self) -> Profile {
        match self {
            Self::Ca => Profile::CodeSigningAuthority,
            Self::Tsa => Profile::Timestamping,
        }
    }

    pub(crate) const fn purpose(self) -> Purpose {
        match self {
            Self::Ca => Purpose::CodeSigningAuthority,
            Self::Tsa => Purpose::Timestamping,
        }
    }

    /// A root over such certificates, from now on.
    pub(crate) async fn make_root(self, key: &dyn Signer, now: i64) -> Result<Certificate, X509Error> {
        let subject = match self {
            Self::Ca => "CN=sigstead CA root,O=sigstead",
            Self::Tsa => "CN=sigstead TSA root,O=sigstead",
        };
        authority::root(key, subject, now, ROOT_LIFETIME).await
    }
}
