//! The gRPC API on the same port (ca.md 1.3).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sigstead_ca::SctDelivery;
use sigstead_crypto::Signer as _;
use sigstead_proto::fulcio_v1beta as v1beta;
use sigstead_proto::fulcio_v2::ca_client::CaClient;
use sigstead_proto::fulcio_v2::create_signing_certificate_request::Key;
use sigstead_proto::fulcio_v2::signing_certificate::Certificate;
use sigstead_proto::fulcio_v2::{
    CreateSigningCertificateRequest, Credentials, GetConfigurationRequest, GetTrustBundleRequest, PublicKey,
    PublicKeyRequest, credentials, oidc_issuer,
};
use sigstead_proto::health_v1::HealthCheckRequest;
use sigstead_proto::health_v1::health_client::HealthClient;
use sigstead_x509::parse_pem_chain;
use tonic::{Code, Request};

use crate::ct_log::{CtLog, Mood};
use crate::fixture::{Authority, EMAIL, FulcioAnswer as _, key};

pub(crate) fn request(token: &str) -> CreateSigningCertificateRequest {
    let key = key();
    let proof = key.sign_now(EMAIL.as_bytes()).unwrap();
    let content = key.public_key().to_pem();
    CreateSigningCertificateRequest {
        credentials: (!token.is_empty()).then(|| Credentials {
            credentials: Some(credentials::Credentials::OidcIdentityToken(token.to_owned())),
        }),
        key: Some(Key::PublicKeyRequest(PublicKeyRequest {
            public_key: Some(PublicKey { algorithm: 2, content }),
            proof_of_possession: proof,
        })),
    }
}

#[tokio::test]
async fn certificates() {
    let log = CtLog::start(Mood::Good).await;
    let authority = Authority::with_log(&log).await;
    let mut client = CaClient::new(authority.router());
    let mut by_metadata = Request::new(request(""));
    by_metadata
        .metadata_mut()
        .insert("authorization", format!("Bearer {}", authority.token()).parse().unwrap());
    let mut by_fulcios_metadata = Request::new(request(""));
    by_fulcios_metadata.metadata_mut().insert("oidcidentitytoken", authority.token().parse().unwrap());
    for request in [Request::new(request(&authority.token())), by_metadata, by_fulcios_metadata] {
        let answer = client.create_signing_certificate(request).await.unwrap().into_inner();
        let Some(Certificate::SignedCertificateEmbeddedSct(embedded)) = answer.certificate else {
            panic!("{answer:?}")
        };
        let chain = parse_pem_chain(embedded.chain.unwrap().certificates.join("\n").as_bytes()).unwrap();
        assert_eq!(chain[1..], authority.chain);
    }
    assert_eq!(authority.counts().await, (3, 0, 0));
}

#[tokio::test]
async fn detached_promises() {
    let log = CtLog::start(Mood::Good).await;
    let authority = Authority::with_logs([&log], 1, SctDelivery::Detached).await;
    let mut client = CaClient::new(authority.router());
    let answer = client.create_signing_certificate(request(&authority.token())).await.unwrap().into_inner();
    let Some(Certificate::SignedCertificateDetachedSct(detached)) = answer.certificate else {
        panic!("{answer:?}")
    };
    let json: serde_json::Value = serde_json::from_slice(&detached.signed_certificate_timestamp).unwrap();
    assert_eq!(json["id"], BASE64_STANDARD.encode(log.public_key().fingerprint()));
}

#[tokio::test]
async fn without_a_log() {
    let authority = Authority::new().await;
    let answer =
        CaClient::new(authority.router()).create_signing_certificate(request(&authority.token())).await;
    let Some(Certificate::SignedCertificateDetachedSct(detached)) = answer.unwrap().into_inner().certificate
    else {
        panic!("an SCT from nowhere")
    };
    assert!(detached.signed_certificate_timestamp.is_empty());
    assert_eq!(detached.chain.unwrap().certificates.len(), 3);
}

