//! Fulcio's issuer configuration, YAML or JSON, as it is.

mod domain;
mod raw;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;
use url::Url;

use self::domain::{check_uri_domain, check_username_domain, trust_domain};
use self::raw::{RawConfig, RawIssuer};
use crate::ci_provider::{CiProvider, RawCiProvider};
use crate::claims::{Claims, principal};
use crate::pattern::IssuerPattern;
use crate::{Principal, TokenError, service_account};

/// Longest configuration that is read.
const MAX_CONFIG: usize = 1 << 20;

/// What is wrong with the configuration, and at which issuer.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// Not Fulcio's configuration.
    #[error("the issuer configuration cannot be read: {0}")]
    Syntax(String),
    /// An issuer that could never work, or that is unsafe.
    #[error("issuer {issuer}: {why}")]
    Issuer {
        /// Its key in the file.
        issuer: String,
        /// What is wrong.
        why: String,
    },
    /// A CI system's templates that could never be filled.
    #[error("ci-issuer-metadata {provider}: {why}")]
    CiProvider {
        /// Its key in the file.
        provider: String,
        /// What is wrong, and in which template.
        why: String,
    },
    /// Nobody could get a certificate.
    #[error("the issuer configuration names no issuers")]
    Empty,
}

/// The identity providers that are trusted, checked.
#[derive(Debug, Clone)]
pub struct FulcioConfig {
    pub(crate) issuers: Vec<IssuerConfig>,
    /// With wildcards, longest pattern first.
    pub(crate) patterns: Vec<(IssuerPattern, IssuerConfig)>,
}

/// One identity provider, or a pattern of them.
#[derive(Debug, Clone)]
pub struct IssuerConfig {
    /// The issuer's URL, or the pattern of URLs.
    pub url: String,
    /// Whom its tokens must be for.
    pub audience: String,
    /// What its tokens are about.
    pub issuer_type: IssuerType,
    /// Takes the certificate's issuer from a claim: a path like `$.federated_claims.connector_id`.
    pub issuer_claim: Option<String>,
    /// The URL or domain that subjects belong to.
    pub subject_domain: Option<String>,
    /// The SPIFFE trust domain.
    pub trust_domain: Option<String>,
    /// Take addresses that the provider does not call verified.
    pub skip_email_verification: bool,
    /// Announced to clients.
    pub challenge_claim: String,
    /// What describes the certificates of type ci-provider; other types have none.
    pub(crate) ci_provider: Option<Arc<CiProvider>>,
    /// In PEM, certificates that the provider's TLS is trusted by, besides the system's.
    pub(crate) ca_cert: Option<String>,
    /// The folder of the service account whose token the provider, a Kubernetes API server, wants to see.
    pub(crate) service_account: Option<PathBuf>,
}

/// Types of identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssuerType {
    /// A person, by e-mail address.
    Email,
    /// A workload, by URI.
    Uri,
    /// A person, by user name.
    Username,
    /// A workload, by SPIFFE ID.
    Spiffe,
    /// A Kubernetes service account.
    Kubernetes,
    /// A GitHub Actions workflow.
    GithubWorkflow,
    /// A GitLab pipeline.
    GitlabPipeline,
    /// A Buildkite job.
    BuildkiteJob,
    /// A Codefresh workflow.
    CodefreshWorkflow,
    /// An identity of Chainguard's.
    ChainguardIdentity,
    /// A job of a CI system that the configuration describes.
    CiProvider,
}

impl IssuerType {
    /// Every type.
    pub const ALL: [Self; 11] = [
        Self::Email,
        Self::Uri,
        Self::Username,
        Self::Spiffe,
        Self::Kubernetes,
        Self::GithubWorkflow,
        Self::GitlabPipeline,
        Self::BuildkiteJob,
        Self::CodefreshWorkflow,
        Self::ChainguardIdentity,
        Self::CiProvider,
    ];

    /// The type that the configuration spells so.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// As the configuration spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Uri => "uri",
            Self::Username => "username",
            Self::Spiffe => "spiffe",
            Self::Kubernetes => "kubernetes",
            Self::GithubWorkflow => "github-workflow",
            Self::GitlabPipeline => "gitlab-pipeline",
            Self::BuildkiteJob => "buildkite-job",
            Self::CodefreshWorkflow => "codefresh-workflow",
            Self::ChainguardIdentity => "chainguard-identity",
            Self::CiProvider => "ci-provider",
        }
    }
}

