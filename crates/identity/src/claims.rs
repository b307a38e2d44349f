//! What a verified token's claims say about the certificate, for each type of identity.

use serde_json::{Map, Value};
use sigstead_x509::SubjectAlternativeName;
use url::Url;

use crate::ci_provider::CiProvider;
use crate::config::{IssuerConfig, IssuerType};
use crate::uri_name::uri_name;
use crate::{Principal, TokenError, github, pipelines};

/// The extension numbers that every certificate has: issuer twice, and the subject.
const ISSUER_V1: u8 = 1;
const ISSUER_V2: u8 = 8;
const SUBJECT: u8 = 24;

/// Verified claims.
#[derive(Clone, Copy)]
pub(crate) struct Claims<'a>(pub(crate) &'a Map<String, Value>);

impl<'a> Claims<'a> {
    /// A claim that is a text for the certificate and the audit trail.
    pub(crate) fn text(self, name: &'static str) -> Result<&'a str, TokenError> {
        self.0.get(name).and_then(usable_text).ok_or(TokenError::Claim(name))
    }

    /// Such a claim, or the empty text if the token has none.
    pub(crate) fn text_or_empty(self, name: &'static str) -> Result<&'a str, TokenError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(""),
            Some(Value::String(text)) if text.is_empty() => Ok(""),
            Some(_) => self.text(name),
        }
    }
}

/// Not empty, and without U+0000, which databases refuse.
fn usable_text(claim: &Value) -> Option<&str> {
    claim.as_str().filter(|text| !text.is_empty() && !text.contains('\0'))
}

/// Who the claims speak for.
pub(crate) fn principal(
    claims: Claims<'_>,
    issuer: &str,
    config: &IssuerConfig,
) -> Result<Principal, TokenError> {
    let subject = claims.text("sub")?;
    let name = name(claims, (issuer, subject), config)?;
    let named_issuer = match &config.issuer_claim {
        Some(path) => at_path(claims.0, path).ok_or(TokenError::Claim("issuer-claim"))?.to_owned(),
        None => issuer.to_owned(),
    };
    let challenges = challenges(claims, subject, &name, config);
    let mut extensions = extensions(claims, config)?;
    let own = [(ISSUER_V1, &named_issuer), (ISSUER_V2, &named_issuer), (SUBJECT, &subject.to_owned())];
    extensions.extend(own.map(|(number, value)| (number, value.clone())));
    extensions.sort_by_key(|(number, _)| *number);
    extensions.retain(|(_, value)| !value.is_empty());
    let (subject, claims) = (subject.to_owned(), claims.0.clone());
    let issuer_type = config.issuer_type;
    Ok(Principal { issuer: named_issuer, issuer_type, subject, challenges, name, extensions, claims })
}

/// What clients sign: the address for people and the subject for workloads, unless the configuration
/// announces the subject; and Go and JavaScript clients sign the address whenever the token has one.
fn challenges(
    claims: Claims<'_>,
    subject: &str,
    name: &SubjectAlternativeName,
    config: &IssuerConfig,
) -> Vec<String> {
    let mut challenges = match name {
        SubjectAlternativeName::Email(email) => vec![email.clone()],
        _ => vec![subject.to_owned()],
    };
    let announced = (config.challenge_claim == "sub").then_some(subject);
    for also in [announced, verified_email(claims)].into_iter().flatten() {
        if !challenges.iter().any(|challenge| challenge == also) {
            challenges.push(also.to_owned());
        }
    }
    challenges
}

/// The extensions that the type of identity has beside those that all have.
fn extensions(claims: Claims<'_>, config: &IssuerConfig) -> Result<Vec<(u8, String)>, TokenError> {
    match config.issuer_type {
        IssuerType::GithubWorkflow => github::extensions(claims),
        IssuerType::GitlabPipeline => pipelines::gitlab_extensions(claims),
        IssuerType::CodefreshWorkflow => pipelines::codefresh_extensions(claims),
        IssuerType::CiProvider => described(config)?.extensions(claims.0),
        _ => Ok(Vec::new()),
    }
}

