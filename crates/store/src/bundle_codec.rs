//! Sealed bundles: one gzip stream that can be entered every 32 entries, so that one entry is read without
//! the other 255. To whoever gets the stream over HTTP it is an ordinary gzip file.

use std::io::Read as _;
use std::ops::Range;

use flate2::{Compress, Compression, Crc, Decompress, FlushCompress, FlushDecompress, Status};

use crate::StoreError;
use crate::codec::{decode_sizes, decode_timestamps, encode_sizes, encode_timestamps, take_varint};
use crate::tree_store::StoredEntry;

/// Entries between two points where the stream can be entered.
pub(crate) const PART: usize = 32;
/// More than any bundle of 256 records unpacks to; a damaged one must not fill the memory.
const MAX_BUNDLE: u64 = 1 << 30;
/// A gzip member's header (RFC 1952): deflate, no name, no time, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// The columns of a sealed bundle.
pub(crate) struct Packed {
    pub(crate) gzip: Vec<u8>,
    pub(crate) sizes: Vec<u8>,
    pub(crate) timestamps: Vec<u8>,
    pub(crate) parts: Vec<u8>,
}

/// One bundle of those entries.
pub(crate) fn pack(entries: &[StoredEntry]) -> Result<Packed, StoreError> {
    let mut gzip = HEADER.to_vec();
    let mut deflate = Compress::new(Compression::default(), false);
    let mut crc = Crc::new();
    let mut lengths = Vec::new();
    let last = entries.len().div_ceil(PART).saturating_sub(1);
    for (n, part) in entries.chunks(PART).enumerate() {
        let records: Vec<u8> = part.iter().flat_map(|entry| entry.record.iter().copied()).collect();
        crc.update(&records);
        let before = gzip.len();
        // After a full flush nothing refers to what stands before it.
        let flush = if n == last { FlushCompress::Finish } else { FlushCompress::Full };
        compress(&mut deflate, &records, flush, &mut gzip)?;
        lengths.push(gzip.len() - before);
    }
    gzip.extend(crc.sum().to_le_bytes());
    gzip.extend(crc.amount().to_le_bytes());
    let timestamps: Vec<u64> = entries.iter().map(|entry| entry.timestamp_ms).collect();
    Ok(Packed {
        gzip,
        sizes: encode_sizes(entries.iter().map(|entry| entry.record.len())),
        timestamps: encode_timestamps(&timestamps),
        parts: encode_sizes(lengths.into_iter()),
    })
}

fn compress(
    deflate: &mut Compress,
    mut input: &[u8],
    flush: FlushCompress,
    out: &mut Vec<u8>,
) -> Result<(), StoreError> {
    loop {
        out.reserve(input.len() / 2 + 64);
        let before = deflate.total_in();
        let status = deflate.compress_vec(input, out, flush);
        let status = status.map_err(|error| StoreError::corrupt(format!("compressing a bundle: {error}")))?;
        let taken = usize::try_from(deflate.total_in() - before).unwrap_or(usize::MAX);
        input = input.get(taken..).unwrap_or_default();
        let has_room = out.len() < out.capacity();
        if status == Status::StreamEnd
            || (input.is_empty() && has_room && !matches!(flush, FlushCompress::Finish))
        {
            return Ok(());
        }
    }
}

/// What a sealed bundle's row says of its entries.
pub(crate) struct Sealed {
    sizes: Vec<usize>,
    timestamps: Vec<u64>,
    /// Where each part begins and ends in the stream; empty if it cannot be entered.
    parts: Vec<Range<usize>>,
}

impl Sealed {
    pub(crate) fn new(sizes: &[u8], timestamps: &[u8], parts: &[u8]) -> Result<Self, StoreError> {
        let (sizes, timestamps) = (decode_sizes(sizes)?, decode_timestamps(timestamps)?);
        if sizes.len() != timestamps.len() {
            return Err(StoreError::corrupt("records that do not add up"));
        }
        let mut ranges = Vec::new();
        let (mut begin, mut rest) = (HEADER.len(), parts);
        while !rest.is_empty() {
            let (length, after) = take_varint(rest).ok_or_else(|| StoreError::corrupt("a bundle's parts"))?;
            let end = usize::try_from(length).ok().and_then(|length| begin.checked_add(length));
            let end = end.ok_or_else(|| StoreError::corrupt("a bundle's parts"))?;
            ranges.push(begin..end);
            (begin, rest) = (end, after);
        }
        if !ranges.is_empty() && ranges.len() != sizes.len().div_ceil(PART) {
            return Err(StoreError::corrupt("a bundle's parts"));
        }
        Ok(Self { sizes, timestamps, parts: ranges })
    }

