//! Certificates, certificate requests and CMS, with everything that is read from them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_crypto::PublicKey;
use sigstead_x509::cms::SignedData;
use sigstead_x509::precertificate::{tbs_without_poison, tbs_without_scts};
use sigstead_x509::{Certificate, parse_pem_chain, sct};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(certificate) = Certificate::from_der(bytes) {
        read(&certificate);
    }
    for certificate in parse_pem_chain(bytes).unwrap_or_default() {
        read(&certificate);
    }
    if let Ok(signed) = SignedData::from_content_info(bytes) {
        let _ = (signed.verify(), signed.verify_detached(bytes));
    }
    if let Ok(key) = PublicKey::from_spki_der(bytes) {
        assert_eq!(PublicKey::from_spki_der(key.spki_der()).as_ref(), Ok(&key));
    }
});

fn read(certificate: &Certificate) {
    assert_eq!(Certificate::from_der(certificate.der()).as_ref().ok(), Some(certificate));
    let _ = (certificate.subject_alternative_names(), certificate.extended_key_usages());
    let _ = (certificate.public_key(), certificate.path_length(), sct::list_of(certificate));
    let _ = (tbs_without_poison(certificate), tbs_without_scts(certificate));
    let _ = certificate.verify_signed_by(certificate);
    for number in 1..=24 {
        let _ = certificate.fulcio_text(number);
    }
}
