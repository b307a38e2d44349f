use std::sync::Arc;
use std::time::Duration;

use const_oid::ObjectIdentifier;
use der::asn1::{GeneralizedTime, Int, OctetString, UtcTime};
use der::{Any, Decode as _, Encode as _};
use sigstead_clock::Timestamp;
use sigstead_crypto::{HashAlgorithm, SignatureAlgorithm, Signer};
use sigstead_x509::authority::serial;
use sigstead_x509::tlv::{self, INTEGER, OCTET_STRING, SET};
use sigstead_x509::{Certificate, ChainError};
use spki::AlgorithmIdentifierOwned;
use x509_cert::ext::pkix::name::GeneralName;

use crate::authority::StartError;
use crate::error::Error;
use crate::request::Request;
use crate::structures::{
    Accuracy, CONTENT_TYPE, EssCertIdV2, IssuerSerial, MESSAGE_DIGEST, MessageImprint, SIGNED_DATA,
    SIGNING_CERTIFICATE_V2, SIGNING_TIME, SigningCertificateV2, TST_INFO, TstInfo,
};

/// Makes tokens: SignedData (RFC 5652 §5) around a TSTInfo.
///
/// What all tokens have in common, which is most of each, is kept in DER and only copied: to encode it
/// anew takes as long as to sign.
#[derive(Debug)]
pub(crate) struct TokenMaker {
    signer: Arc<dyn Signer>,
    digest: HashAlgorithm,
    /// AlgorithmIdentifier of `digest`.
    digest_algorithm: Vec<u8>,
    signature_algorithm: Vec<u8>,
    /// IssuerAndSerialNumber of the signing certificate.
    signer_id: Vec<u8>,
    /// The GeneralName that TSTInfo calls `tsa`.
    authority: Any,
    /// In their [0].
    certificates: Vec<u8>,
    /// The attribute.
    content_type: Vec<u8>,
    /// The attribute for each hash that requests use.
    signing_certificates: [(HashAlgorithm, Vec<u8>); 3],
}

impl TokenMaker {
    /// For the key of the chain's first certificate, which tokens carry alone or with the rest of the chain.
    pub(crate) fn new(
        chain: &[Certificate],
        sends_chain: bool,
        signer: Arc<dyn Signer>,
    ) -> Result<Self, StartError> {
        let (leaf, _) = chain.split_first().ok_or(ChainError::TooShort(0))?;
        let certificate = x509_cert::Certificate::from_der(leaf.der())?;
        let tbs = certificate.tbs_certificate();
        let sent = if sends_chain { chain } else { std::slice::from_ref(leaf) };
        let identify = |hash| signing_certificate(leaf, tbs, hash).map(|attribute| (hash, attribute));
        let digest = signer.algorithm().hash();
        Ok(Self {
            digest,
            digest_algorithm: algorithm(digest.oid(), None).to_der()?,
            signature_algorithm: signature_algorithm(signer.algorithm()).to_der()?,
            signer_id: tlv::sequence(&[&tbs.issuer().to_der()?, &tbs.serial_number().to_der()?]),
            authority: Any::encode_from(&GeneralName::DirectoryName(tbs.subject().clone()))?,
            certificates: tlv::wrap(tlv::context(0), &in_order(sent.iter().map(Certificate::der).collect())),
            content_type: attribute(CONTENT_TYPE, &TST_INFO.to_der()?)?,
            signing_certificates: [
                identify(HashAlgorithm::Sha256)?,
                identify(HashAlgorithm::Sha384)?,
                identify(HashAlgorithm::Sha512)?,
            ],
            signer,
        })
    }

