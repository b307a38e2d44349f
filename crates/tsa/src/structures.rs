//! The ASN.1 of RFC 3161 and RFC 5035, as far as it is read and written here.

use const_oid::ObjectIdentifier;
use der::asn1::{BitString, GeneralizedTime, Int, OctetString};
use der::{Any, Sequence};
use spki::AlgorithmIdentifierOwned;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;

pub(crate) const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
pub(crate) const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
pub(crate) const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
pub(crate) const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
pub(crate) const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
pub(crate) const SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
pub(crate) const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");

/// RFC 3161 §2.4.1.
#[derive(Clone, Debug, Sequence)]
pub(crate) struct MessageImprint {
    pub(crate) algorithm: AlgorithmIdentifierOwned,
    pub(crate) digest: OctetString,
}

/// RFC 3161 §2.4.1.
#[derive(Clone, Debug, Sequence)]
pub(crate) struct TimeStampReq {
    pub(crate) version: u8,
    pub(crate) imprint: MessageImprint,
    #[asn1(optional = "true")]
    pub(crate) policy: Option<ObjectIdentifier>,
    #[asn1(optional = "true")]
    pub(crate) nonce: Option<Int>,
    #[asn1(default = "bool::default")]
    pub(crate) wants_certificate: bool,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    pub(crate) extensions: Option<Vec<Extension>>,
}

/// RFC 3161 §2.4.2.
#[derive(Clone, Debug, Sequence)]
pub(crate) struct TstInfo {
    pub(crate) version: u8,
    pub(crate) policy: ObjectIdentifier,
    pub(crate) imprint: MessageImprint,
    pub(crate) serial: Int,
    pub(crate) time: GeneralizedTime,
    pub(crate) accuracy: Accuracy,
    #[asn1(default = "bool::default")]
    pub(crate) ordering: bool,
    #[asn1(optional = "true")]
    pub(crate) nonce: Option<Int>,
    /// A GeneralName.
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) authority: Option<Any>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    pub(crate) extensions: Option<Vec<Extension>>,
}

/// RFC 3161 §2.4.2.
#[derive(Clone, Debug, Sequence)]
pub(crate) struct Accuracy {
    pub(crate) seconds: u8,
}

/// RFC 3161 §2.4.2.
#[derive(Clone, Debug, Sequence)]
pub(crate) struct PkiStatusInfo {
    pub(crate) status: u8,
}

/// RFC 3161 §2.4.2.
#[derive(Clone, Debug, Sequence)]
pub(crate) struct TimeStampResp {
    pub(crate) status: PkiStatusInfo,
    /// A ContentInfo.
    pub(crate) token: Any,
}

/// RFC 3161 §2.4.2: a TimeStampResp without a token.
#[derive(Clone, Debug, Sequence)]
pub(crate) struct RefusedResp {
    pub(crate) status: RefusedStatus,
}

/// RFC 3161 §2.4.2: a PKIStatusInfo that says why.
#[derive(Clone, Debug, Sequence)]
pub(crate) struct RefusedStatus {
    pub(crate) status: u8,
    pub(crate) text: Vec<String>,
    pub(crate) failure: BitString,
}

/// RFC 5035 §3.
#[derive(Clone, Debug, Sequence)]
pub(crate) struct SigningCertificateV2 {
    pub(crate) certificates: Vec<EssCertIdV2>,
}

/// RFC 5035 §4.
#[derive(Clone, Debug, Sequence)]
pub(crate) struct EssCertIdV2 {
    /// Left out for SHA-256, its default.
    #[asn1(optional = "true")]
    pub(crate) algorithm: Option<AlgorithmIdentifierOwned>,
    pub(crate) digest: OctetString,
    pub(crate) issuer_serial: IssuerSerial,
}

/// RFC 5035 §5.4.1.2.
#[derive(Clone, Debug, Sequence)]
pub(crate) struct IssuerSerial {
    pub(crate) issuer: Vec<GeneralName>,
    pub(crate) serial: Int,
}
