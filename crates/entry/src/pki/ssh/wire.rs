use crate::Rejection;

/// Takes SSH's data types (RFC 4251 §5) off the front of some bytes.
#[derive(Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Rejection> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(short)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn uint32(&mut self) -> Result<u32, Rejection> {
        self.bytes(4)?.try_into().map(u32::from_be_bytes).map_err(|_| short())
    }

    pub(super) fn string(&mut self) -> Result<&'a [u8], Rejection> {
        let count = usize::try_from(self.uint32()?).map_err(|_| short())?;
        self.bytes(count)
    }

    /// An `mpint` that is not negative, without leading zeros.
    pub(super) fn magnitude(&mut self) -> Result<&'a [u8], Rejection> {
        let number = self.string()?;
        if number.first().is_some_and(|byte| byte & 0x80 != 0) {
            return Err(Rejection::entry("ssh: negative number"));
        }
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        Ok(number.get(zeros..).unwrap_or_default())
    }

    /// What was not taken.
    pub(super) const fn rest(self) -> &'a [u8] {
        self.0
    }
}

fn short() -> Rejection {
    Rejection::entry("ssh: short read")
}

/// Appends a `string`.
pub(super) fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    // Nothing longer than an entry is written, and entries are far from 4 GiB.
    out.extend((bytes.len() as u32).to_be_bytes());
    out.extend(bytes);
}

/// Appends an `mpint`.
pub(super) fn put_magnitude(out: &mut Vec<u8>, magnitude: &[u8]) {
    let is_high = magnitude.first().is_some_and(|byte| byte & 0x80 != 0);
    let number = if is_high { [&[0], magnitude].concat() } else { magnitude.to_vec() };
    put_string(out, &number);
}