    /// The bytes of the stream that hold some entries, and which entries those bytes hold.
    pub(crate) fn stretch(&self, wanted: &Range<usize>) -> Stretch {
        let (first, last) = (wanted.start / PART, wanted.end.div_ceil(PART));
        let parts = self.parts.get(first..last.min(self.parts.len())).unwrap_or_default();
        match (parts.first(), parts.last()) {
            (Some(begin), Some(end)) => Stretch {
                bytes: Some(begin.start..end.end),
                entries: first * PART..(last * PART).min(self.sizes.len()),
            },
            _ => Stretch { bytes: None, entries: 0..self.sizes.len() },
        }
    }

    /// The entries of a stretch, from its bytes.
    pub(crate) fn unpack(&self, stretch: &Stretch, packed: &[u8]) -> Result<Vec<StoredEntry>, StoreError> {
        let corrupt = || StoreError::corrupt("records that do not add up");
        let sizes = self.sizes.get(stretch.entries.clone()).ok_or_else(corrupt)?;
        let timestamps = self.timestamps.get(stretch.entries.clone()).ok_or_else(corrupt)?;
        let total = sizes.iter().try_fold(0usize, |total, size| total.checked_add(*size));
        let total = total.filter(|total| (*total as u64) < MAX_BUNDLE).ok_or_else(corrupt)?;
        let records = if stretch.bytes.is_some() { inflate(packed, total)? } else { gunzip(packed)? };
        crate::reads::cut(records.into(), sizes, timestamps)
    }
}

/// A part of a bundle.
pub(crate) struct Stretch {
    /// In the stream; `None` for all of it.
    pub(crate) bytes: Option<Range<usize>>,
    /// Positions in the bundle.
    pub(crate) entries: Range<usize>,
}

fn inflate(packed: &[u8], total: usize) -> Result<Vec<u8>, StoreError> {
    let mut records = Vec::with_capacity(total);
    let inflated = Decompress::new(false).decompress_vec(packed, &mut records, FlushDecompress::Sync);
    inflated.map_err(|error| StoreError::corrupt(format!("a bundle: {error}")))?;
    Ok(records)
}

fn gunzip(packed: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut records = Vec::new();
    let read = flate2::read::GzDecoder::new(packed).take(MAX_BUNDLE).read_to_end(&mut records);
    read.map_err(|error| StoreError::corrupt(format!("a bundle: {error}")))?;
    Ok(records)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::{any, prop, proptest};

    use super::*;

    fn entries(sizes: &[usize]) -> Vec<StoredEntry> {
        let entry = |(n, size): (usize, &usize)| {
            let record: Vec<u8> = (0..*size).map(|at| ((at * 7) ^ n).to_le_bytes()[0]).collect();
            StoredEntry { record: Bytes::from(record), timestamp_ms: n as u64 / 5 }
        };
        sizes.iter().enumerate().map(entry).collect()
    }

    proptest! {
        #[test]
        fn any_part_is_read_alone_and_the_whole_is_gzip(
            sizes in prop::collection::vec(0usize..3000, 1..257),
            wanted in (0usize..256, 1usize..257),
        ) {
            let all = entries(&sizes);
            let packed = pack(&all).unwrap();
            let whole: Vec<u8> = all.iter().flat_map(|entry| entry.record.to_vec()).collect();
            assert_eq!(gunzip(&packed.gzip).unwrap(), whole);

            let start = wanted.0 % all.len();
            let wanted = start..(start + wanted.1).min(all.len());
            let sealed = Sealed::new(&packed.sizes, &packed.timestamps, &packed.parts).unwrap();
            let stretch = sealed.stretch(&wanted);
            let bytes = &packed.gzip[stretch.bytes.clone().unwrap()];
            assert_eq!(sealed.unpack(&stretch, bytes).unwrap(), all[stretch.entries.clone()]);
            assert!(stretch.entries.start <= wanted.start && stretch.entries.end >= wanted.end);
            assert!(stretch.entries.len() < wanted.len() + 2 * PART);

            let old = Sealed::new(&packed.sizes, &packed.timestamps, &[]).unwrap();
            let stretch = old.stretch(&wanted);
            assert_eq!(old.unpack(&stretch, &packed.gzip).unwrap(), all, "bundles of before have no parts");
        }

        #[test]
        fn damage_is_an_error_and_no_panic(
            columns in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 4..5),
            start in 0usize..300,
        ) {
            if let Ok(sealed) = Sealed::new(&columns[0], &columns[1], &columns[2]) {
                let stretch = sealed.stretch(&(start..start + 1));
                let _ = sealed.unpack(&stretch, &columns[3]);
            }
        }
    }
}
