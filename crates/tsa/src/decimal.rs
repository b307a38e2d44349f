use der::asn1::Int;

/// Longest number that is read; nonces have up to 64 bytes in practice.
const MAX_DIGITS: usize = 400;

/// A decimal integer of any size and sign as an ASN.1 INTEGER; `None` if the text is not one.
pub(crate) fn integer(text: &str) -> Option<Int> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // Little-endian, with one byte more than needed, for the sign.
    let mut bytes = vec![0u8];
    for digit in digits.bytes() {
        let mut carry = u16::from(digit - b'0');
        for byte in &mut bytes {
            let [low, high] = (u16::from(*byte) * 10 + carry).to_le_bytes();
            *byte = low;
            carry = high.into();
        }
        let [low, _] = carry.to_le_bytes();
        if low != 0 {
            bytes.push(low);
        }
    }
    bytes.push(0);
    if negative {
        let mut carry = true;
        for byte in &mut bytes {
            let (sum, overflow) = (!*byte).overflowing_add(carry.into());
            (*byte, carry) = (sum, overflow);
        }
    }
    bytes.reverse();
    Int::new(shortest(&bytes)).ok()
}

/// Two's complement, big-endian, without the leading bytes that only repeat the sign.
fn shortest(mut bytes: &[u8]) -> &[u8] {
    while let [first, second, ..] = bytes {
        let repeats = (*first == 0 && *second < 0x80) || (*first == 0xff && *second >= 0x80);
        if !repeats {
            break;
        }
        bytes = bytes.get(1..).unwrap_or_default();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_size_and_sign() {
        for (text, bytes) in [
            ("0", &[0][..]),
            ("127", &[127]),
            ("128", &[0, 128]),
            ("256", &[1, 0]),
            ("-1", &[0xff]),
            ("-128", &[0x80]),
            ("-129", &[0xff, 0x7f]),
            ("18446744073709551616", &[1, 0, 0, 0, 0, 0, 0, 0, 0]),
        ] {
            assert_eq!(integer(text).unwrap().as_bytes(), bytes, "{text}");
        }
        for wrong in ["", "-", "1.5", "1e3", "+1", " 1"] {
            assert!(integer(wrong).is_none(), "{wrong}");
        }
    }
}
