use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use sigstead_crypto::HashAlgorithm;

use super::{Algorithms, CanonicalDigest, CanonicalSignature, KeyDetails, Verifier};
use crate::Rejection;
use crate::canonical::Canonical;

/// hashedrekord 0.0.2: a signature over a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedRekord {
    /// Its length must be that of the hash that the key signs with.
    pub digest: Vec<u8>,
    /// As the key's algorithm forms it; ECDSA in DER.
    pub signature: Vec<u8>,
    /// The signature's key.
    pub verifier: Verifier,
}

impl HashedRekord {
    /// Checks the signature and writes the leaf.
    ///
    /// # Errors
    /// With the reason, which is for the log's operator: clients are told no more than that it is invalid.
    pub fn verify(self, algorithms: &Algorithms) -> Result<Canonical, Rejection> {
        if self.signature.is_empty() {
            return Err(Rejection::entry("missing signature"));
        }
        if self.digest.is_empty() {
            return Err(Rejection::entry("missing digest"));
        }
        let (key, details) = self.verifier.key(algorithms)?;
        if details == KeyDetails::Ed25519 {
            return Err(Rejection::entry("PKIX_ED25519 signs no digests; use PKIX_ED25519_PH"));
        }
        let hash = details.hash();
        if self.digest.len() != hash.len() {
            let (got, wanted) = (self.digest.len(), hash.len());
            return Err(Rejection::entry(format!(
                "the digest has {got} bytes, {} has {wanted}",
                hash.name()
            )));
        }
        let verified = key.key.verify_digest(hash, &self.digest, &self.signature);
        verified.map_err(|error| Rejection::entry(format!("verifying signature: {error}")))?;
        let spec = Spec {
            hashed_rekord_v002: Leaf {
                data: CanonicalDigest {
                    algorithm: protobuf_name(hash),
                    digest: BASE64_STANDARD.encode(&self.digest),
                },
                signature: CanonicalSignature {
                    content: BASE64_STANDARD.encode(&self.signature),
                    verifier: self.verifier.canonical(details),
                },
            },
        };
        let mut search_values: Vec<String> = key.search_values().collect();
        search_values.push(format!("{}:{}", hash.name(), hex::encode(&self.digest)));
        let fields = key.search_fields();
        Ok(Canonical::new("hashedrekord", "0.0.2", spec, search_values)?.with_fields(fields))
    }
}

/// The name of `dev.sigstore.common.v1.HashAlgorithm`.
pub(super) const fn protobuf_name(hash: HashAlgorithm) -> &'static str {
    match hash {
        HashAlgorithm::Sha256 => "SHA2_256",
        HashAlgorithm::Sha384 => "SHA2_384",
        HashAlgorithm::Sha512 => "SHA2_512",
    }
}

#[derive(Serialize)]
struct Spec {
    #[serde(rename = "hashedRekordV002")]
    hashed_rekord_v002: Leaf,
}

#[derive(Serialize)]
struct Leaf {
    data: CanonicalDigest,
    signature: CanonicalSignature,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v2::Material;

    /// A leaf that a real rekor-tiles wrote.
    const BODY: &str = r#"{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"SHA2_256","digest":"Z9oB6KzyM5DzjLNGYbLwssMx6+blCZjTMu+r0bk99dk="},"signature":{"content":"MEQCIDq2m1Bl1+/714tX8Sk79EFylxC7MwpJi9gL6zgiPR77AiAmy9XAgLfyADV16/RX2U/N56VL6JT3JL+uW12VqJO1Eg==","verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{"rawBytes":"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAENOtFAHhNoJqZqLzxGuqnVcUvDSYiuhnhcOwQDHmHI0mvXZr1NQVSAu20jroJ8jUrPgGADqzi/09Y5tE6ERRKRw=="}}}}}}"#;

    fn recorded() -> HashedRekord {
        let body: serde_json::Value = serde_json::from_str(BODY).unwrap();
        let leaf = &body["spec"]["hashedRekordV002"];
        let bytes = |value: &serde_json::Value| BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap();
        HashedRekord {
            digest: bytes(&leaf["data"]["digest"]),
            signature: bytes(&leaf["signature"]["content"]),
            verifier: Verifier {
                material: Material::PublicKey(bytes(&leaf["signature"]["verifier"]["publicKey"]["rawBytes"])),
                key_details: 5,
            },
        }
    }

    #[test]
    fn the_leaf_is_rekors() {
        let canonical = recorded().verify(&Algorithms::head()).unwrap();
        assert_eq!(std::str::from_utf8(&canonical.body).unwrap(), BODY);
        let digest = "sha256:67da01e8acf23390f38cb34661b2f0b2c331ebe6e50998d332efabd1b93df5d9";
        assert!(canonical.search_values.iter().any(|value| value == digest), "{:?}", canonical.search_values);
    }

    #[test]
    fn every_part_is_checked() {
        let refused = |change: fn(&mut HashedRekord)| {
            let mut entry = recorded();
            change(&mut entry);
            assert!(entry.verify(&Algorithms::head()).is_err());
        };
        refused(|entry| entry.digest[0] ^= 1);
        refused(|entry| entry.digest.clear());
        refused(|entry| entry.digest.push(0));
        refused(|entry| entry.signature[9] ^= 1);
        refused(|entry| entry.signature.clear());
        for number in [0, 7, 8, 9, 12, 21, -1] {
            let mut entry = recorded();
            entry.verifier.key_details = number;
            assert!(entry.verify(&Algorithms::tiles_2_2()).is_err(), "{number}");
        }
        refused(|entry| entry.verifier.material = Material::Certificate(vec![0x30, 0]));
        assert!(recorded().verify(&Algorithms::named(["PKIX_ED25519_PH"]).unwrap()).is_err());
    }
}
