//! Tile URLs: one spelling for each tile.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_merkle::{TilePath, parse_tile_url};

fuzz_target!(|text: &str| {
    if let Some(path) = TilePath::parse(text) {
        assert_eq!(path.to_string(), text);
    }
    if let Some((level, path)) = text.split_once('/')
        && let Some((coord, width)) = parse_tile_url(level, path)
    {
        assert_eq!(coord.level.to_string(), level);
        assert!((1..=256).contains(&width));
        assert!(coord.width(u64::MAX) <= 256);
    }
});
