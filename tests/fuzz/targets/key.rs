//! Keys in every format that searches take; the first byte names the format. A key's hash does not change.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_entry::{KeyFormat, image_digests};

const FORMATS: [KeyFormat; 5] =
    [KeyFormat::X509, KeyFormat::Pgp, KeyFormat::Minisign, KeyFormat::Ssh, KeyFormat::Tuf];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, key)) = bytes.split_first() else { return };
    let format = FORMATS[usize::from(*first) % FORMATS.len()];
    if let Ok(hash) = format.key_hash(key) {
        assert_eq!(hash.len(), 64);
        assert_eq!(format.key_hash(key).as_ref(), Ok(&hash));
    }
    if let Ok(text) = std::str::from_utf8(key) {
        let _ = image_digests(text);
    }
});
