//! The append-only engine for every tree flavour
