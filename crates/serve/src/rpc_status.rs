use std::time::Duration;

use prost::Message;
use prost_types::Any;
use sigstead_proto::google_rpc::bad_request::FieldViolation;
use sigstead_proto::google_rpc::{self as wire, BadRequest, ErrorInfo, RetryInfo};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use crate::retry_after;

/// What programs are told of an error over gRPC (`google.rpc`'s error details, AIP-193).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorDetail {
    /// The cause, by a constant name, and what it is about.
    Info(&'static str, Option<(&'static str, String)>),
    /// The field at fault, by its path in the request.
    Field(&'static str),
    /// After what time to try again.
    Retry(Duration),
}

/// Whose names the causes are.
pub const ERROR_DOMAIN: &str = "sigstead";

/// The status of a call, with details for programs.
pub fn rpc_status(code: Code, message: String, details: &[ErrorDetail]) -> Status {
    let mut metadata = MetadataMap::new();
    for detail in details {
        if let ErrorDetail::Retry(wait) = detail {
            retry_after(metadata.as_mut(), *wait);
        }
    }
    let details: Vec<Any> = details.iter().map(|detail| detail.to_any(&message)).collect();
    if details.is_empty() {
        return Status::new(code, message);
    }
    let status = wire::Status { code: code.into(), message: message.clone(), details };
    Status::with_details_and_metadata(code, message, status.encode_to_vec().into(), metadata)
}

impl ErrorDetail {
    fn to_any(&self, message: &str) -> Any {
        match self {
            Self::Info(reason, about) => {
                let (reason, domain) = ((*reason).to_owned(), ERROR_DOMAIN.to_owned());
                let metadata =
                    about.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
                any("ErrorInfo", &ErrorInfo { reason, domain, metadata })
            }
            Self::Field(field) => {
                let (field, description) = ((*field).to_owned(), message.to_owned());
                any(
                    "BadRequest",
                    &BadRequest { field_violations: vec![FieldViolation { field, description }] },
                )
            }
            Self::Retry(wait) => any("RetryInfo", &RetryInfo { retry_delay: (*wait).try_into().ok() }),
        }
    }
}

fn any(name: &str, message: &impl Message) -> Any {
    Any { type_url: format!("type.googleapis.com/google.rpc.{name}"), value: message.encode_to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_say_what_the_status_says() {
        let about = ErrorDetail::Info("EXISTS", Some(("log_index", "7".to_owned())));
        let retry = ErrorDetail::Retry(Duration::from_millis(1500));
        let status = rpc_status(Code::Unavailable, "later".to_owned(), &[about, retry]);
        assert_eq!(status.metadata().get("grpc-retry-pushback-ms").unwrap(), "1501");
        let told = wire::Status::decode(status.details()).unwrap();
        assert_eq!((told.code, told.message.as_str()), (Code::Unavailable as i32, "later"));
        let info = ErrorInfo::decode(told.details[0].value.as_slice()).unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("EXISTS", "sigstead"));
        assert_eq!(info.metadata["log_index"], "7");
        let retry = RetryInfo::decode(told.details[1].value.as_slice()).unwrap().retry_delay.unwrap();
        assert_eq!((retry.seconds, retry.nanos), (1, 500_000_000));
        assert_eq!(told.details[1].type_url, "type.googleapis.com/google.rpc.RetryInfo");
    }

    #[test]
    fn a_status_without_details_is_a_plain_one() {
        assert!(rpc_status(Code::NotFound, "none".to_owned(), &[]).details().is_empty());
    }
}
