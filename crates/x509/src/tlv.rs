//! DER elements (X.690 §8.1), taken apart and put together as bytes: the part of ASN.1 that surgery on a
//! signed structure needs, where everything else must stay as it was encoded.

/// The tag of a BOOLEAN.
pub const BOOLEAN: u8 = 0x01;
/// The tag of an INTEGER.
pub const INTEGER: u8 = 0x02;
/// The tag of a BIT STRING.
pub const BIT_STRING: u8 = 0x03;
/// The tag of an OCTET STRING.
pub const OCTET_STRING: u8 = 0x04;
/// The tag of an OBJECT IDENTIFIER.
pub const OBJECT_IDENTIFIER: u8 = 0x06;
/// The tag of a UTF8String.
pub const UTF8_STRING: u8 = 0x0c;
/// The tag of a SEQUENCE, and of a SEQUENCE OF.
pub const SEQUENCE: u8 = 0x30;
/// The tag of a SET, and of a SET OF.
pub const SET: u8 = 0x31;

/// The tag of a constructed, context-specific element.
pub const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// One element of a larger encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// Its identifier octet.
    pub tag: u8,
    /// With tag and length.
    pub raw: &'a [u8],
    /// Without them.
    pub content: &'a [u8],
}

/// The elements that `content` consists of; `None` unless it is whole elements in DER, with
/// one-byte tags and lengths in their shortest form.
pub fn elements(mut content: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut elements = Vec::new();
    while !content.is_empty() {
        let (element, rest) = first(content)?;
        elements.push(element);
        content = rest;
    }
    Some(elements)
}

/// The one element that `der` is.
pub fn single(der: &[u8]) -> Option<Element<'_>> {
    first(der).filter(|(_, rest)| rest.is_empty()).map(|(element, _)| element)
}

fn first(der: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&tag, rest) = der.split_first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            let value = bytes.iter().fold(0usize, |value, byte| value << 8 | usize::from(*byte));
            let shortest = bytes.first() != Some(&0) && value > 0x7f;
            (shortest.then_some(value)?, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    let raw = der.get(..der.len() - rest.len())?;
    Some((Element { tag, raw, content }, rest))
}

/// `content` as one element.
pub fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    wrap_all(tag, &[content])
}

/// A sequence of elements that are encoded already.
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    wrap_all(SEQUENCE, parts)
}

fn wrap_all(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    let bytes = length.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(bytes.len() - 1);
    let significant = bytes.get(zeros..).unwrap_or_default();
    let mut der = Vec::with_capacity(length + 2 + bytes.len());
    der.push(tag);
    if length >= 0x80 {
        let [.., count] = significant.len().to_be_bytes();
        der.push(0x80 | count);
    }
    der.extend_from_slice(significant);
    for part in parts {
        der.extend_from_slice(part);
    }
    der
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let content = vec![7; length];
            let der = wrap(OCTET_STRING, &content);
            assert_eq!(single(&der).unwrap().content, content);
        }
    }

    #[test]
    fn only_der() {
        for wrong in [
            &[0x04][..],
            &[0x04, 0x80],
            &[0x04, 0x81, 0x01, 0],
            &[0x04, 2, 0],
            &[0x1f, 0x1f, 0],
            &[4, 0x82, 0, 1, 0],
        ] {
            assert_eq!(elements(wrong), None, "{wrong:02x?}");
        }
    }
}
