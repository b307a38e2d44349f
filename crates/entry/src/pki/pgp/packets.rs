//! Packets (RFC 9580, section 4): cut apart here, so that they can be written again as they were.

use pgp::packet::{Packet, PacketParser, Signature};

const SIGNATURE: u8 = 2;

/// One packet's type and body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw<'a> {
    tag: u8,
    body: &'a [u8],
}

impl Raw<'_> {
    pub(super) const fn is_signature(self) -> bool {
        self.tag == SIGNATURE
    }

    /// With the header of today's format.
    pub(super) fn write(self) -> Vec<u8> {
        framed(self.tag, self.body)
    }

    /// `None` if its type, version or algorithm is unknown, or it is malformed.
    pub(super) fn parse(self) -> Option<Packet> {
        PacketParser::new(self.write().as_slice()).next()?.ok()
    }

    /// A signature of a supported kind.
    pub(super) fn signature(self) -> Option<Signature> {
        match self.parse()? {
            Packet::Signature(signature) if super::is_supported(&signature) => Some(signature),
            _ => None,
        }
    }
}

/// A packet with the header of today's format and its shortest length (section 4.2.1).
pub(super) fn framed(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![0xc0 | tag];
    // Bodies are cut from inputs of a mebibyte at most.
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    match length {
        ..192 => packet.extend(length.to_be_bytes().last()),
        192..8384 => {
            let [_, _, high, low] = (length - 192).to_be_bytes();
            packet.extend_from_slice(&[high + 192, low]);
        }
        _ => {
            packet.push(0xff);
            packet.extend_from_slice(&length.to_be_bytes());
        }
    }
    packet.extend_from_slice(body);
    packet
}

/// The packets of a message; a length that cannot be read ends it.
pub(super) struct Packets<'a> {
    rest: &'a [u8],
}

impl<'a> Packets<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn number(&mut self, octets: usize) -> Option<usize> {
        let octets = self.take(octets)?;
        Some(octets.iter().fold(0, |number, octet| number << 8 | usize::from(*octet)))
    }

    fn packet(&mut self) -> Option<Raw<'a>> {
        let header = self.number(1)?.to_le_bytes().first().copied()?;
        if header & 0x80 == 0 {
            return None;
        }
        // Keys and signatures come in one piece: partial and indeterminate lengths are for data.
        let (tag, length) = if header & 0x40 == 0 {
            (
                header >> 2 & 0x0f,
                match header & 3 {
                    0 => self.number(1)?,
                    1 => self.number(2)?,
                    2 => self.number(4)?,
                    _ => return None,
                },
            )
        } else {
            (
                header & 0x3f,
                match self.number(1)? {
                    length @ ..192 => length,
                    first @ 192..224 => ((first - 192) << 8) + self.number(1)? + 192,
                    255 => self.number(4)?,
                    _ => return None,
                },
            )
        };
        Some(Raw { tag, body: self.take(length)? })
    }
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<Raw<'a>, &'static str>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let packet = self.packet();
        if packet.is_none() {
            self.rest = &[];
        }
        Some(packet.ok_or("unexpected EOF"))
    }
}
