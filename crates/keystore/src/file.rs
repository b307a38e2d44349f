use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::Decode as _;
use sigstead_crypto::{KeyError, KeyKind, Secret, SoftwareSigner, pem};
use zeroize::Zeroizing;

use crate::KeystoreError;

/// Makes a key and writes it to `file` as an unencrypted PKCS#8 PEM block that only its owner can read.
/// A file that is there already is left alone, and an error.
///
/// # Errors
/// When the file is there or cannot be written.
pub fn generate_file(file: &Path, kind: KeyKind) -> Result<(), KeystoreError> {
    let key = SoftwareSigner::generate(kind)?;
    let text = Zeroizing::new(pem::encode("PRIVATE KEY", &key.pkcs8_der()?));
    // Written aside and linked into place, so that a crash leaves no half key and nobody's key is replaced.
    let temporary = file.with_extension(format!("{}.new", std::process::id()));
    let mut new = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    new.write_all(text.as_bytes())?;
    new.sync_all()?;
    let linked = std::fs::hard_link(&temporary, file);
    std::fs::remove_file(&temporary)?;
    linked?;
    if let Some(folder) = file.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Opens a PKCS#8 key file in PEM: `PRIVATE KEY`, or `ENCRYPTED PRIVATE KEY` with its password.
///
/// # Errors
/// When the file cannot be read, holds no usable key, or the password is missing or wrong.
pub fn open_file(file: &Path, password: Option<&Secret<String>>) -> Result<SoftwareSigner, KeystoreError> {
    let text = Zeroizing::new(std::fs::read(file)?);
    for block in pem::blocks(&text) {
        let der = Zeroizing::new(block.der);
        match block.label.as_str() {
            "PRIVATE KEY" => return Ok(SoftwareSigner::from_pkcs8_der(&der)?),
            "ENCRYPTED PRIVATE KEY" => return decrypted(&der, password),
            _ => {}
        }
    }
    Err(KeyError::Malformed("no PRIVATE KEY block (PKCS#8) in the file".to_owned()).into())
}

fn decrypted(der: &[u8], password: Option<&Secret<String>>) -> Result<SoftwareSigner, KeystoreError> {
    let password = password.ok_or(KeystoreError::Encrypted("it needs a password"))?;
    let encrypted =
        EncryptedPrivateKeyInfoRef::from_der(der).map_err(|error| KeyError::Malformed(error.to_string()))?;
    let plain = encrypted
        .decrypt(password.expose())
        .map_err(|_| KeystoreError::Encrypted("the password is wrong"))?;
    Ok(SoftwareSigner::from_pkcs8_der(plain.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Command;

    use sigstead_crypto::Signer as _;

    use super::*;

    #[test]
    fn made_keys_are_private_and_open_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.key");
        generate_file(&file, KeyKind::EcdsaP256).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let key = open_file(&file, None).unwrap().public_key().clone();
        generate_file(&file, KeyKind::EcdsaP256).unwrap_err();
        assert_eq!(open_file(&file, None).unwrap().public_key(), &key);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn openssls_encrypted_keys_open_with_their_password() {
        let folder = tempfile::tempdir().unwrap();
        let (plain, file) = (folder.path().join("plain.key"), folder.path().join("encrypted.key"));
        generate_file(&plain, KeyKind::EcdsaP384).unwrap();
        let made = Command::new("openssl")
            .args(["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:secret", "-in"])
            .arg(&plain)
            .arg("-out")
            .arg(&file)
            .status()
            .unwrap();
        assert!(made.success());
        let password = |text: &str| Some(Secret::new(text.to_owned()));
        let key = open_file(&file, password("secret").as_ref()).unwrap();
        assert_eq!(key.public_key(), open_file(&plain, None).unwrap().public_key());
        assert!(matches!(open_file(&file, password("wrong").as_ref()), Err(KeystoreError::Encrypted(_))));
        assert!(matches!(open_file(&file, None), Err(KeystoreError::Encrypted(_))));
    }
}
