use std::net::IpAddr;

use der::asn1::Ia5StringRef;

use crate::tlv::{self, UTF8_STRING};
use crate::{X509Error, oid};

/// A name in SubjectAltName, of the kinds that identities are made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SubjectAlternativeName {
    /// An e-mail address (rfc822Name).
    Email(String),
    /// A URI.
    Uri(String),
    /// A DNS name.
    Dns(String),
    /// An IP address.
    Ip(IpAddr),
    /// Fulcio's user name (otherName 1.3.6.1.4.1.57264.1.7).
    Username(String),
}

/// Tags of GeneralName's choices.
const OTHER_NAME: u8 = 0xa0;
const RFC822_NAME: u8 = 0x81;
const DNS_NAME: u8 = 0x82;
const URI: u8 = 0x86;
const IP_ADDRESS: u8 = 0x87;

impl SubjectAlternativeName {
    /// The name alone, as searches and logs show it.
    pub fn value(&self) -> String {
        match self {
            Self::Email(name) | Self::Uri(name) | Self::Dns(name) | Self::Username(name) => name.clone(),
            Self::Ip(address) => address.to_string(),
        }
    }

    /// The GeneralName in DER.
    pub(crate) fn to_der(&self) -> Result<Vec<u8>, X509Error> {
        let ascii = |tag, name: &str| {
            Ia5StringRef::new(name)
                .map_err(|_| X509Error::unencodable("the subject alternative name", "not ASCII"))?;
            Ok(tlv::wrap(tag, name.as_bytes()))
        };
        match self {
            Self::Email(name) => ascii(RFC822_NAME, name),
            Self::Dns(name) => ascii(DNS_NAME, name),
            Self::Uri(name) => ascii(URI, name),
            Self::Ip(IpAddr::V4(address)) => Ok(tlv::wrap(IP_ADDRESS, &address.octets())),
            Self::Ip(IpAddr::V6(address)) => Ok(tlv::wrap(IP_ADDRESS, &address.octets())),
            Self::Username(name) => {
                let kind = crate::build::encode(&oid::FULCIO_USERNAME)?;
                let value = tlv::wrap(tlv::context(0), &tlv::wrap(UTF8_STRING, name.as_bytes()));
                Ok(tlv::wrap(OTHER_NAME, &[kind, value].concat()))
            }
        }
    }

    /// From one GeneralName; `None` for kinds that name no identity here.
    pub(crate) fn from_element(element: &tlv::Element<'_>) -> Option<Self> {
        let text =
            || std::str::from_utf8(element.content).ok().filter(|text| text.is_ascii()).map(str::to_owned);
        match element.tag {
            RFC822_NAME => text().map(Self::Email),
            DNS_NAME => text().map(Self::Dns),
            URI => text().map(Self::Uri),
            IP_ADDRESS => match element.content.len() {
                4 => <[u8; 4]>::try_from(element.content).ok().map(|octets| Self::Ip(octets.into())),
                16 => <[u8; 16]>::try_from(element.content).ok().map(|octets| Self::Ip(octets.into())),
                _ => None,
            },
            OTHER_NAME => username(element.content).map(Self::Username),
            _ => None,
        }
    }
}

fn username(content: &[u8]) -> Option<String> {
    let parts = tlv::elements(content)?;
    let [kind, value] = parts.as_slice() else { return None };
    let is_username = kind.raw == crate::build::encode(&oid::FULCIO_USERNAME).ok()?;
    let name = tlv::single(value.content).filter(|name| is_username && name.tag == UTF8_STRING)?;
    std::str::from_utf8(name.content).ok().map(str::to_owned)
}
