use crate::hash::{Hash, node_hash};
use crate::node::NodeId;

/// Hashes in a full tile (C2SP tlog-tiles: height 8).
pub const TILE_WIDTH: u64 = 256;
/// Bytes in a hash.
pub const HASH_LEN: usize = 32;
/// Bytes in a full tile.
pub const TILE_BYTES: usize = 256 * HASH_LEN;

/// Names a tile: 256 neighbouring hashes at tree level `8 × level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileCoord {
    /// Tile level, 0 to 7; level 0 holds leaf hashes.
    pub level: u8,
    /// Position among the tiles of its level.
    pub n: u64,
}

impl TileCoord {
    /// How many hashes of this tile a tree of `size` leaves has: 256 when it is full, 0 when it has none.
    pub fn width(&self, size: u64) -> u16 {
        let hashes =
            u32::from(self.level).checked_mul(8).and_then(|shift| size.checked_shr(shift)).unwrap_or(0);
        let begin = self.n.saturating_mul(TILE_WIDTH);
        u16::try_from(hashes.saturating_sub(begin).min(TILE_WIDTH)).unwrap_or(0)
    }
}

impl NodeId {
    /// The tile that determines this node.
    pub fn tile(&self) -> TileCoord {
        let below = u32::from(self.level % 8);
        TileCoord { level: self.level / 8, n: self.index.checked_shr(8 - below).unwrap_or(0) }
    }

    /// The node's hash, from its tile and what is known of it; `None` if the tile is too short to hold it.
    pub fn hash_in_tile(&self, tile: &[u8], inner: &InnerNodes) -> Option<Hash> {
        let below = self.level % 8;
        let first = usize::try_from((self.index << below) % TILE_WIDTH).ok()?;
        match below {
            0..3 => subtree(&hashes_of(tile, first, 1 << below)?),
            3..6 => subtree(inner.third.get(first >> 3..)?.get(..1 << (below - 3))?),
            _ => subtree(inner.sixth.get(first >> 6..)?.get(..1 << (below - 6))?),
        }
    }
}

/// The nodes three and six levels above a tile's hashes: with them at hand, any node of the tile is at most three
/// levels of hashing away instead of eight. They take an eighth of the tile's own bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InnerNodes {
    third: Vec<Hash>,
    sixth: Vec<Hash>,
}

impl InnerNodes {
    /// Of a tile, full or not.
    pub fn of(tile: &[u8]) -> Self {
        let hashes = hashes_of(tile, 0, tile.len() / HASH_LEN).unwrap_or_default();
        let third = above(&hashes);
        Self { sixth: above(&third), third }
    }

    /// How many bytes they take.
    pub fn len_bytes(&self) -> usize {
        (self.third.len() + self.sixth.len()) * HASH_LEN
    }
}

/// Three levels up.
fn above(hashes: &[Hash]) -> Vec<Hash> {
    hashes.chunks_exact(8).filter_map(subtree).collect()
}

fn hashes_of(tile: &[u8], first: usize, count: usize) -> Option<Vec<Hash>> {
    let bytes = tile.get(first * HASH_LEN..(first + count) * HASH_LEN)?;
    Some(bytes.chunks_exact(HASH_LEN).filter_map(|hash| hash.try_into().ok()).collect())
}

/// The root of a perfect tree of at most eight hashes.
fn subtree(hashes: &[Hash]) -> Option<Hash> {
    match hashes {
        [] => None,
        [one] => Some(*one),
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            Some(node_hash(&subtree(left)?, &subtree(right)?))
        }
    }
}

/// The part of a tile's URL after its kind and level: `x001/x234/067` or `x001/x234/067.p/112` (C2SP tlog-tiles).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TilePath {
    /// Position among the tiles of the level.
    pub n: u64,
    /// Width of a partial tile, 1 to 255; `None` for the full one.
    pub partial: Option<u8>,
}

impl TilePath {
    /// Reads the canonical form only, so that one tile has one URL; `None` for anything else.
    pub fn parse(path: &str) -> Option<Self> {
        let (number, partial) = match path.split_once(".p/") {
            None => (path, None),
            Some((number, width)) => (number, Some(canonical_width(width)?)),
        };
        let mut n: u64 = 0;
        let mut groups = number.split('/').peekable();
        while let Some(group) = groups.next() {
            let digits = if groups.peek().is_some() { group.strip_prefix('x')? } else { group };
            if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            n = n.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        let path_of_n = Self { n, partial };
        (path_of_n.to_string() == path).then_some(path_of_n)
    }
}

fn canonical_width(text: &str) -> Option<u8> {
    let width: u8 = text.parse().ok()?;
    (width != 0 && width.to_string() == text).then_some(width)
}

/// What a hash tile's URL asks for, from its level and the rest: the tile, and how many of its hashes
/// (C2SP tlog-tiles). `None` for every spelling but the one, so that caches hold each tile once.
pub fn parse_tile_url(level: &str, path: &str) -> Option<(TileCoord, u16)> {
    let number: u8 = level.parse().ok()?;
    let at = TilePath::parse(path)?;
    let width = at.partial.map_or(256, u16::from);
    (number.to_string() == level).then_some((TileCoord { level: number, n: at.n }, width))
}

impl std::fmt::Display for TilePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut groups = vec![format!("{:03}", self.n % 1000)];
        let mut rest = self.n / 1000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        groups.reverse();
        f.write_str(&groups.join("/"))?;
        match self.partial {
            Some(width) => write!(f, ".p/{width}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_specification() {
        let at = |n, partial| TilePath { n, partial }.to_string();
        assert_eq!(at(1_234_067, None), "x001/x234/067");
        assert_eq!(at(273, Some(112)), "273.p/112");
        assert_eq!(at(0, None), "000");
    }

    #[test]
    fn only_the_canonical_path_is_read() {
        for n in [0, 7, 999, 1000, 1_234_067, u64::MAX / 256] {
            for partial in [None, Some(1), Some(255)] {
                let path = TilePath { n, partial };
                assert_eq!(TilePath::parse(&path.to_string()), Some(path));
            }
        }
        for wrong in [
            "",
            "0",
            "0000",
            "x000/001",
            "001/002",
            "x001/x002",
            "000.p/0",
            "000.p/256",
            "000.p/01",
            "-01",
            "000.p/",
        ] {
            assert_eq!(TilePath::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn widths_of_the_specification() {
        let width = |level, n| TileCoord { level, n }.width(70_000);
        assert_eq!((width(0, 272), width(0, 273), width(0, 274)), (256, 112, 0));
        assert_eq!((width(1, 0), width(1, 1), width(2, 0)), (256, 17, 1));
    }
}
