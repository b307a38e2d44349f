-- Append-only trees. `trees` is the only table whose rows change: it is the head of each tree, and its lock
-- decides the order of appends. Large values are stored uncompressed: they are hashes, or compressed already,
-- or about to be.
CREATE TABLE trees (
    tree int4 PRIMARY KEY,
    tree_id int8 NOT NULL UNIQUE,
    kind text NOT NULL,
    origin text NOT NULL,
    state text NOT NULL,
    created_ms int8 NOT NULL,
    size int8 NOT NULL,
    frontier bytea NOT NULL,
    last_timestamp_ms int8 NOT NULL
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX one_active_tree_of_a_kind ON trees (kind) WHERE state = 'active';

-- The newest committed batches: the ragged right edge of each tree.
CREATE TABLE leaf_batches (
    tree int4 NOT NULL,
    first_index int8 NOT NULL,
    count int4 NOT NULL,
    timestamp_ms int8 NOT NULL,
    leaf_hashes bytea NOT NULL,
    sizes bytea NOT NULL,
    records bytea NOT NULL,
    PRIMARY KEY (tree, first_index)
);
ALTER TABLE leaf_batches ALTER COLUMN records SET STORAGE EXTERNAL, ALTER COLUMN leaf_hashes SET STORAGE EXTERNAL;

-- 256 records each, gzip-compressed; written once.
CREATE TABLE entry_bundles (
    tree int4 NOT NULL,
    n int8 NOT NULL,
    timestamps bytea NOT NULL,
    sizes bytea NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (tree, n)
);
ALTER TABLE entry_bundles ALTER COLUMN data SET STORAGE EXTERNAL;

-- 256 hashes each, written once, when full.
CREATE TABLE hash_tiles (
    tree int4 NOT NULL,
    level int4 NOT NULL,
    n int8 NOT NULL,
    root bytea NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (tree, level, n)
);
ALTER TABLE hash_tiles ALTER COLUMN data SET STORAGE EXTERNAL;

-- Leaf hash to index, by the hash's first eight bytes; readers compare the whole hash.
CREATE TABLE leaf_lookup (
    prefix int8 NOT NULL,
    idx int8 NOT NULL,
    tree int4 NOT NULL,
    PRIMARY KEY (prefix, idx, tree)
);

-- What makes an entry a duplicate, where that is not its leaf hash.
CREATE TABLE identities (
    identity bytea NOT NULL,
    idx int8 NOT NULL,
    tree int4 NOT NULL,
    PRIMARY KEY (identity, tree)
);

CREATE TABLE search_postings (
    idx int8 NOT NULL,
    tree int4 NOT NULL,
    key bytea NOT NULL
);
CREATE INDEX search_postings_key ON search_postings (key);

CREATE TABLE attestations (
    key text PRIMARY KEY,
    data bytea NOT NULL
);
