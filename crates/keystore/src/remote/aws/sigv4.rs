use sigstead_clock::Timestamp;
use sigstead_crypto::{Secret, hmac_sha256, sha256};

/// What a caller proves to be by.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) id: String,
    pub(super) secret: Secret<String>,
    /// Beside keys that run out.
    pub(super) session: Option<Secret<String>>,
}

/// For which service a signature is good.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub(super) region: String,
    pub(super) service: &'static str,
}

/// `X-Amz-Date`: ISO 8601 without its marks.
pub(super) fn date(at: Timestamp) -> String {
    at.to_rfc3339().replace(['-', ':'], "")
}

/// `Authorization` of a POST to `/` with these headers (AWS Signature Version 4): names in small letters,
/// sorted, `host` and `x-amz-date` among them.
pub(super) fn authorization(keys: &Keys, scope: &Scope, headers: &[(&str, &str)], body: &[u8]) -> String {
    let date = headers.iter().find(|(name, _)| *name == "x-amz-date").map_or("", |(_, value)| value);
    let day = date.split('T').next().unwrap_or_default();
    let scope_text = format!("{day}/{}/{}/aws4_request", scope.region, scope.service);
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let signed = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let request = format!("POST\n/\n\n{lines}\n{signed}\n{}", hex::encode(sha256(body)));
    let to_sign =
        format!("AWS4-HMAC-SHA256\n{date}\n{scope_text}\n{}", hex::encode(sha256(request.as_bytes())));
    let first = Secret::new(format!("AWS4{}", keys.secret.expose()));
    let key = [day, &scope.region, scope.service, "aws4_request"]
        .iter()
        .fold(Secret::new(first.expose().as_bytes().to_vec()), |key, part| {
            Secret::new(hmac_sha256(key.expose(), part.as_bytes()).to_vec())
        });
    let signature = hex::encode(hmac_sha256(key.expose(), to_sign.as_bytes()));
    let id = &keys.id;
    format!("AWS4-HMAC-SHA256 Credential={id}/{scope_text}, SignedHeaders={signed}, Signature={signature}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        let secret = Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned());
        Keys { id: "AKIDEXAMPLE".to_owned(), secret, session: None }
    }

    /// `post-vanilla` of AWS's own test suite for Signature Version 4.
    #[test]
    fn aws_own_example() {
        let scope = Scope { region: "us-east-1".to_owned(), service: "service" };
        let headers = [("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")];
        let signed = authorization(&keys(), &scope, &headers, b"");
        assert_eq!(
            signed,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
    }

    #[test]
    fn dates_have_no_marks() {
        assert_eq!(date(Timestamp::from_seconds(1_440_938_160)), "20150830T123600Z");
    }
}
