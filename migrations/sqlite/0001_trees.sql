-- Append-only trees. `trees` is the only table whose rows change: it is the head of each tree, and its lock
-- decides the order of appends.
CREATE TABLE trees (
    tree integer PRIMARY KEY,
    tree_id integer NOT NULL UNIQUE,
    kind text NOT NULL,
    origin text NOT NULL,
    state text NOT NULL,
    created_ms integer NOT NULL,
    size integer NOT NULL,
    frontier blob NOT NULL,
    last_timestamp_ms integer NOT NULL
);
CREATE UNIQUE INDEX one_active_tree_of_a_kind ON trees (kind) WHERE state = 'active';

-- The newest committed batches: the ragged right edge of each tree.
CREATE TABLE leaf_batches (
    tree integer NOT NULL,
    first_index integer NOT NULL,
    count integer NOT NULL,
    timestamp_ms integer NOT NULL,
    leaf_hashes blob NOT NULL,
    sizes blob NOT NULL,
    records blob NOT NULL,
    PRIMARY KEY (tree, first_index)
);

-- 256 records each, gzip-compressed; written once.
CREATE TABLE entry_bundles (
    tree integer NOT NULL,
    n integer NOT NULL,
    timestamps blob NOT NULL,
    sizes blob NOT NULL,
    data blob NOT NULL,
    PRIMARY KEY (tree, n)
);

-- 256 hashes each, written once, when full.
CREATE TABLE hash_tiles (
    tree integer NOT NULL,
    level integer NOT NULL,
    n integer NOT NULL,
    root blob NOT NULL,
    data blob NOT NULL,
    PRIMARY KEY (tree, level, n)
);

-- Leaf hash to index, by the hash's first eight bytes; readers compare the whole hash.
CREATE TABLE leaf_lookup (
    prefix integer NOT NULL,
    idx integer NOT NULL,
    tree integer NOT NULL,
    PRIMARY KEY (prefix, idx, tree)
) WITHOUT ROWID;

-- What makes an entry a duplicate, where that is not its leaf hash.
CREATE TABLE identities (
    identity blob NOT NULL,
    idx integer NOT NULL,
    tree integer NOT NULL,
    PRIMARY KEY (identity, tree)
) WITHOUT ROWID;

CREATE TABLE search_postings (
    key blob NOT NULL,
    tree integer NOT NULL,
    idx integer NOT NULL,
    PRIMARY KEY (key, tree, idx)
) WITHOUT ROWID;

CREATE TABLE attestations (
    key text PRIMARY KEY,
    data blob NOT NULL
);