fn described(config: &IssuerConfig) -> Result<&CiProvider, TokenError> {
    config.ci_provider.as_deref().ok_or(TokenError::Claim("ci-provider"))
}

fn name(
    claims: Claims<'_>,
    (issuer, subject): (&str, &str),
    config: &IssuerConfig,
) -> Result<SubjectAlternativeName, TokenError> {
    match config.issuer_type {
        IssuerType::Email => email(claims, config).map(SubjectAlternativeName::Email),
        IssuerType::Uri => uri(subject, config).map(SubjectAlternativeName::Uri),
        IssuerType::Username => username(subject, config).map(SubjectAlternativeName::Username),
        IssuerType::Spiffe => spiffe(subject, config).map(SubjectAlternativeName::Uri),
        IssuerType::Kubernetes => service_account(claims).map(SubjectAlternativeName::Uri),
        IssuerType::ChainguardIdentity => {
            chainguard(claims, issuer, subject).map(SubjectAlternativeName::Uri)
        }
        IssuerType::GithubWorkflow => github::workflow(claims).map(SubjectAlternativeName::Uri),
        IssuerType::GitlabPipeline => pipelines::gitlab_name(claims).map(SubjectAlternativeName::Uri),
        IssuerType::BuildkiteJob => pipelines::buildkite_name(claims).map(SubjectAlternativeName::Uri),
        IssuerType::CodefreshWorkflow => pipelines::codefresh_name(claims).map(SubjectAlternativeName::Uri),
        IssuerType::CiProvider => {
            uri_name(&described(config)?.name(claims.0)?).map(SubjectAlternativeName::Uri)
        }
    }
}

fn email(claims: Claims<'_>, config: &IssuerConfig) -> Result<String, TokenError> {
    let email = claims.text("email")?;
    if !config.skip_email_verification && !says_verified(claims) {
        return Err(TokenError::EmailUnverified);
    }
    if is_email(email) {
        Ok(email.to_owned())
    } else {
        Err(TokenError::Value { claim: "email", why: "not an e-mail address that a certificate can carry" })
    }
}

fn says_verified(claims: Claims<'_>) -> bool {
    match claims.0.get("email_verified") {
        Some(Value::Bool(verified)) => *verified,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

fn verified_email(claims: Claims<'_>) -> Option<&str> {
    claims.text("email").ok().filter(|_| says_verified(claims))
}

/// ASCII, one `@`, a dot in the domain, and nothing that could be read as a wildcard or as two names.
fn is_email(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'+-/=?^_`{|}~.".contains(c);
    let is_domain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && local.chars().all(allowed)
            && domain.contains('.')
            && domain.chars().all(is_domain)
            && !domain.split('.').any(str::is_empty)
    })
}

fn uri(subject: &str, config: &IssuerConfig) -> Result<String, TokenError> {
    let refuse = |why| TokenError::Value { claim: "sub", why };
    let parsed = Url::parse(subject).map_err(|_| refuse("not a URI"))?;
    let domain = config.subject_domain.as_deref().and_then(|domain| Url::parse(domain).ok());
    let domain = domain.ok_or_else(|| refuse("the issuer's subject domain is not a URI"))?;
    if parsed.scheme() != domain.scheme() || parsed.host_str() != domain.host_str() {
        return Err(refuse("not under the issuer's subject domain"));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(refuse("a URI with user information"));
    }
    // What was compared must be what is certified: no tabs, backslashes, dot segments or capital hosts.
    // Only the slash after a bare host may be left out.
    let normal = parsed.as_str();
    if subject != normal && Some(subject) != normal.strip_suffix('/') {
        return Err(refuse("a URI that is not in its normal form"));
    }
    let lower = subject.to_ascii_lowercase();
    if ["%2f", "%5c", "%2e"].iter().any(|escape| lower.contains(escape)) {
        return Err(refuse("a URI with an escaped slash or dot"));
    }
    Ok(subject.to_owned())
}

