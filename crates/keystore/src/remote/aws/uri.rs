use crate::KeystoreError;

/// Longer than any ARN of a key.
const MAX_KEY: usize = 2048;

/// A key of AWS KMS, as sigstore's tools write it: `awskms://[ENDPOINT]/ID`, `…/alias/NAME` or `…/ARN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsKmsUri {
    /// The host to ask, if not the region's usual one.
    pub endpoint: Option<String>,
    /// What AWS calls the key: an id, an alias or an ARN.
    pub key: String,
}

impl AwsKmsUri {
    /// Reads what stands after `awskms://`.
    ///
    /// # Errors
    /// When it names no key.
    pub fn parse(text: &str) -> Result<Self, KeystoreError> {
        let (endpoint, key) = text.split_once('/').unwrap_or_default();
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        let is_key = |byte: u8| byte.is_ascii_alphanumeric() || b":/_-".contains(&byte);
        if key.is_empty() || key.len() > MAX_KEY || !key.bytes().all(is_key) || !endpoint.bytes().all(is_host)
        {
            let hint = "write awskms:///KEY-ID, awskms:///alias/NAME or awskms:///ARN";
            return Err(KeystoreError::Uri("awskms", hint.to_owned()));
        }
        let endpoint = Some(endpoint.to_owned()).filter(|endpoint| !endpoint.is_empty());
        Ok(Self { endpoint, key: key.to_owned() })
    }

    /// The alias, where it is one that a caller may give to a key.
    pub(super) fn alias(&self) -> Option<&str> {
        Some(self.key.as_str()).filter(|key| key.starts_with("alias/") && !key.starts_with("alias/aws/"))
    }

    /// The region, where an ARN names it.
    pub(super) fn region(&self) -> Option<&str> {
        let mut parts = self.key.strip_prefix("arn:")?.split(':');
        parts.nth(2).filter(|region| !region.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_aliases_and_arns() {
        let id = AwsKmsUri::parse("/1234abcd-12ab-34cd-56ef-1234567890ab").unwrap();
        assert_eq!((id.endpoint.as_deref(), id.region()), (None, None));
        let alias = AwsKmsUri::parse("localhost:4566/alias/issuing").unwrap();
        assert_eq!(
            (alias.endpoint.as_deref(), alias.key.as_str()),
            (Some("localhost:4566"), "alias/issuing")
        );
        let arn = AwsKmsUri::parse("/arn:aws:kms:eu-west-1:111122223333:alias/issuing").unwrap();
        assert_eq!(arn.region(), Some("eu-west-1"));
        assert_eq!([&id, &alias, &arn].map(AwsKmsUri::alias), [None, Some("alias/issuing"), None]);
        assert_eq!(AwsKmsUri::parse("/alias/aws/s3").unwrap().alias(), None);
    }

    #[test]
    fn what_names_no_key_is_refused() {
        for wrong in ["", "/", "endpoint", "/key?x=1", "user@host/key", "/alias/ä"] {
            AwsKmsUri::parse(wrong).unwrap_err();
        }
    }
}
