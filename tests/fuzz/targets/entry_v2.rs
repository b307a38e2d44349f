//! Requests of Rekor v2, as JSON and as protobuf: what JSON says, protobuf can say, and it means the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prost::Message as _;
use sigstead_entry::Canonical;
use sigstead_entry::v2::{Algorithms, Dsse, HashedRekord, Material, Verifier};
use sigstead_proto::rekor_v2::create_entry_request::Spec;
use sigstead_proto::rekor_v2::{
    CreateEntryRequest, DsseRequestV002, HashedRekordRequestV002, Verifier as WireVerifier, verifier,
};

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
    let leaf = match request.spec {
        Some(Spec::HashedRekordRequestV002(request)) => hashedrekord(request),
        Some(Spec::DsseRequestV002(request)) => dsse(request),
        None => None,
    };
    if let Some(leaf) = leaf {
        let body: serde_json::Value = serde_json::from_slice(&leaf.body).unwrap();
        assert_eq!(leaf.body, serde_json_canonicalizer::to_vec(&body).unwrap(), "RFC 8785");
    }
}

fn hashedrekord(request: HashedRekordRequestV002) -> Option<Canonical> {
    let signature = request.signature?;
    let verifier = known(signature.verifier?)?;
    let entry = HashedRekord { digest: request.digest, signature: signature.content, verifier };
    entry.verify(&Algorithms::head()).ok()
}

fn dsse(request: DsseRequestV002) -> Option<Canonical> {
    let envelope = request.envelope?;
    let entry = Dsse {
        payload_type: envelope.payload_type,
        payload: envelope.payload,
        signatures: envelope.signatures.into_iter().map(|signature| signature.sig).collect(),
        verifiers: request.verifiers.into_iter().map(known).collect::<Option<_>>()?,
    };
    entry.verify(&Algorithms::tiles_2_2()).ok()
}

fn known(by: WireVerifier) -> Option<Verifier> {
    let material = match by.verifier? {
        verifier::Verifier::PublicKey(key) => Material::PublicKey(key.raw_bytes),
        verifier::Verifier::X509Certificate(certificate) => Material::Certificate(certificate.raw_bytes),
    };
    Some(Verifier { material, key_details: by.key_details })
}