#[tokio::test]
async fn refusals() {
    let authority = Authority::new().await;
    let mut client = CaClient::new(authority.router());
    let status = client.create_signing_certificate(request("")).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(status.message(), "There was an error processing the identity token");
    let no_key = CreateSigningCertificateRequest { key: None, ..request(&authority.token()) };
    let status = client.create_signing_certificate(no_key).await.unwrap_err();
    assert_eq!(status.message(), "The public key supplied in the request could not be parsed");
    let csr = CreateSigningCertificateRequest {
        key: Some(Key::CertificateSigningRequest(b"x".to_vec())),
        ..request(&authority.token())
    };
    let status = client.create_signing_certificate(csr).await.unwrap_err();
    assert_eq!(status.message(), "The certificate signing request could not be parsed");
}

#[tokio::test]
async fn long_messages_exhaust_resources() {
    let authority = Authority::new().await;
    let long = CreateSigningCertificateRequest {
        key: Some(Key::CertificateSigningRequest(vec![b'a'; 1 << 20])),
        ..request(&authority.token())
    };
    let status = CaClient::new(authority.router()).create_signing_certificate(long).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
}

#[tokio::test]
async fn only_grpc_is_answered() {
    let authority = Authority::new().await;
    let path = "/dev.sigstore.fulcio.v2.CA/GetTrustBundle";
    let json = [("content-type", "application/json")];
    let grpc = [("content-type", "application/grpc+proto")];
    for (method, headers, error) in [
        ("GET", &grpc[..], (501, "Method Not Allowed")),
        ("POST", &json, (415, "Unsupported Media Type")),
        ("POST", &[], (415, "Unsupported Media Type")),
    ] {
        let answer = authority.send(method, path, headers, vec![0; 5]).await;
        assert_eq!(answer.error(), (error.0, error.1.to_owned()), "{method} {headers:?}");
    }
    let answer = authority.send("POST", path, &grpc, vec![0; 5]).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/grpc"));
}

#[tokio::test]
async fn bundle_configuration_and_health() {
    let authority = Authority::new().await;
    let mut client = CaClient::new(authority.router());
    let bundle = client.get_trust_bundle(GetTrustBundleRequest {}).await.unwrap().into_inner();
    let pems: Vec<String> = authority.chain.iter().map(|certificate| certificate.to_pem()).collect();
    assert_eq!(bundle.chains[0].certificates, pems);
    let configuration = client.get_configuration(GetConfigurationRequest {}).await.unwrap().into_inner();
    let url = authority.issuer.url().to_owned();
    assert_eq!(configuration.issuers[0].issuer, Some(oidc_issuer::Issuer::IssuerUrl(url)));
    assert_eq!(configuration.issuers[1].issuer_type, "kubernetes");
    let check = HealthCheckRequest { service: "anything".to_owned() };
    let answer = HealthClient::new(authority.router()).check(check).await.unwrap().into_inner();
    assert_eq!(answer.status, 1);
}

/// The API's first version: PEM in a message, the token in the metadata.
#[tokio::test]
async fn v1beta() {
    let log = CtLog::start(Mood::Good).await;
    let authority = Authority::with_log(&log).await;
    let mut client = v1beta::ca_client::CaClient::new(authority.router());
    let key = key();
    let message = v1beta::CreateSigningCertificateRequest {
        public_key: Some(v1beta::PublicKey {
            algorithm: "ecdsa".to_owned(),
            content: key.public_key().to_pem().into_bytes(),
        }),
        signed_email_address: key.sign_now(EMAIL.as_bytes()).unwrap(),
        certificate_signing_request: Vec::new(),
    };
    let mut request = Request::new(message.clone());
    request.metadata_mut().insert("oidcidentitytoken", authority.token().parse().unwrap());
    let answer = client.create_signing_certificate(request).await.unwrap();
    assert_eq!(answer.metadata().get("x-http-code").unwrap(), "201");
    assert_eq!(answer.get_ref().content_type, "application/pem-certificate-chain");
    assert_eq!(parse_pem_chain(&answer.get_ref().data).unwrap()[1..], authority.chain);
    let root = client.get_root_certificate(()).await.unwrap().into_inner();
    assert_eq!(parse_pem_chain(&root.data).unwrap(), authority.chain);

    let anonymous = client.create_signing_certificate(message.clone()).await.unwrap_err();
    assert_eq!(anonymous.message(), "There was an error processing the identity token");
    let no_key = v1beta::CreateSigningCertificateRequest { public_key: None, ..message };
    let no_key = client.create_signing_certificate(no_key).await.unwrap_err();
    assert_eq!(no_key.message(), "The public key supplied in the request could not be parsed");
}
