use sigstead_identity::IssuerType;

use super::claims::{TRUST_DOMAIN, issuer_url};

/// Fulcio's issuer configuration for the development issuer at `base`, whose host is `host`.
pub(crate) fn issuers_yaml(base: &str, host: &str) -> String {
    let issuers: String =
        IssuerType::ALL.into_iter().map(|issuer_type| entry(issuer_type, base, host)).collect();
    format!(
        "# Written by `sigstead up` at every start: the development issuer, one URL for each type of identity.\n\
         oidc-issuers:\n{issuers}{CI_PROVIDER}"
    )
}

fn entry(issuer_type: IssuerType, base: &str, host: &str) -> String {
    let url = issuer_url(issuer_type, base);
    let extra = match issuer_type {
        IssuerType::Uri => format!("    subject-domain: http://{host}\n"),
        IssuerType::Username => format!("    subject-domain: {host}\n"),
        IssuerType::Spiffe => format!("    spiffe-trust-domain: {TRUST_DOMAIN}\n"),
        IssuerType::CiProvider => "    ci-provider: example\n".to_owned(),
        _ => String::new(),
    };
    format!(
        "  {url}:\n    issuer-url: {url}\n    client-id: sigstore\n    type: {}\n{extra}",
        issuer_type.name()
    )
}

/// An example of a CI system that templates describe.
const CI_PROVIDER: &str = r#"ci-issuer-metadata:
  example:
    default-template-values:
      url: https://ci.example
    extension-templates:
      run-invocation-uri: "{{ .url }}/{{ .job }}/{{ .build_number }}"
    subject-alternative-name-template: "{{ .url }}/{{ .job }}"
"#;
