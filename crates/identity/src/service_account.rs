//! What a pod shows to the API server of its Kubernetes cluster, which gives its keys to nobody else.

use std::path::{Path, PathBuf};

use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

use crate::config::IssuerType;

/// Where Kubernetes mounts a pod's service account.
const IN_POD: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// The API server, as every pod knows it.
const API_SERVER: &str = "https://kubernetes.default.svc";
/// Longest file: a bundle of a cluster's certificates has a few kilobytes.
const MAX_FILE: u64 = 256 * 1024;

/// The folder to use for an issuer: the configured one, or the pod's own for its cluster's API server.
pub(crate) fn folder(
    configured: Option<PathBuf>,
    issuer: &str,
    issuer_type: IssuerType,
    is_pattern: bool,
) -> Result<Option<PathBuf>, &'static str> {
    let is_kubernetes = issuer_type == IssuerType::Kubernetes && !is_pattern;
    match configured {
        Some(_) if !is_kubernetes => {
            Err("service-account is for issuers of type kubernetes, and not for patterns")
        }
        Some(_) if !issuer.starts_with("https://") => Err("service-account is for https issuers only"),
        Some(folder) if !folder.is_absolute() => Err("service-account must be an absolute path"),
        None if is_kubernetes && issuer == API_SERVER => Ok(Some(PathBuf::from(IN_POD))),
        configured => Ok(configured),
    }
}

/// The token of now: Kubernetes writes a new one long before the old one ends.
pub(crate) async fn token(folder: &Path) -> Result<String, String> {
    Ok(text(&folder.join("token")).await?.trim_end().to_owned())
}

/// The certificates of the cluster's authority, in PEM.
pub(crate) async fn authority(folder: &Path) -> Result<String, String> {
    text(&folder.join("ca.crt")).await
}

async fn text(file: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", file.display());
    let mut text = String::new();
    let opened = File::open(file).await.map_err(failed)?;
    opened.take(MAX_FILE).read_to_string(&mut text).await.map_err(failed)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_api_server_gets_the_pods_token_unasked() {
        let unasked = |issuer, issuer_type| folder(None, issuer, issuer_type, false).unwrap();
        assert_eq!(unasked(API_SERVER, IssuerType::Kubernetes), Some(PathBuf::from(IN_POD)));
        assert_eq!(unasked(API_SERVER, IssuerType::Uri), None);
        assert_eq!(unasked("https://kubernetes.default.svc.evil.example", IssuerType::Kubernetes), None);
        assert_eq!(unasked("https://oidc.eks.example", IssuerType::Kubernetes), None);
    }

    #[test]
    fn what_could_give_the_token_away_is_refused() {
        let asked = |path: &str, issuer, issuer_type, is_pattern| {
            folder(Some(PathBuf::from(path)), issuer, issuer_type, is_pattern)
        };
        let k3s = "https://kubernetes.default.svc.cluster.local";
        assert_eq!(asked("/sa", k3s, IssuerType::Kubernetes, false), Ok(Some(PathBuf::from("/sa"))));
        for refused in [
            asked("/sa", k3s, IssuerType::Email, false),
            asked("/sa", "https://*.example", IssuerType::Kubernetes, true),
            asked("/sa", "http://kubernetes.default.svc", IssuerType::Kubernetes, false),
            asked("sa", k3s, IssuerType::Kubernetes, false),
        ] {
            assert!(refused.is_err(), "{refused:?}");
        }
    }
}
