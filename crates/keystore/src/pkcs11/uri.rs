use std::path::PathBuf;

use crate::{KeystoreError, SecretSource};

/// Longer than any URI that names a key.
const MAX_URI: usize = 4096;

/// A key in a token, as RFC 7512 names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pkcs11Uri {
    /// The library that reaches the token (`module-path`).
    pub module: PathBuf,
    /// The token's label, serial number, model and maker; those that are given must fit.
    pub token: Option<String>,
    /// As above.
    pub serial: Option<String>,
    /// As above.
    pub model: Option<String>,
    /// As above.
    pub manufacturer: Option<String>,
    /// The key's label.
    pub object: Option<String>,
    /// The key's id.
    pub id: Option<Vec<u8>>,
    /// Where the PIN is.
    pub pin: SecretSource,
}

impl Pkcs11Uri {
    /// Reads what stands after `pkcs11:`.
    ///
    /// # Errors
    /// When an attribute is unknown, missing or malformed.
    pub fn parse(text: &str) -> Result<Self, KeystoreError> {
        if text.len() > MAX_URI {
            return Err(KeystoreError::Uri("pkcs11", "it is too long".to_owned()));
        }
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let (mut module, mut token, mut serial, mut model, mut manufacturer) = (None, None, None, None, None);
        let (mut object, mut id, mut pin) = (None, None, None);
        let attributes = path.split(';').chain(query.split('&')).filter(|attribute| !attribute.is_empty());
        for attribute in attributes {
            let (name, value) = attribute.split_once('=').ok_or_else(|| malformed(attribute))?;
            let bytes = decoded(value).ok_or_else(|| malformed(attribute))?;
            if name == "id" {
                id = Some(bytes);
                continue;
            }
            let value = String::from_utf8(bytes).map_err(|_| malformed(attribute))?;
            match name {
                "module-path" => module = Some(PathBuf::from(value)),
                "token" => token = Some(value),
                "serial" => serial = Some(value),
                "model" => model = Some(value),
                "manufacturer" => manufacturer = Some(value),
                "object" => object = Some(value),
                "type" if value == "private" => {}
                "pin-source" => pin = Some(SecretSource::parse(&value).ok_or_else(|| malformed(attribute))?),
                "pin-value" => {
                    let hint = "a PIN must not stand in it\n  hint: write pin-source=file:PATH or pin-source=env:NAME";
                    return Err(KeystoreError::Uri("pkcs11", hint.to_owned()));
                }
                _ => return Err(KeystoreError::Uri("pkcs11", format!("{name} is not known"))),
            }
        }
        let missing = |name: &str| KeystoreError::Uri("pkcs11", format!("{name} is missing"));
        if object.is_none() && id.is_none() {
            return Err(missing("object or id"));
        }
        Ok(Self {
            module: module.ok_or_else(|| missing("module-path"))?,
            token,
            serial,
            model,
            manufacturer,
            object,
            id,
            pin: pin.ok_or_else(|| missing("pin-source"))?,
        })
    }
}

fn malformed(attribute: &str) -> KeystoreError {
    let name = attribute.split('=').next().unwrap_or_default();
    KeystoreError::Uri("pkcs11", format!("{name} is not as RFC 7512 writes it"))
}

/// Percent-decoded.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let (digits, after) = after.split_first_chunk::<2>()?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read() {
        let uri = "token=ca%20keys;object=issuing;id=%01%ff;type=private?module-path=/usr/lib/m.so&pin-source=file:/run/pin";
        let uri = Pkcs11Uri::parse(uri).unwrap();
        assert_eq!((uri.token.as_deref(), uri.object.as_deref()), (Some("ca keys"), Some("issuing")));
        assert_eq!((uri.id, uri.module), (Some(vec![1, 255]), PathBuf::from("/usr/lib/m.so")));
        assert_eq!(uri.pin, SecretSource::File("/run/pin".into()));
    }

    /// As p11tool prints it, which leaves out what stands after the question mark.
    #[test]
    fn what_tools_print_of_a_token_is_read() {
        let shown = "model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=1f;token=ca;id=%01;object=k;type=private";
        let uri = Pkcs11Uri::parse(&format!("{shown}?module-path=/m.so&pin-source=env:PIN")).unwrap();
        assert_eq!(uri.model.as_deref(), Some("SoftHSM v2"));
        assert_eq!(uri.manufacturer.as_deref(), Some("SoftHSM project"));
        assert_eq!(uri.serial.as_deref(), Some("1f"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let end = "?module-path=/m.so&pin-source=env:PIN";
        for (uri, why) in [
            (format!("token=t{end}"), "object or id is missing"),
            ("object=k?pin-source=env:PIN".to_owned(), "module-path is missing"),
            ("object=k?module-path=/m.so".to_owned(), "pin-source is missing"),
            (format!("object=k;colour=red{end}"), "colour is not known"),
            (format!("object=k;id=%0{end}"), "id is not as RFC 7512 writes it"),
            (format!("object=k{end}&pin-value=1234"), "a PIN must not stand in it"),
            ("object=k?module-path=/m.so&pin-source=1234".to_owned(), "pin-source is not as"),
        ] {
            let error = Pkcs11Uri::parse(&uri).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("1234"), "{uri}: {error}");
        }
    }
}