fn username(subject: &str, config: &IssuerConfig) -> Result<String, TokenError> {
    let is_address = subject.rsplit_once('@').is_some_and(|(_, domain)| domain.contains('.'));
    if subject.contains('!') || is_address {
        return Err(TokenError::Value {
            claim: "sub",
            why: "a user name has no `!` and is no e-mail address",
        });
    }
    Ok(format!("{subject}!{}", config.subject_domain.as_deref().unwrap_or_default()))
}

/// A SPIFFE ID (spiffe-id specification §2) in the configured trust domain.
fn spiffe(subject: &str, config: &IssuerConfig) -> Result<String, TokenError> {
    let refuse = |why| TokenError::Value { claim: "sub", why };
    let rest = subject.strip_prefix("spiffe://").ok_or_else(|| refuse("not a SPIFFE ID"))?;
    let (domain, path) = rest.split_once('/').map_or((rest, None), |(domain, path)| (domain, Some(path)));
    if Some(domain) != config.trust_domain.as_deref() {
        return Err(refuse("of another trust domain"));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_segment = |segment: &str| {
        !segment.is_empty() && segment != "." && segment != ".." && segment.chars().all(allowed)
    };
    if path.is_some_and(|path| !path.split('/').all(is_segment)) {
        return Err(refuse("its path is not a SPIFFE ID's"));
    }
    Ok(subject.to_owned())
}

fn service_account(claims: Claims<'_>) -> Result<String, TokenError> {
    let claim = "kubernetes.io";
    let details = claims.0.get(claim).and_then(Value::as_object).ok_or(TokenError::Claim(claim))?;
    let account = details.get("serviceaccount").and_then(Value::as_object).ok_or(TokenError::Claim(claim))?;
    let part = |map: &Map<String, Value>, name: &str| {
        let text = map.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let is_name = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c));
        is_name
            .then_some(text)
            .ok_or(TokenError::Value { claim, why: "a name that Kubernetes does not give" })
    };
    let (namespace, account) = (part(details, "namespace")?, part(account, "name")?);
    Ok(format!("https://kubernetes.io/namespaces/{namespace}/serviceaccounts/{account}"))
}