impl FulcioConfig {
    /// Reads and checks a configuration.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        if text.len() > MAX_CONFIG {
            return Err(ConfigError::Syntax(format!("longer than {MAX_CONFIG} bytes")));
        }
        let raw: RawConfig = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| ConfigError::Syntax(error.to_string()))?
        } else {
            serde_saphyr::from_str(&spaced_aliases(text))
                .map_err(|error| ConfigError::Syntax(error.to_string()))?
        };
        let providers = ci_providers(raw.ci_providers)?;
        let checked = |url, issuer, is_pattern| checked(url, issuer, is_pattern, &providers);
        let issuers = raw.issuers.into_iter().map(|(url, issuer)| checked(url, issuer, false));
        let issuers: Vec<_> = issuers.collect::<Result<_, _>>()?;
        let patterns = raw.patterns.into_iter().map(|(url, issuer)| {
            let wrong =
                |error: regex::Error| ConfigError::Issuer { issuer: url.clone(), why: error.to_string() };
            Ok((IssuerPattern::new(&url).map_err(wrong)?, checked(url, issuer, true)?))
        });
        let mut patterns: Vec<_> = patterns.collect::<Result<_, ConfigError>>()?;
        patterns.sort_by_key(|(_, issuer)| std::cmp::Reverse(issuer.url.len()));
        if issuers.is_empty() && patterns.is_empty() {
            return Err(ConfigError::Empty);
        }
        Ok(Self { issuers, patterns })
    }

    /// Every issuer, patterns last, each with whether it is a pattern.
    pub fn issuers(&self) -> impl Iterator<Item = (&IssuerConfig, bool)> {
        let exact = self.issuers.iter().map(|issuer| (issuer, false));
        exact.chain(self.patterns.iter().map(|(_, issuer)| (issuer, true)))
    }

    /// Who claims speak for once they are believed. Nothing is verified here: neither signature nor audience nor times.
    ///
    /// # Errors
    /// When the issuer is not trusted, or a claim is missing that its type of identity needs.
    pub fn principal(&self, claims: &Map<String, Value>) -> Result<Principal, TokenError> {
        let claims = Claims(claims);
        let issuer = claims.text("iss")?;
        let config = self.issuer(issuer).ok_or_else(|| self.unknown(issuer))?;
        principal(claims, issuer, config)
    }

    /// Why a token of an issuer that is not configured is refused.
    pub(crate) fn unknown(&self, issuer: &str) -> TokenError {
        let other = issuer.strip_suffix('/').map_or_else(|| format!("{issuer}/"), str::to_owned);
        let hint = match self.issuer(&other) {
            Some(_) => "; the configuration differs from it by a slash at the end",
            None => "",
        };
        TokenError::IssuerUnknown { issuer: issuer.to_owned(), hint }
    }

    /// What is configured for an issuer: by its exact name before any pattern.
    pub(crate) fn issuer(&self, url: &str) -> Option<&IssuerConfig> {
        let exact = self.issuers.iter().find(|issuer| issuer.url == url);
        let matched =
            || self.patterns.iter().find(|(pattern, _)| pattern.matches(url)).map(|(_, issuer)| issuer);
        exact.or_else(matched)
    }
}

type CiProviders = BTreeMap<String, Arc<CiProvider>>;

fn ci_providers(raw: BTreeMap<String, RawCiProvider>) -> Result<CiProviders, ConfigError> {
    let checked = raw.into_iter().map(|(provider, raw)| match CiProvider::checked(raw) {
        Ok(checked) => Ok((provider, Arc::new(checked))),
        Err(why) => Err(ConfigError::CiProvider { provider, why }),
    });
    checked.collect()
}

/// Fulcio's own file has aliases as keys, `*name:`, where YAML 1.2 takes the colon for a part of the alias.
fn spaced_aliases(text: &str) -> String {
    let spaced = |line: &str| {
        let alias = line.trim_start().strip_prefix('*').and_then(|_| line.trim_end().strip_suffix(':'));
        match alias.filter(|alias| !alias.ends_with(char::is_whitespace)) {
            Some(alias) => format!("{alias} :\n"),
            None => line.to_owned(),
        }
    };
    text.split_inclusive('\n').map(spaced).collect()
}

/// The provider that type ci-provider needs and no other type may have.
fn ci_provider(raw: &RawIssuer, providers: &CiProviders) -> Result<Option<Arc<CiProvider>>, &'static str> {
    match (raw.r#type, &raw.ci_provider) {
        (IssuerType::CiProvider, Some(name)) => {
            let found = providers.get(name).ok_or("its ci-provider is not in ci-issuer-metadata")?;
            Ok(Some(Arc::clone(found)))
        }
        (IssuerType::CiProvider, None) => Err("ci-provider is missing"),
        (_, Some(_)) => Err("ci-provider is for type ci-provider only"),
        (_, None) => Ok(None),
    }
}

fn check_ca_cert(pem: Option<&str>) -> Result<(), &'static str> {
    let Some(pem) = pem else { return Ok(()) };
    match reqwest::Certificate::from_pem_bundle(pem.as_bytes()) {
        Ok(roots) if !roots.is_empty() => Ok(()),
        _ => Err("ca-cert must be certificates in PEM"),
    }
}

