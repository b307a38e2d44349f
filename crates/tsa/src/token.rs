use std::sync::Arc;
use std::time::Duration;

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use const_oid::ObjectIdentifier;
use der::asn1::{GeneralizedTime, Int, OctetString, SetOfVec, UtcTime};
use der::{Any, Decode as _, Encode as _, Tag};
use sigstead_clock::Timestamp;
use sigstead_crypto::{HashAlgorithm, SignatureAlgorithm, Signer};
use sigstead_x509::authority::serial;
use sigstead_x509::{Certificate, ChainError};
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::Attribute;
use x509_cert::ext::pkix::name::GeneralName;

use crate::authority::StartError;
use crate::error::Error;
use crate::request::Request;
use crate::structures::{
    Accuracy, CONTENT_TYPE, EssCertIdV2, IssuerSerial, MESSAGE_DIGEST, MessageImprint, PkiStatusInfo,
    SIGNED_DATA, SIGNING_CERTIFICATE_V2, SIGNING_TIME, SigningCertificateV2, TST_INFO, TimeStampResp,
    TstInfo,
};

/// Makes tokens; what does not change between them is encoded once.
#[derive(Debug)]
pub(crate) struct TokenMaker {
    signer: Arc<dyn Signer>,
    digest: HashAlgorithm,
    signer_id: SignerIdentifier,
    authority: GeneralName,
    certificates: CertificateSet,
    content_type: Attribute,
    /// One for each hash that requests use.
    signing_certificates: [(HashAlgorithm, Attribute); 3],
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
        let sent = sent.iter().map(|certificate| {
            Ok(CertificateChoices::Certificate(x509_cert::Certificate::from_der(certificate.der())?))
        });
        let identify =
            |algorithm| signing_certificate(leaf, tbs, algorithm).map(|attribute| (algorithm, attribute));
        Ok(Self {
            digest: signer.algorithm().hash(),
            signer_id: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer: tbs.issuer().clone(),
                serial_number: tbs.serial_number().clone(),
            }),
            authority: GeneralName::DirectoryName(tbs.subject().clone()),
            content_type: attribute(CONTENT_TYPE, Any::encode_from(&TST_INFO)?)?,
            signing_certificates: [
                identify(HashAlgorithm::Sha256)?,
                identify(HashAlgorithm::Sha384)?,
                identify(HashAlgorithm::Sha512)?,
            ],
            certificates: CertificateSet(SetOfVec::try_from(sent.collect::<der::Result<Vec<_>>>()?)?),
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
        let attributes = SetOfVec::try_from(vec![
            self.content_type.clone(),
            attribute(SIGNING_TIME, signing_time(since_epoch)?)?,
            attribute(MESSAGE_DIGEST, Any::new(Tag::OctetString, self.digest.digest(&info))?)?,
            self.signing_certificate(request.algorithm),
        ])?;
        let signature = self.signer.sign(&attributes.to_der()?).await?;
        let signer_info = SignerInfo {
            version: CmsVersion::V1,
            sid: self.signer_id.clone(),
            digest_alg: algorithm(self.digest.oid(), None),
            signed_attrs: Some(attributes),
            signature_algorithm: signature_algorithm(self.signer.algorithm()),
            signature: OctetString::new(signature)?,
            unsigned_attrs: None,
        };
        let signed = SignedData {
            version: CmsVersion::V3,
            digest_algorithms: SetOfVec::try_from(vec![algorithm(self.digest.oid(), None)])?,
            encap_content_info: EncapsulatedContentInfo {
                econtent_type: TST_INFO,
                econtent: Some(Any::new(Tag::OctetString, info)?),
            },
            certificates: request.wants_certificate.then(|| self.certificates.clone()),
            crls: None,
            signer_infos: SignerInfos(SetOfVec::try_from(vec![signer_info])?),
        };
        let token = ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&signed)? };
        Ok(TimeStampResp { status: PkiStatusInfo { status: 0 }, token }.to_der()?)
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

    fn signing_certificate(&self, wanted: HashAlgorithm) -> Attribute {
        let [(_, default), ..] = &self.signing_certificates;
        let found = self.signing_certificates.iter().find(|(algorithm, _)| *algorithm == wanted);
        found.map_or(default, |(_, attribute)| attribute).clone()
    }
}

/// ESSCertIDv2 of the signing certificate, hashed as the request's imprint is.
fn signing_certificate(
    leaf: &Certificate,
    tbs: &x509_cert::TbsCertificate,
    hash: HashAlgorithm,
) -> Result<Attribute, der::Error> {
    let identified = EssCertIdV2 {
        algorithm: (hash != HashAlgorithm::Sha256).then(|| algorithm(hash.oid(), None)),
        digest: OctetString::new(hash.digest(leaf.der()))?,
        issuer_serial: IssuerSerial {
            issuer: vec![GeneralName::DirectoryName(tbs.issuer().clone())],
            serial: Int::new(tbs.serial_number().as_bytes())?,
        },
    };
    attribute(
        SIGNING_CERTIFICATE_V2,
        Any::encode_from(&SigningCertificateV2 { certificates: vec![identified] })?,
    )
}

/// UTCTime, and GeneralizedTime for what UTCTime cannot say: from 2050 on (RFC 5652 §11.3).
fn signing_time(since_epoch: Duration) -> Result<Any, der::Error> {
    UtcTime::from_unix_duration(since_epoch)
        .and_then(|time| Any::encode_from(&time))
        .or_else(|_| Any::encode_from(&GeneralizedTime::from_unix_duration(since_epoch)?))
}

fn attribute(oid: ObjectIdentifier, value: Any) -> Result<Attribute, der::Error> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}

const fn algorithm(oid: ObjectIdentifier, parameters: Option<Any>) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid, parameters }
}

fn signature_algorithm(signature: SignatureAlgorithm) -> AlgorithmIdentifierOwned {
    algorithm(signature.oid(), (signature == SignatureAlgorithm::RsaPkcs1Sha256).then(Any::null))
}
