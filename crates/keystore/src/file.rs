use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use pkcs8::der::Decode as _;
use pkcs8::pkcs5::pbes2::Parameters;
use pkcs8::{EncryptedPrivateKeyInfoRef, Error, PrivateKeyInfoRef, pkcs5};
use sigstead_crypto::{KeyError, KeyKind, Secret, SoftwareSigner, pem, random_bytes};
use zeroize::Zeroizing;

use crate::{KeystoreError, SecretSource};

/// A key file, as `file:PATH` or `file:PATH?password-source=…` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileUri {
    /// The file.
    pub path: PathBuf,
    /// Where the password of an encrypted file is.
    pub password: Option<SecretSource>,
}

impl FileUri {
    /// Reads what stands after `file:`.
    ///
    /// # Errors
    /// When there is no path, or what stands after it names no source of a password.
    pub fn parse(text: &str) -> Result<Self, KeystoreError> {
        let (path, query) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
        if path.is_empty() {
            return Err(KeystoreError::Uri("file", "the path is missing".to_owned()));
        }
        let source = |query: &str| {
            let source = query.strip_prefix("password-source=").and_then(SecretSource::parse);
            source.ok_or_else(|| KeystoreError::Uri("file", PASSWORD_HINT.to_owned()))
        };
        Ok(Self { path: path.into(), password: query.map(source).transpose()? })
    }
}

/// Without what was written, which may be the password.
const PASSWORD_HINT: &str = "what follows the path is not known\n  hint: write password-source=file:PATH or password-source=env:NAME; the password itself must not stand in it";