fn checked(
    url: String,
    raw: RawIssuer,
    is_pattern: bool,
    providers: &CiProviders,
) -> Result<IssuerConfig, ConfigError> {
    let refuse = |why: &str| ConfigError::Issuer { issuer: url.clone(), why: why.to_owned() };
    if !is_pattern && raw.issuer_url.as_ref() != Some(&url) {
        return Err(refuse("its issuer-url must be the same as its key in the file"));
    }
    check_url(&url).map_err(refuse)?;
    if raw.client_id.is_empty() {
        return Err(refuse("client-id is missing: no token could be for it"));
    }
    if raw.issuer_claim.is_some() && raw.r#type != IssuerType::Email {
        return Err(refuse("issuer-claim is for type email only"));
    }
    if raw.issuer_claim.as_ref().is_some_and(|path| !path.starts_with("$.")) {
        return Err(refuse("issuer-claim must be a path like $.claim"));
    }
    if raw.challenge_claim.as_ref().is_some_and(|claim| claim != "email" && claim != "sub") {
        return Err(refuse("challenge-claim must be email or sub"));
    }
    match raw.r#type {
        IssuerType::Spiffe if is_pattern => return Err(refuse("type spiffe cannot have wildcards")),
        IssuerType::Uri => check_uri_domain(&url, raw.subject_domain.as_deref()).map_err(refuse)?,
        IssuerType::Username => check_username_domain(&url, raw.subject_domain.as_deref()).map_err(refuse)?,
        _ => {}
    }
    let trust_domain = match raw.r#type {
        IssuerType::Spiffe => Some(trust_domain(raw.spiffe_trust_domain.as_deref()).map_err(refuse)?),
        _ => raw.spiffe_trust_domain.clone(),
    };
    let ci_provider = ci_provider(&raw, providers).map_err(refuse)?;
    check_ca_cert(raw.ca_cert.as_deref()).map_err(refuse)?;
    let service_account =
        service_account::folder(raw.service_account, &url, raw.r#type, is_pattern).map_err(refuse)?;
    let default_claim = if raw.r#type == IssuerType::Email { "email" } else { "sub" };
    Ok(IssuerConfig {
        audience: raw.client_id,
        issuer_type: raw.r#type,
        issuer_claim: raw.issuer_claim,
        subject_domain: raw.subject_domain,
        trust_domain,
        skip_email_verification: raw.skip_email_verification,
        challenge_claim: raw.challenge_claim.unwrap_or_else(|| default_claim.to_owned()),
        ci_provider,
        ca_cert: raw.ca_cert,
        service_account,
        url,
    })
}

