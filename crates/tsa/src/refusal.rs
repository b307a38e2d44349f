//! Refusals as RFC 3161 writes them: a TimeStampResp without a token.

use der::Encode as _;
use der::asn1::BitString;

use crate::error::Error;
use crate::structures::{RefusedResp, RefusedStatus};

/// PKIStatus "rejection".
const REJECTION: u8 = 2;

/// PKIFailureInfo: the bits of RFC 3161 §2.4.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FailureInfo {
    BadAlgorithm = 0,
    BadRequest = 2,
    BadDataFormat = 5,
    TimeNotAvailable = 14,
    UnacceptedPolicy = 15,
    UnacceptedExtension = 16,
    SystemFailure = 25,
}

/// The DER of a refusal.
pub(crate) fn refusal(error: &Error) -> Result<Vec<u8>, der::Error> {
    let failure = failure(error);
    RefusedResp {
        status: RefusedStatus { status: REJECTION, text: vec![error.to_string()], failure: bit(failure)? },
    }
    .to_der()
}

const fn failure(error: &Error) -> FailureInfo {
    match error {
        Error::WeakHash | Error::UnknownHash => FailureInfo::BadAlgorithm,
        Error::Malformed | Error::DigestLength | Error::Empty => FailureInfo::BadDataFormat,
        Error::Policy => FailureInfo::UnacceptedPolicy,
        Error::Extension => FailureInfo::UnacceptedExtension,
        Error::Clock => FailureInfo::TimeNotAvailable,
        Error::Sign(_) => FailureInfo::SystemFailure,
        Error::MediaType | Error::PolicyFormat | Error::TooLarge | Error::Method { .. } | Error::Path(_) => {
            FailureInfo::BadRequest
        }
    }
}

/// A list of named bits with one of them set; zeros at its end are left out (X.690 §11.2.2).
fn bit(failure: FailureInfo) -> Result<BitString, der::Error> {
    let (byte, within) = (failure as usize / 8, failure as u8 % 8);
    let mut bytes = vec![0; byte];
    bytes.push(0x80 >> within);
    BitString::new(7 - within, bytes)
}