/// The subject under the issuer's URL. Clients sign the address if the token has one, so it must be verified.
fn chainguard(claims: Claims<'_>, issuer: &str, subject: &str) -> Result<String, TokenError> {
    if claims.text("email").is_ok() && !says_verified(claims) {
        return Err(TokenError::EmailUnverified);
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !subject.split('/').all(|part| !part.is_empty() && part.chars().all(allowed)) {
        return Err(TokenError::Value { claim: "sub", why: "not a path of plain names" });
    }
    uri_name(&format!("{}/{subject}", issuer.strip_suffix('/').unwrap_or(issuer)))
}

/// The text at a path like `$.federated_claims.connector_id`.
fn at_path<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a str> {
    let mut steps = path.strip_prefix("$.")?.split('.');
    let first = claims.get(steps.next()?)?;
    usable_text(steps.try_fold(first, |value, step| value.as_object()?.get(step))?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::FulcioConfig;

    fn config(rest: &str) -> IssuerConfig {
        let text = format!(
            "oidc-issuers:\n  https://a.example:\n    issuer-url: https://a.example\n    client-id: s\n{rest}"
        );
        FulcioConfig::parse(&text).unwrap().issuers().next().unwrap().0.clone()
    }

    fn named(rest: &str, claims: Value) -> Result<Principal, TokenError> {
        let Value::Object(claims) = claims else { unreachable!() };
        principal(Claims(&claims), "https://a.example", &config(rest))
    }

    #[test]
    fn email_identities() {
        let email = "    type: email\n";
        let found =
            named(email, json!({"sub": "1", "email": "a@b.example", "email_verified": true})).unwrap();
        assert_eq!(found.name, SubjectAlternativeName::Email("a@b.example".into()));
        assert_eq!(found.challenges[0], "a@b.example");
        assert_eq!(
            found.extensions,
            [(1, "https://a.example".into()), (8, "https://a.example".into()), (24, "1".into())]
        );
        for (claims, error) in [
            (json!({"sub": "1", "email": "a@b.example"}), TokenError::EmailUnverified),
            (json!({"sub": "1", "email": "a@b.example", "email_verified": 1}), TokenError::EmailUnverified),
            (json!({"sub": "1", "email_verified": true}), TokenError::Claim("email")),
            (json!({"email": "a@b.example", "email_verified": true}), TokenError::Claim("sub")),
            (
                json!({"sub": "1\u{0}", "email": "a@b.example", "email_verified": true}),
                TokenError::Claim("sub"),
            ),
        ] {
            assert_eq!(named(email, claims), Err(error));
        }
        for wrong in ["*@b.example", "a@b", "a b@c.example", "a@b@c.example", "ä@b.example", "a@.example"] {
            let claims = json!({"sub": "1", "email": wrong, "email_verified": "true"});
            assert!(matches!(named(email, claims), Err(TokenError::Value { .. })), "{wrong}");
        }
    }

    #[test]
    fn a_claim_can_name_the_issuer() {
        let dex = "    type: email\n    issuer-claim: $.federated_claims.connector_id\n";
        let claims = json!({"sub": "1", "email": "a@b.example", "email_verified": true, "federated_claims": {"connector_id": "https://idp"}});
        assert_eq!(named(dex, claims.clone()).unwrap().issuer, "https://idp");
        let mut broken = claims;
        broken["federated_claims"]["connector_id"] = "https://idp\u{0}".into();
        assert_eq!(named(dex, broken), Err(TokenError::Claim("issuer-claim")));
    }

    #[test]
    fn workload_identities() {
        let spiffe = "    type: spiffe\n    spiffe-trust-domain: td.example\n";
        let sub = |sub: &str| json!({ "sub": sub });
        assert!(named(spiffe, sub("spiffe://td.example/ns/a")).is_ok());
        for wrong in [
            "spiffe://other/ns",
            "spiffe://td.example/a/../b",
            "spiffe://td.example//a",
            "https://td.example/a",
            "spiffe://td.example/a?b",
        ] {
            assert!(named(spiffe, sub(wrong)).is_err(), "{wrong}");
        }
        let uri = "    type: uri\n    subject-domain: https://a.example\n";
        assert!(named(uri, sub("https://a.example/users/1")).is_ok());
        for wrong in [
            "https://b.example/users/1",
            "http://a.example/1",
            "https://u:p@a.example/1",
            "x",
            "https://a.example/a/../b",
            "https://a.example/a%2fb",
            "https://a.example\\b",
            "https://a.exa\tmple/b",
            "https://a.example/ä",
        ] {
            assert!(named(uri, sub(wrong)).is_err(), "{wrong}");
        }
        let username = "    type: username\n    subject-domain: a.example\n";
        assert_eq!(
            named(username, sub("joe")).unwrap().name,
            SubjectAlternativeName::Username("joe!a.example".into())
        );
        assert!(named(username, sub("joe@laptop")).is_ok());
        for wrong in ["a!b", "a@b.example", "ü@b.example", "a@ü.example", "\"a b\"@c.example"] {
            assert!(named(username, sub(wrong)).is_err(), "{wrong}");
        }
        let kubernetes = "    type: kubernetes\n";
        let claims = json!({"sub": "system:serviceaccount:ns:sa", "kubernetes.io": {"namespace": "ns", "serviceaccount": {"name": "sa"}}});
        let expected = "https://kubernetes.io/namespaces/ns/serviceaccounts/sa";
        assert_eq!(named(kubernetes, claims).unwrap().name, SubjectAlternativeName::Uri(expected.into()));
        assert_eq!(named(kubernetes, sub("x")), Err(TokenError::Claim("kubernetes.io")));
    }
}
