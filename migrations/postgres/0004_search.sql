-- Postings of the newest entries, a row each; of every full run of 16,384 entries they are packed into 256
-- segments, by the key's first byte, where a posting takes about ten bytes instead of a hundred.
CREATE TABLE search_recent (
    key int8 NOT NULL,
    idx int8 NOT NULL,
    tree int4 NOT NULL,
    PRIMARY KEY (key, tree, idx)
);
-- The keys of version 1 were the first sixteen bytes of the same hash.
INSERT INTO search_recent (key, idx, tree)
    SELECT ('x' || encode(substr(key, 1, 8), 'hex'))::bit(64)::int8, idx, tree FROM search_postings
    ON CONFLICT DO NOTHING;
DROP TABLE search_postings;

CREATE TABLE search_segments (
    tree int4 NOT NULL,
    bucket int2 NOT NULL,
    n int8 NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (tree, bucket, n)
);
ALTER TABLE search_segments ALTER COLUMN data SET STORAGE EXTERNAL;

-- Every text that prefixes and parts of are searched for, once: identities, issuers, repositories, names.
CREATE TABLE search_terms (
    field int2 NOT NULL,
    term text COLLATE "C" NOT NULL,
    PRIMARY KEY (field, term)
);
