use serde::{Serialize, Serializer};
use sigstead_merkle::Hash;

/// A hash in hexadecimal, written without a text of its own: an answer has dozens.
pub(super) struct HexHash(pub(super) Hash);

impl Serialize for HexHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = [0; 2 * size_of::<Hash>()];
        hex::encode_to_slice(self.0, &mut text).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(std::str::from_utf8(&text).map_err(serde::ser::Error::custom)?)
    }
}