    /// A granted TimeStampResp (RFC 3161 §2.4.2) in DER.
    pub(crate) async fn answer(
        &self,
        request: &Request,
        policy: ObjectIdentifier,
        now: Timestamp,
    ) -> Result<Vec<u8>, Error> {
        let since_epoch = Duration::from_secs(now.seconds());
        let info = self.info(request, policy, since_epoch)?.to_der()?;
        let attributes = in_order(vec![
            &self.content_type,
            &attribute(SIGNING_TIME, &signing_time(since_epoch)?)?,
            &attribute(MESSAGE_DIGEST, &tlv::wrap(OCTET_STRING, &self.digest.digest(&info)))?,
            self.signing_certificate(request.algorithm),
        ]);
        // RFC 5652 §5.4: signed with the tag of a SET, whatever the tag that they are sent with.
        let signature = self.signer.sign(&tlv::wrap(SET, &attributes)).await?;
        let signer_info = tlv::sequence(&[
            &number(1),
            &self.signer_id,
            &self.digest_algorithm,
            &tlv::wrap(tlv::context(0), &attributes),
            &self.signature_algorithm,
            &tlv::wrap(OCTET_STRING, &signature),
        ]);
        let content = tlv::wrap(tlv::context(0), &tlv::wrap(OCTET_STRING, &info));
        let signed_data = tlv::sequence(&[
            &number(3),
            &tlv::wrap(SET, &self.digest_algorithm),
            &tlv::sequence(&[&TST_INFO.to_der()?, &content]),
            if request.wants_certificate { &self.certificates } else { &[] },
            &tlv::wrap(SET, &signer_info),
        ]);
        let token = tlv::sequence(&[&SIGNED_DATA.to_der()?, &tlv::wrap(tlv::context(0), &signed_data)]);
        let granted = tlv::sequence(&[&number(0)]);
        Ok(tlv::sequence(&[&granted, &token]))
    }

    fn info(
        &self,
        request: &Request,
        policy: ObjectIdentifier,
        since_epoch: Duration,
    ) -> Result<TstInfo, Error> {
        let serial = serial(since_epoch.as_secs().cast_signed()).map_err(|_| Error::Malformed)?;
        Ok(TstInfo {
            version: 1,
            policy,
            imprint: MessageImprint {
                algorithm: algorithm(request.algorithm.oid(), Some(Any::null())),
                digest: OctetString::new(request.digest.as_slice())?,
            },
            serial: Int::new(&serial)?,
            time: GeneralizedTime::from_unix_duration(since_epoch)?,
            accuracy: Accuracy { seconds: 1 },
            ordering: false,
            nonce: request.nonce.clone(),
            authority: Some(self.authority.clone()),
            extensions: request.extensions.clone(),
        })
    }

    fn signing_certificate(&self, wanted: HashAlgorithm) -> &[u8] {
        let [(_, default), ..] = &self.signing_certificates;
        let found = self.signing_certificates.iter().find(|(algorithm, _)| *algorithm == wanted);
        found.map_or(default, |(_, attribute)| attribute)
    }
}

/// ESSCertIDv2 of the signing certificate, hashed as the request's imprint is.
fn signing_certificate(
    leaf: &Certificate,
    tbs: &x509_cert::TbsCertificate,
    hash: HashAlgorithm,
) -> Result<Vec<u8>, der::Error> {
    let identified = EssCertIdV2 {
        algorithm: (hash != HashAlgorithm::Sha256).then(|| algorithm(hash.oid(), None)),
        digest: OctetString::new(hash.digest(leaf.der()))?,
        issuer_serial: IssuerSerial {
            issuer: vec![GeneralName::DirectoryName(tbs.issuer().clone())],
            serial: Int::new(tbs.serial_number().as_bytes())?,
        },
    };
    attribute(SIGNING_CERTIFICATE_V2, &SigningCertificateV2 { certificates: vec![identified] }.to_der()?)
}

/// UTCTime, and GeneralizedTime for what UTCTime cannot say: from 2050 on (RFC 5652 §11.3).
fn signing_time(since_epoch: Duration) -> Result<Vec<u8>, der::Error> {
    UtcTime::from_unix_duration(since_epoch)
        .and_then(|time| time.to_der())
        .or_else(|_| GeneralizedTime::from_unix_duration(since_epoch)?.to_der())
}

/// An Attribute (RFC 5652 §5.3) with one value.
fn attribute(oid: ObjectIdentifier, value: &[u8]) -> Result<Vec<u8>, der::Error> {
    Ok(tlv::sequence(&[&oid.to_der()?, &tlv::wrap(SET, value)]))
}

/// What a SET OF holds: its elements in the order of their encodings (X.690 §11.6).
fn in_order(mut elements: Vec<&[u8]>) -> Vec<u8> {
    elements.sort_unstable();
    elements.concat()
}

/// An INTEGER of one byte.
fn number(small: u8) -> Vec<u8> {
    tlv::wrap(INTEGER, &[small])
}

const fn algorithm(oid: ObjectIdentifier, parameters: Option<Any>) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid, parameters }
}

fn signature_algorithm(signature: SignatureAlgorithm) -> AlgorithmIdentifierOwned {
    algorithm(signature.oid(), (signature == SignatureAlgorithm::RsaPkcs1Sha256).then(Any::null))
}
