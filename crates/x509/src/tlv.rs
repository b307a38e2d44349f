//! DER elements (X.690 §8.1), taken apart and put together as bytes: the part of ASN.1 that surgery on a
//! signed structure needs, where everything else must stay as it was encoded.

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// The tag of a constructed, context-specific element.
pub(crate) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// One element of a larger encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    /// With tag and length.
    pub(crate) raw: &'a [u8],
    pub(crate) content: &'a [u8],
}

/// The elements that `content` consists of; `None` unless it is whole elements in DER, with
/// one-byte tags and lengths in their shortest form.
pub(crate) fn elements(mut content: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut elements = Vec::new();
    while !content.is_empty() {
        let (element, rest) = first(content)?;
        elements.push(element);
        content = rest;
    }
    Some(elements)
}

/// The one element that `der` is.
pub(crate) fn single(der: &[u8]) -> Option<Element<'_>> {
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
pub(crate) fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = Vec::with_capacity(content.len() + 6);
    der.push(tag);
    let length = content.len();
    if length < 0x80 {
        der.push(length.to_be_bytes().last().copied().unwrap_or_default());
    } else {
        let bytes = length.to_be_bytes();
        let significant = bytes.iter().skip_while(|byte| **byte == 0).copied().collect::<Vec<_>>();
        der.push(0x80 | significant.len().to_be_bytes().last().copied().unwrap_or_default());
        der.extend(significant);
    }
    der.extend_from_slice(content);
    der
}

/// A sequence of elements that are encoded already.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    wrap(SEQUENCE, &parts.concat())
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
