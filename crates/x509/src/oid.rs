//! Object identifiers of certificates.

use const_oid::ObjectIdentifier;

macro_rules! oids {
    ($($(#[$doc:meta])* $name:ident = $oid:literal;)*) => {
        $($(#[$doc])* pub const $name: ObjectIdentifier = ObjectIdentifier::new_unwrap($oid);)*
    };
}

oids! {
    /// SubjectKeyIdentifier (RFC 5280 §4.2.1.2).
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
    /// KeyUsage (RFC 5280 §4.2.1.3).
    KEY_USAGE = "2.5.29.15";
    /// SubjectAltName (RFC 5280 §4.2.1.6).
    SUBJECT_ALT_NAME = "2.5.29.17";
    /// BasicConstraints (RFC 5280 §4.2.1.9).
    BASIC_CONSTRAINTS = "2.5.29.19";
    /// AuthorityKeyIdentifier (RFC 5280 §4.2.1.1).
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    /// ExtendedKeyUsage (RFC 5280 §4.2.1.12).
    EXTENDED_KEY_USAGE = "2.5.29.37";
    /// EKU: code signing.
    CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
    /// EKU: timestamping (RFC 3161 §2.3).
    TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
    /// EKU: any.
    ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0";
    /// The extensions that a signing request asks for (RFC 2985 §5.4.2).
    EXTENSION_REQUEST = "1.2.840.113549.1.9.14";
    /// The list of SCTs in a certificate (RFC 6962 §3.3).
    SCT_LIST = "1.3.6.1.4.1.11129.2.4.2";
    /// The poison of a precertificate (RFC 6962 §3.1).
    POISON = "1.3.6.1.4.1.11129.2.4.3";
    /// EKU: signing precertificates in an issuer's place (RFC 6962 §3.1).
    PRECERTIFICATE_SIGNING = "1.3.6.1.4.1.11129.2.4.4";
    /// A key for elliptic curves (RFC 5480 §2.1.1).
    EC = "1.2.840.10045.2.1";
    /// ECDSA with SHA-256 (RFC 5758 §3.2).
    ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
    /// ECDSA with SHA-384.
    ECDSA_WITH_SHA384 = "1.2.840.10045.4.3.3";
    /// ECDSA with SHA-512.
    ECDSA_WITH_SHA512 = "1.2.840.10045.4.3.4";
    /// An RSA key (RFC 3279 §2.3.1).
    RSA = "1.2.840.113549.1.1.1";
    /// RSA PKCS#1 v1.5 with SHA-256 (RFC 4055 §5).
    RSA_WITH_SHA256 = "1.2.840.113549.1.1.11";
    /// RSA PKCS#1 v1.5 with SHA-384.
    RSA_WITH_SHA384 = "1.2.840.113549.1.1.12";
    /// RSA PKCS#1 v1.5 with SHA-512.
    RSA_WITH_SHA512 = "1.2.840.113549.1.1.13";
    /// Ed25519 (RFC 8410 §3).
    ED25519 = "1.3.101.112";
    /// Fulcio's user name, a SubjectAltName otherName.
    FULCIO_USERNAME = "1.3.6.1.4.1.57264.1.7";
}

/// Fulcio's extension `1.3.6.1.4.1.57264.1.N`; `None` beyond what the arc can hold.
pub fn fulcio(number: u8) -> Option<ObjectIdentifier> {
    FULCIO_ARC.push_arc(number.into()).ok()
}

const FULCIO_ARC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1");
