//! Subjects belong to the issuer's own domain.

use url::Url;

pub(super) fn check_uri_domain(issuer: &str, domain: Option<&str>) -> Result<(), &'static str> {
    let domain = domain.ok_or("subject-domain is missing")?;
    let domain = Url::parse(domain).map_err(|_| "subject-domain must be a URL")?;
    let issuer = Url::parse(issuer).map_err(|_| "the issuer must be a URL")?;
    if domain.scheme() != issuer.scheme() {
        return Err("subject-domain must have the issuer's scheme");
    }
    same_domain(issuer.host_str(), domain.host_str())
}

pub(super) fn check_username_domain(issuer: &str, domain: Option<&str>) -> Result<(), &'static str> {
    let domain = domain.ok_or("subject-domain is missing")?;
    if domain.contains("://") {
        return Err("subject-domain must be a domain, without a scheme");
    }
    let issuer = Url::parse(issuer).map_err(|_| "the issuer must be a URL")?;
    same_domain(issuer.host_str(), Some(domain))
}

/// A trust domain by its name, or by a SPIFFE ID in it, as Fulcio takes both (SPIFFE-ID §2.1).
pub(super) fn trust_domain(text: Option<&str>) -> Result<String, &'static str> {
    let text = text.ok_or("spiffe-trust-domain is missing")?;
    let id = text.strip_prefix("spiffe://");
    let name = id.map_or(text, |id| id.split_once('/').map_or(id, |(name, _)| name));
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    if !name.is_empty() && name.chars().all(is_allowed) {
        Ok(name.to_owned())
    } else {
        Err(
            "spiffe-trust-domain must be a name like prod.example, of lower-case letters, digits, dots, hyphens and underscores",
        )
    }
}

/// The same host, or the same last two labels of a DNS name.
fn same_domain(issuer: Option<&str>, subject: Option<&str>) -> Result<(), &'static str> {
    let (Some(issuer), Some(subject)) = (issuer, subject) else {
        return Err("subject-domain must have a host");
    };
    let base = |host: &str| {
        let labels: Vec<&str> = host.rsplit('.').take(2).collect();
        (labels.len() == 2 && host.parse::<std::net::IpAddr>().is_err()).then(|| labels.join("."))
    };
    if issuer == subject || base(issuer).is_some_and(|issuer| base(subject) == Some(issuer)) {
        Ok(())
    } else {
        Err("subject-domain must be under the issuer's domain")
    }
}