/// Makes a key and writes it to `file` as a PKCS#8 PEM block that only its owner can read, encrypted if there is a
/// password. A file that is there already is left alone, and an error.
///
/// # Errors
/// When the file is there or cannot be written.
pub fn generate_file(
    file: &Path,
    kind: KeyKind,
    password: Option<&Secret<String>>,
) -> Result<(), KeystoreError> {
    let plain = SoftwareSigner::generate(kind)?.pkcs8_der()?;
    let text = match password {
        Some(password) => pem::encode("ENCRYPTED PRIVATE KEY", &encrypted(&plain, password)?),
        None => pem::encode("PRIVATE KEY", &plain),
    };
    let text = Zeroizing::new(text);
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

/// Opens a key file in PEM: `PRIVATE KEY` (PKCS#8), `ENCRYPTED PRIVATE KEY` with its password, or the older
/// `EC PRIVATE KEY` and `RSA PRIVATE KEY`.
///
/// # Errors
/// When the file cannot be read, holds no usable key, or the password is missing or wrong.
pub fn open_file(file: &Path, password: Option<&Secret<String>>) -> Result<SoftwareSigner, KeystoreError> {
    let text = Zeroizing::new(std::fs::read(file)?);
    if text.windows(OLD_ENCRYPTION.len()).any(|part| part == OLD_ENCRYPTION) {
        return Err(KeystoreError::Encrypted(OLD_ENCRYPTION_HINT));
    }
    for block in pem::blocks(&text) {
        let der = Zeroizing::new(block.der);
        match block.label.as_str() {
            "PRIVATE KEY" => return Ok(SoftwareSigner::from_pkcs8_der(&der)?),
            "ENCRYPTED PRIVATE KEY" => return decrypted(&der, password),
            "EC PRIVATE KEY" => return Ok(SoftwareSigner::from_sec1_der(&der)?),
            "RSA PRIVATE KEY" => return Ok(SoftwareSigner::from_pkcs1_der(&der)?),
            _ => {}
        }
    }
    Err(KeyError::Malformed("no PRIVATE KEY block in the file".to_owned()).into())
}

/// By PBES2 (RFC 8018 §6.2), which openssl reads too.
fn encrypted(der: &[u8], password: &Secret<String>) -> Result<Vec<u8>, KeystoreError> {
    let failed = |error: &dyn std::fmt::Display| KeyError::Unsupported(format!("not encrypted: {error}"));
    let salt: [u8; 16] = random_bytes().map_err(|error| failed(&error))?;
    let iv: [u8; 16] = random_bytes().map_err(|error| failed(&error))?;
    let how = Parameters::generate_pbkdf2_sha256_aes256cbc(ITERATIONS, &salt, iv);
    let plain = PrivateKeyInfoRef::from_der(der).map_err(|error| failed(&error))?;
    let document = how
        .map_err(Error::EncryptedPrivateKey)
        .and_then(|how| plain.encrypt_with_params(how, password.expose()))
        .map_err(|error| failed(&error))?;
    Ok(document.as_bytes().to_vec())
}

fn decrypted(der: &[u8], password: Option<&Secret<String>>) -> Result<SoftwareSigner, KeystoreError> {
    let password = password.ok_or(KeystoreError::Encrypted(
        "it needs a password\n  hint: write file:PATH?password-source=env:NAME or file:PATH?password-source=file:PATH",
    ))?;
    let unknown = KeystoreError::Encrypted(
        "in a way that is not known here\n  hint: encrypt it anew with `openssl pkcs8 -topk8 -v2 aes-256-cbc`",
    );
    let Ok(encrypted) = EncryptedPrivateKeyInfoRef::from_der(der) else { return Err(unknown) };
    match encrypted.decrypt(password.expose()) {
        Ok(plain) => Ok(SoftwareSigner::from_pkcs8_der(plain.as_bytes())?),
        // Under a wrong password the padding may fit by chance; what comes out is not DER then.
        Err(Error::EncryptedPrivateKey(pkcs5::Error::DecryptFailed) | Error::Asn1(_)) => {
            Err(KeystoreError::Encrypted("the password is wrong"))
        }
        Err(_) => Err(unknown),
    }
}

/// Of PBKDF2: what OWASP asks for with HMAC-SHA-256.
const ITERATIONS: u32 = 600_000;
/// RFC 1421 §4.6.1.1: keyed by one round of MD5, so not worth being read.
const OLD_ENCRYPTION: &[u8] = b"Proc-Type: 4,ENCRYPTED";
const OLD_ENCRYPTION_HINT: &str =
    "in a way that is too weak\n  hint: encrypt it anew with `openssl pkcs8 -topk8 -v2 aes-256-cbc`";

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use sigstead_crypto::{PublicKey, Signer as _};
    use sigstead_testkit::OpenSsl;

    use super::*;

    #[test]
    fn made_keys_are_private_and_open_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.key");
        generate_file(&file, KeyKind::EcdsaP256, None).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let key = open_file(&file, None).unwrap().public_key().clone();
        generate_file(&file, KeyKind::EcdsaP256, None).unwrap_err();
        assert_eq!(open_file(&file, None).unwrap().public_key(), &key);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn keys_are_made_encrypted() {
        let openssl = OpenSsl::new();
        let (file, password) = (openssl.folder().join("a.key"), Secret::new("secret".to_owned()));
        generate_file(&file, KeyKind::EcdsaP384, Some(&password)).unwrap();
        let key = open_file(&file, Some(&password)).unwrap();
        let public = openssl.run(&["pkey", "-in", "a.key", "-passin", "pass:secret", "-pubout"]);
        assert_eq!(key.public_key(), &PublicKey::from_pem(public.as_bytes()).unwrap());
        let (opened, told) = openssl.attempt(&["pkey", "-in", "a.key", "-passin", "pass:wrong"]);
        assert!(!opened, "{told}");
    }

    #[test]
    fn a_uri_names_a_file_and_where_its_password_is() {
        let uri = FileUri::parse("keys/a.key?password-source=env:CA_KEY_PASSWORD").unwrap();
        assert_eq!(uri.path, Path::new("keys/a.key"));
        assert_eq!(uri.password, Some(SecretSource::Environment("CA_KEY_PASSWORD".to_owned())));
        assert_eq!(FileUri::parse("a.key").unwrap().password, None);
        for wrong in ["a.key?password=hunter2", "a.key?password-source=hunter2", "a.key?hunter2", "?hunter2"]
        {
            let error = FileUri::parse(wrong).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn openssls_encrypted_keys_open_with_their_password() {
        let openssl = OpenSsl::new();
        openssl.generate("plain.key", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]);
        let path = |name: &str| openssl.folder().join(name);
        let plain = open_file(&path("plain.key"), None).unwrap();
        let ways: [&[&str]; 6] = [
            &["-v2", "aes-256-cbc"],
            &["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512", "-iter", "10000"],
            &["-v2", "aes-192-cbc"],
            &["-v2", "aes-128-cbc"],
            &["-scrypt"],
            &["-scrypt", "-scrypt_N", "1024", "-scrypt_r", "4", "-scrypt_p", "2"],
        ];
        for way in ways {
            let made = ["pkcs8", "-topk8", "-passout", "pass:secret", "-in", "plain.key", "-out", "new.key"];
            openssl.run(&[&made, way].concat());
            let password = |text: &str| Some(Secret::new(text.to_owned()));
            let key = open_file(&path("new.key"), password("secret").as_ref()).unwrap();
            assert_eq!(key.public_key(), plain.public_key(), "{way:?}");
            let refused = |password: Option<Secret<String>>| {
                open_file(&path("new.key"), password.as_ref()).unwrap_err().to_string()
            };
            assert_eq!(refused(password("wrong")), "the key file is encrypted: the password is wrong");
            assert!(refused(None).contains("password-source="), "{way:?}");
        }
    }

    #[test]
    fn keys_that_openssl_makes_encrypted_open() {
        let openssl = OpenSsl::new();
        openssl.run(&[
            "genpkey",
            "-algorithm",
            "ED25519",
            "-aes256",
            "-pass",
            "pass:secret",
            "-out",
            "a.key",
        ]);
        let password = Secret::new("secret".to_owned());
        let key = open_file(&openssl.folder().join("a.key"), Some(&password)).unwrap();
        openssl.run(&["pkey", "-in", "a.key", "-passin", "pass:secret", "-pubout", "-out", "a.pub"]);
        assert_eq!(key.public_key(), &PublicKey::from_pem(&openssl.read("a.pub")).unwrap());
    }

    #[test]
    fn encryption_that_is_too_weak_is_named() {
        let openssl = OpenSsl::new();
        openssl.generate("plain.key", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        openssl.run(&["ec", "-in", "plain.key", "-aes256", "-passout", "pass:secret", "-out", "old.key"]);
        let sha1 = ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1", "-passout", "pass:secret"];
        openssl.run(&[&["pkcs8", "-topk8", "-in", "plain.key", "-out", "sha1.key"], &sha1[..]].concat());
        for name in ["old.key", "sha1.key"] {
            let password = Secret::new("secret".to_owned());
            let error = open_file(&openssl.folder().join(name), Some(&password)).unwrap_err().to_string();
            assert!(error.contains("openssl pkcs8 -topk8 -v2 aes-256-cbc"), "{name}: {error}");
        }
    }

    #[test]
    fn the_older_forms_of_files_open() {
        let openssl = OpenSsl::new();
        for curve in ["prime256v1", "secp384r1", "secp521r1"] {
            // Writes the curve's parameters in a block before the key.
            openssl.run(&["ecparam", "-name", curve, "-genkey", "-out", "old.key"]);
            openssl.run(&["pkcs8", "-topk8", "-nocrypt", "-in", "old.key", "-out", "new.key"]);
            let [old, new] = ["old.key", "new.key"].map(|name| open_file(&openssl.folder().join(name), None));
            assert_eq!(old.unwrap().public_key(), new.unwrap().public_key(), "{curve}");
        }
        openssl.run(&["genrsa", "-traditional", "-out", "old.key", "2048"]);
        assert!(openssl.read("old.key").starts_with(b"-----BEGIN RSA PRIVATE KEY-----"));
        openssl.run(&["pkcs8", "-topk8", "-nocrypt", "-in", "old.key", "-out", "new.key"]);
        let [old, new] = ["old.key", "new.key"].map(|name| open_file(&openssl.folder().join(name), None));
        assert_eq!(old.unwrap().public_key(), new.unwrap().public_key());
    }
}
