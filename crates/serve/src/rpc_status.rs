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
