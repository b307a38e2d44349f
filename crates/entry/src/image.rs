//! What cosign signs for a container image: not the image's digest itself, but a payload that names it.

use sigstead_crypto::sha256;

/// Payload type of the statements that cosign 3 signs.
const IN_TOTO: &str = "application/vnd.in-toto+json";

/// The digests, as `sha256:<hex>`, by which signatures of an image stand in a log: its own, which is the
/// subject of statements, and that of each payload that cosign makes for it when no annotations are asked for.
/// `reference` is `repository@sha256:<hex>`; without a repository the payloads of cosign 2, which name it, are
/// left out. `None` for anything else.
pub fn image_digests(reference: &str) -> Option<Vec<String>> {
    let (repository, digest) = reference.rsplit_once('@').unwrap_or(("", reference));
    let hex = digest.strip_prefix("sha256:")?;
    let is_hex = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then_some(())?;
    let hex = hex.to_ascii_lowercase();
    let mut payloads: Vec<Vec<u8>> =
        statements(&hex).into_iter().map(|text| pre_authenticated(&text)).collect();
    if !repository.is_empty() {
        payloads.push(simple_signing(&full_name(repository), &hex).into_bytes());
    }
    let of_payloads = payloads.iter().map(|payload| format!("sha256:{}", hex::encode(sha256(payload))));
    Some(std::iter::once(format!("sha256:{hex}")).chain(of_payloads).collect())
}

/// cosign 3 in a Rekor v2 log, where an envelope is logged as the digest of what is signed.
fn statements(hex: &str) -> [String; 2] {
    let with = |annotations: &str| {
        format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{hex}"}}{annotations}}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{{}}}}"#
        )
    };
    [with(r#","annotations":{}"#), with("")]
}

fn pre_authenticated(statement: &str) -> Vec<u8> {
    format!("DSSEv1 {} {IN_TOTO} {} {statement}", IN_TOTO.len(), statement.len()).into_bytes()
}

/// cosign 2: Red Hat's simple signing format.
fn simple_signing(repository: &str, hex: &str) -> String {
    format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"{repository}"}},"image":{{"docker-manifest-digest":"sha256:{hex}"}},"type":"cosign container image signature"}},"optional":null}}"#
    )
}

/// A repository with its registry, as cosign writes it: Docker Hub's names are short, and its host is not.
fn full_name(repository: &str) -> String {
    let (first, rest) = repository.split_once('/').unwrap_or(("", repository));
    let names_registry = first.contains(['.', ':']) || first == "localhost";
    match (names_registry, first) {
        (true, "docker.io" | "index.docker.io") if !rest.contains('/') => {
            format!("index.docker.io/library/{rest}")
        }
        (true, "docker.io") => format!("index.docker.io/{rest}"),
        (true, _) => repository.to_owned(),
        (false, "") => format!("index.docker.io/library/{rest}"),
        (false, _) => format!("index.docker.io/{repository}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "895c0277dbe6f9292c1ad23d52511deebfc63573721adbbcdf7f123d29b33694";

    /// Logged by cosign 2.6.5 (hashedrekord 0.0.1) and by cosign 3.1.3 in a v2 log.
    #[test]
    fn the_digests_are_those_that_cosign_logged() {
        let digests = image_digests(&format!("127.0.0.1:47527/app/image-67d74e36@sha256:{HEX}")).unwrap();
        for logged in [
            "sha256:895c0277dbe6f9292c1ad23d52511deebfc63573721adbbcdf7f123d29b33694",
            "sha256:7af449053c15a3f8350152c021883b0d775f10517d57102c17fb45a67bbbe4aa",
            "sha256:dd9048959922b6d29b2df86746ad9c28d76de6a1e32d3d6dd5a9fcac4338aa42",
        ] {
            assert!(digests.iter().any(|digest| digest == logged), "{logged} is not among {digests:?}");
        }
        assert_eq!(image_digests(&format!("sha256:{HEX}")).unwrap().len(), 3, "no repository, no cosign 2");
    }

    #[test]
    fn docker_hubs_names_are_written_in_full() {
        for (short, full) in [
            ("nginx", "index.docker.io/library/nginx"),
            ("docker.io/nginx", "index.docker.io/library/nginx"),
            ("bitnami/redis", "index.docker.io/bitnami/redis"),
            ("docker.io/bitnami/redis", "index.docker.io/bitnami/redis"),
            ("ghcr.io/a/b", "ghcr.io/a/b"),
            ("localhost/a", "localhost/a"),
            ("registry:5000/a", "registry:5000/a"),
        ] {
            assert_eq!(full_name(short), full);
        }
    }

    #[test]
    fn other_references_are_refused() {
        for wrong in ["", "nginx", "nginx:latest", "nginx@sha256:ab", "nginx@sha512:ab", "@"] {
            assert_eq!(image_digests(wrong), None, "{wrong}");
        }
    }
}
