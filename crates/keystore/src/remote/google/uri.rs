use crate::KeystoreError;

/// Longer than any name of a key's version.
const MAX_NAME: usize = 1024;
const SHAPE: [&str; 5] = ["projects", "locations", "keyRings", "cryptoKeys", "cryptoKeyVersions"];

/// One version of a key in Google Cloud KMS:
/// `gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/V`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GcpKmsUri {
    /// Google's resource name.
    pub name: String,
}

impl GcpKmsUri {
    /// Reads what stands after `gcpkms://`; sigstore's tools also write `versions` for `cryptoKeyVersions`.
    ///
    /// # Errors
    /// When it names no version of a key.
    pub fn parse(text: &str) -> Result<Self, KeystoreError> {
        let name = text.replace("/versions/", "/cryptoKeyVersions/");
        let parts: Vec<&str> = name.split('/').collect();
        let is_name = |part: &str| {
            let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
            !part.is_empty() && part != "." && part != ".." && part.bytes().all(is_known)
        };
        let fits = parts.len() == 2 * SHAPE.len()
            && parts.chunks(2).zip(SHAPE).all(|(pair, shape)| {
                pair.first() == Some(&shape) && pair.last().copied().is_some_and(is_name)
            });
        if !fits || name.len() > MAX_NAME {
            let hint = "write gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/V";
            return Err(KeystoreError::Uri("gcpkms", hint.to_owned()));
        }
        Ok(Self { name })
    }

    /// The key ring's resource name and the key's own, if this is the version that a new key begins with.
    pub(super) fn of_a_new_key(&self) -> Option<(&str, &str)> {
        self.name.strip_suffix("/cryptoKeyVersions/1")?.split_once("/cryptoKeys/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_keys() {
        let name = "projects/p/locations/eu/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1";
        assert_eq!(GcpKmsUri::parse(name).unwrap().name, name);
        let short = "projects/p/locations/eu/keyRings/r/cryptoKeys/k/versions/1";
        assert_eq!(GcpKmsUri::parse(short).unwrap().name, name);
        let ring = "projects/p/locations/eu/keyRings/r";
        assert_eq!(GcpKmsUri::parse(name).unwrap().of_a_new_key(), Some((ring, "k")));
        assert_eq!(GcpKmsUri::parse(&name.replace("/1", "/11")).unwrap().of_a_new_key(), None);
    }

    #[test]
    fn what_is_none_is_refused() {
        for wrong in [
            "",
            "projects/p/locations/eu/keyRings/r/cryptoKeys/k",
            "projects/p/locations/eu/keyRings/r/cryptoKeys/k/cryptoKeyVersions/",
            "projects/p/locations/eu/keyRings/../cryptoKeys/k/cryptoKeyVersions/1",
            "projects/p/locations/eu/keyRings/r/cryptoKeys/k?x/cryptoKeyVersions/1",
        ] {
            GcpKmsUri::parse(wrong).unwrap_err();
        }
    }
}
