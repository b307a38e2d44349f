//! Small columns: lengths of records, times of entries, frontiers.

use sigstead_merkle::{Frontier, HASH_LEN, Hash};

use crate::StoreError;

/// Lengths as variable-length integers.
pub(crate) fn encode_sizes(sizes: impl Iterator<Item = usize>) -> Vec<u8> {
    let mut bytes = Vec::new();
    sizes.for_each(|size| push_varint(&mut bytes, size as u64));
    bytes
}

pub(crate) fn decode_sizes(bytes: &[u8]) -> Result<Vec<usize>, StoreError> {
    let numbers = varints(bytes).ok_or_else(|| StoreError::corrupt("record sizes"))?;
    numbers
        .into_iter()
        .map(|size| usize::try_from(size).map_err(|_| StoreError::corrupt("record sizes")))
        .collect()
}

/// Times as runs: how many entries, then their common time as the distance from the run before.
pub(crate) fn encode_timestamps(timestamps: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut previous = 0;
    for run in timestamps.chunk_by(|a, b| a == b) {
        let Some(time) = run.first() else { continue };
        push_varint(&mut bytes, run.len() as u64);
        push_varint(&mut bytes, time.wrapping_sub(previous));
        previous = *time;
    }
    bytes
}

pub(crate) fn decode_timestamps(bytes: &[u8]) -> Result<Vec<u64>, StoreError> {
    let corrupt = || StoreError::corrupt("entry times");
    let numbers = varints(bytes).filter(|numbers| numbers.len().is_multiple_of(2)).ok_or_else(corrupt)?;
    let (mut timestamps, mut previous) = (Vec::new(), 0u64);
    for run in numbers.chunks_exact(2) {
        let [count, distance] = run else { return Err(corrupt()) };
        previous = previous.wrapping_add(*distance);
        let count = usize::try_from(*count).ok().filter(|count| *count <= 65_536).ok_or_else(corrupt)?;
        timestamps.extend(std::iter::repeat_n(previous, count));
    }
    Ok(timestamps)
}

pub(crate) fn decode_frontier(size: i64, bytes: &[u8]) -> Result<Frontier, StoreError> {
    Frontier::from_parts(unsigned(size)?, decode_hashes(bytes)?)
        .map_err(|error| StoreError::corrupt(error.to_string()))
}

pub(crate) fn decode_hashes(bytes: &[u8]) -> Result<Vec<Hash>, StoreError> {
    let (hashes, rest) = bytes.as_chunks::<HASH_LEN>();
    if rest.is_empty() { Ok(hashes.to_vec()) } else { Err(StoreError::corrupt("a list of hashes")) }
}

pub(crate) fn decode_hash(bytes: &[u8]) -> Result<Hash, StoreError> {
    bytes.try_into().map_err(|_| StoreError::corrupt("a hash"))
}

/// A column that is never negative.
pub(crate) fn unsigned(column: i64) -> Result<u64, StoreError> {
    u64::try_from(column).map_err(|_| StoreError::corrupt("a negative number"))
}

/// A number for a column; those here are indexes and times, far below the limit.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The first eight bytes of a hash, as the lookup table keys it.
pub(crate) fn prefix(hash: &Hash) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = *hash;
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

pub(crate) fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// A number, and what follows it; `None` if it does not end or is too large.
pub(crate) fn take_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (mut number, mut shift, mut rest) = (0u64, 0u32, bytes);
    loop {
        let byte;
        (byte, rest) = rest.split_first()?;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            return Some((number, rest));
        }
    }
}

fn varints(mut bytes: &[u8]) -> Option<Vec<u64>> {
    let mut numbers = Vec::new();
    while !bytes.is_empty() {
        let number;
        (number, bytes) = take_varint(bytes)?;
        numbers.push(number);
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let sizes = [0, 1, 127, 128, 300, 1 << 20];
        assert_eq!(decode_sizes(&encode_sizes(sizes.into_iter())).unwrap(), sizes);
        let times = [5, 5, 5, 9, 1_795_209_795_000, 1_795_209_795_000, u64::MAX];
        assert_eq!(decode_timestamps(&encode_timestamps(&times)).unwrap(), times);
    }

    #[test]
    fn damage_is_noticed() {
        assert!(decode_sizes(&[0x80]).is_err());
        assert!(decode_sizes(&[0xff; 12]).is_err());
        assert!(decode_timestamps(&[1]).is_err());
        assert!(decode_hashes(&[0; 33]).is_err());
        assert!(decode_frontier(3, &[0; 32]).is_err());
        assert!(decode_frontier(-1, &[]).is_err());
    }
}
