use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sigstead_entry::v2::{Dsse, HashedRekord, Material, Verifier};
use sigstead_entry::{Canonical, Rejection};
use sigstead_proto::rekor_v2::create_entry_request::Spec;
use sigstead_proto::rekor_v2::{
    CreateEntryRequest, DsseRequestV002, HashedRekordRequestV002, Verifier as WireVerifier, verifier,
};
use sigstead_proto::{common_v1, rekor_v1};
use sigstead_tlog::Appended;

use super::error::Error;
use super::service::{Duplicates, RekorV2};

/// Where the entry is, also in the answer to one that was there already.
pub(super) const LOG_INDEX: HeaderName = HeaderName::from_static("x-log-index");

/// `POST /api/v2/log/entries`
pub(super) async fn create(
    State(log): State<Arc<RekorV2>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Error> {
    let body = body.map_err(|_| Error::TooLarge)?;
    if body.len() > log.limits.body {
        return Err(Error::TooLarge);
    }
    let request: CreateEntryRequest =
        serde_json::from_slice(&body).map_err(|error| Error::Request(format!("proto: {error}")))?;
    let entry = log.create(request).await?;
    let index = HeaderValue::from(entry.log_index);
    Ok((StatusCode::CREATED, [(LOG_INDEX, index)], Json(entry)).into_response())
}

impl RekorV2 {
    /// Checks and appends; the same for JSON and gRPC.
    pub(super) async fn create(
        &self,
        request: CreateEntryRequest,
    ) -> Result<rekor_v1::TransparencyLogEntry, Error> {
        let (kind, canonical) = match request.spec {
            Some(Spec::HashedRekordRequestV002(request)) => {
                ("hashedrekord", self.hashedrekord(request).map_err(refused(Error::HashedRekord))?)
            }
            Some(Spec::DsseRequestV002(request)) if self.takes_dsse => {
                ("dsse", self.dsse(request).map_err(refused(Error::Dsse))?)
            }
            _ => return Err(Error::Kind),
        };
        let appended = self.append(&canonical).await?;
        if !appended.is_new && self.duplicates == Duplicates::Conflict {
            return Err(Error::Exists(appended.index));
        }
        if appended.is_new {
            let name = match kind {
                "dsse" => "rekor_v2_new_dsse_entries",
                _ => "rekor_v2_new_hashedrekord_entries",
            };
            metrics::counter!(name).increment(1);
        }
        Ok(self.answer(kind, canonical.body, &appended))
    }

    fn hashedrekord(&self, request: HashedRekordRequestV002) -> Result<Canonical, Rejection> {
        let signature = request.signature.unwrap_or_default();
        let verifier = verifier(signature.verifier)?;
        HashedRekord { digest: request.digest, signature: signature.content, verifier }
            .verify(&self.algorithms)
    }

    fn dsse(&self, request: DsseRequestV002) -> Result<Canonical, Rejection> {
        let envelope = request.envelope.unwrap_or_default();
        let verifiers = request.verifiers.into_iter().map(|one| verifier(Some(one)));
        Dsse {
            payload_type: envelope.payload_type,
            payload: envelope.payload,
            signatures: envelope.signatures.into_iter().map(|signature| signature.sig).collect(),
            verifiers: verifiers.collect::<Result<_, _>>()?,
        }
        .verify(&self.algorithms)
    }

    /// No SET and no time: whoever wants a time asks a timestamp authority.
    fn answer(&self, kind: &str, body: Bytes, appended: &Appended) -> rekor_v1::TransparencyLogEntry {
        let proof = &appended.proof;
        let checkpoint = rekor_v1::Checkpoint { envelope: appended.checkpoint.note.clone() };
        rekor_v1::TransparencyLogEntry {
            log_index: appended.index.cast_signed(),
            log_id: Some(common_v1::LogId { key_id: self.log_id.to_vec() }),
            kind_version: Some(rekor_v1::KindVersion { kind: kind.to_owned(), version: "0.0.2".to_owned() }),
            integrated_time: 0,
            inclusion_promise: None,
            inclusion_proof: Some(rekor_v1::InclusionProof {
                log_index: proof.index.cast_signed(),
                root_hash: proof.root.to_vec(),
                tree_size: proof.size.cast_signed(),
                hashes: proof.hashes.iter().map(|hash| hash.to_vec()).collect(),
                checkpoint: Some(checkpoint),
            }),
            canonicalized_body: body.to_vec(),
        }
    }
}

fn refused(told: Error) -> impl FnOnce(Rejection) -> Error {
    move |why| {
        tracing::info!(%why, "an entry was refused");
        told
    }
}

fn verifier(verifier: Option<WireVerifier>) -> Result<Verifier, Rejection> {
    let missing = || Rejection::Required("verifier");
    let verifier = verifier.ok_or_else(missing)?;
    let material = match verifier.verifier.ok_or_else(missing)? {
        verifier::Verifier::PublicKey(key) => Material::PublicKey(key.raw_bytes),
        verifier::Verifier::X509Certificate(certificate) => Material::Certificate(certificate.raw_bytes),
    };
    Ok(Verifier { material, key_details: verifier.key_details })
}