/// Where a token's keys come from must be told by the scheme, which no star may stand for.
fn check_url(issuer: &str) -> Result<(), &'static str> {
    let has_scheme = issuer.starts_with("https://") || issuer.starts_with("http://");
    let parsed =
        Url::parse(issuer).ok().filter(|_| has_scheme).ok_or("the issuer must be an http or https URL")?;
    if parsed.query().is_some() || parsed.fragment().is_some() || !parsed.username().is_empty() {
        return Err("the issuer must be a URL without query, fragment or user information");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> String {
        FulcioConfig::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn yaml_and_json_are_the_same() {
        let yaml = "oidc-issuers:\n  https://a.example:\n    issuer-url: https://a.example\n    client-id: sigstore\n    type: email\nmeta-issuers:\n  https://*.b.example:\n    client-id: sigstore\n    type: kubernetes\n";
        let json = r#"{"OIDCIssuers":{"https://a.example":{"IssuerURL":"https://a.example","ClientID":"sigstore","Type":"email"}},"MetaIssuers":{"https://*.b.example":{"ClientID":"sigstore","Type":"kubernetes"}}}"#;
        for text in [yaml, json] {
            let config = FulcioConfig::parse(text).unwrap();
            let seen: Vec<_> =
                config.issuers().map(|(i, meta)| (i.url.as_str(), i.issuer_type, meta)).collect();
            assert_eq!(
                seen,
                [
                    ("https://a.example", IssuerType::Email, false),
                    ("https://*.b.example", IssuerType::Kubernetes, true)
                ]
            );
        }
    }

    #[test]
    fn an_issuer_that_differs_by_a_slash_is_told() {
        let issuer = |url: &str| {
            format!("oidc-issuers:\n  {url}:\n    issuer-url: {url}\n    client-id: s\n    type: email\n")
        };
        for (configured, claimed, is_told) in [
            ("https://a.example", "https://a.example/", true),
            ("https://a.example/", "https://a.example", true),
            ("https://a.example/", "https://b.example", false),
        ] {
            let config = FulcioConfig::parse(&issuer(configured)).unwrap();
            let claims = serde_json::json!({ "iss": claimed });
            let told = config.principal(claims.as_object().unwrap()).unwrap_err().to_string();
            assert_eq!(told.contains("slash"), is_told, "{told}");
        }
    }

    #[test]
    fn what_is_empty_is_not_there() {
        let rest =
            "challenge-claim: ''\n    issuer-claim: ''\n    ci-provider: ''\n    ca-cert:\n    contact:\n";
        let yaml = format!(
            "oidc-issuers:\n  https://a.example:\n    issuer-url: https://a.example\n    client-id: s\n    type: kubernetes\n    {rest}meta-issuers:\n"
        );
        let json = r#"{"OIDCIssuers":{"https://a.example":{"IssuerURL":"https://a.example","ClientID":"s","Type":"kubernetes","IssuerClaim":"","Contact":null}},"MetaIssuers":null}"#;
        for text in [yaml.as_str(), json] {
            let config = FulcioConfig::parse(text).unwrap();
            let (issuer, _) = config.issuers().next().unwrap();
            assert_eq!((issuer.challenge_claim.as_str(), &issuer.issuer_claim), ("sub", &None));
            assert!(issuer.ca_cert.is_none() && issuer.ci_provider.is_none());
        }
    }

    #[test]
    fn a_trust_domain_by_its_name_or_by_an_id() {
        let spiffe = |domain: &str| {
            FulcioConfig::parse(&format!(
                "oidc-issuers:\n  https://a.example:\n    issuer-url: https://a.example\n    client-id: s\n    type: spiffe\n    spiffe-trust-domain: {domain}\n"
            ))
        };
        for domain in ["prod.example", "spiffe://prod.example", "spiffe://prod.example/ns/a"] {
            let config = spiffe(domain).unwrap();
            assert_eq!(config.issuers().next().unwrap().0.trust_domain.as_deref(), Some("prod.example"));
        }
        for wrong in ["Prod.example", "https://prod.example", "prod.example/ns", "spiffe://", "prod example"]
        {
            let why = spiffe(wrong).unwrap_err().to_string();
            assert!(why.contains("spiffe-trust-domain"), "{wrong}: {why}");
        }
    }

    #[test]
    fn what_could_never_work_is_refused() {
        let issuer = |url: &str, rest: &str| {
            format!("oidc-issuers:\n  https://a.example:\n    issuer-url: {url}\n{rest}")
        };
        assert!(why("oidc-issuers: {}").contains("no issuers"));
        assert!(why("oidc-isuers: {}").contains("oidc-isuers"));
        assert!(
            why(&issuer("https://b.example", "    client-id: s\n    type: email\n")).contains("issuer-url")
        );
        assert!(why(&issuer("https://a.example", "    type: email\n")).contains("client-id"));
        assert!(why(&issuer("https://a.example", "    client-id: s\n    type: flyio\n")).contains("flyio"));
        assert!(
            why(&issuer("https://a.example", "    client-id: s\n    type: spiffe\n"))
                .contains("spiffe-trust-domain")
        );
        let uri = "    client-id: s\n    type: uri\n    subject-domain: https://evil.test\n";
        assert!(why(&issuer("https://a.example", uri)).contains("subject-domain"));
        let claim = "    client-id: s\n    type: email\n    challenge-claim: name\n";
        assert!(why(&issuer("https://a.example", claim)).contains("challenge-claim"));
        let provider = "    client-id: s\n    type: ci-provider\n    ci-provider: jenkins\n";
        assert!(why(&issuer("https://a.example", provider)).contains("ci-issuer-metadata"));
        assert!(
            why(&issuer("https://a.example", "    client-id: s\n    type: ci-provider\n"))
                .contains("ci-provider")
        );
        assert!(
            why(&issuer("https://a.example", "    client-id: s\n    type: email\n    ca-cert: x\n"))
                .contains("ca-cert")
        );
        for (metadata, expected) in [
            ("default-template-values: {}", "subject-alternative-name-template"),
            ("subject-alternative-name-template: '{{ .a | b }}'", "not understood"),
            (
                "subject-alternative-name-template: a\n    extension-templates: {build-signer: a}",
                "build-signer",
            ),
            (
                "subject-alternative-name-template: a\n    extension-templates: {build-trigger: '{{if .a}}'}",
                "build-trigger",
            ),
        ] {
            let text = format!("ci-issuer-metadata:\n  jenkins:\n    {metadata}\n");
            assert!(why(&text).contains(expected), "{}", why(&text));
        }
        for url in ["ftp://a.example", "*://a.example", "https://a.example?x", "https://u@a.example", "a"] {
            let pattern = format!("meta-issuers:\n  '{url}':\n    client-id: s\n    type: email\n");
            assert!(why(&pattern).contains("URL"), "{url}");
        }
    }
}
