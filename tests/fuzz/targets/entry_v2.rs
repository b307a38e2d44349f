//! Requests of Rekor v2, as JSON and as protobuf: what JSON says, protobuf can say, and it means the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prost::Message as _;
use sigstead_entry::v2::{Algorithms, HashedRekord, Material, Verifier};
use sigstead_proto::rekor_v2::create_entry_request::Spec;
use sigstead_proto::rekor_v2::{CreateEntryRequest, verifier};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = serde_json::from_slice::<CreateEntryRequest>(bytes) {
        let again = CreateEntryRequest::decode(request.encode_to_vec().as_slice()).unwrap();
        assert_eq!(again, request);
        verify(request);
    }
    if let Ok(request) = CreateEntryRequest::decode(bytes) {
        verify(request);
    }
});

fn verify(request: CreateEntryRequest) {
    let Some(Spec::HashedRekordRequestV002(request)) = request.spec else { return };
    let Some(signature) = request.signature else { return };
    let Some(by) = signature.verifier else { return };
    let material = match by.verifier {
        Some(verifier::Verifier::PublicKey(key)) => Material::PublicKey(key.raw_bytes),
        Some(verifier::Verifier::X509Certificate(certificate)) => {
            Material::Certificate(certificate.raw_bytes)
        }
        None => return,
    };
    let verifier = Verifier { material, key_details: by.key_details };
    let entry = HashedRekord { digest: request.digest, signature: signature.content, verifier };
    if let Ok(leaf) = entry.verify(&Algorithms::head()) {
        let body: serde_json::Value = serde_json::from_slice(&leaf.body).unwrap();
        assert_eq!(leaf.body, serde_json_canonicalizer::to_vec(&body).unwrap(), "RFC 8785");
    }
}
