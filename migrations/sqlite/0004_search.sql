-- Postings of the newest entries, a row each; of every full run of 16,384 entries they are packed into 256
-- segments, by the key's first byte, where a posting takes about ten bytes instead of a hundred.
CREATE TABLE search_recent (
    key integer NOT NULL,
    idx integer NOT NULL,
    tree integer NOT NULL,
    PRIMARY KEY (key, tree, idx)
) WITHOUT ROWID;
-- The keys of version 1 were the first sixteen bytes of the same hash; a number is made of eight, digit by digit.
INSERT OR IGNORE INTO search_recent (key, idx, tree)
    SELECT
        ((instr('0123456789ABCDEF', substr(hex(key), 1, 1)) - 1) << 60) |
        ((instr('0123456789ABCDEF', substr(hex(key), 2, 1)) - 1) << 56) |
        ((instr('0123456789ABCDEF', substr(hex(key), 3, 1)) - 1) << 52) |
        ((instr('0123456789ABCDEF', substr(hex(key), 4, 1)) - 1) << 48) |
        ((instr('0123456789ABCDEF', substr(hex(key), 5, 1)) - 1) << 44) |
        ((instr('0123456789ABCDEF', substr(hex(key), 6, 1)) - 1) << 40) |
        ((instr('0123456789ABCDEF', substr(hex(key), 7, 1)) - 1) << 36) |
        ((instr('0123456789ABCDEF', substr(hex(key), 8, 1)) - 1) << 32) |
        ((instr('0123456789ABCDEF', substr(hex(key), 9, 1)) - 1) << 28) |
        ((instr('0123456789ABCDEF', substr(hex(key), 10, 1)) - 1) << 24) |
        ((instr('0123456789ABCDEF', substr(hex(key), 11, 1)) - 1) << 20) |
        ((instr('0123456789ABCDEF', substr(hex(key), 12, 1)) - 1) << 16) |
        ((instr('0123456789ABCDEF', substr(hex(key), 13, 1)) - 1) << 12) |
        ((instr('0123456789ABCDEF', substr(hex(key), 14, 1)) - 1) << 8) |
        ((instr('0123456789ABCDEF', substr(hex(key), 15, 1)) - 1) << 4) |
        ((instr('0123456789ABCDEF', substr(hex(key), 16, 1)) - 1) << 0),
        idx, tree FROM search_postings;
DROP TABLE search_postings;

CREATE TABLE search_segments (
    tree integer NOT NULL,
    bucket integer NOT NULL,
    n integer NOT NULL,
    data blob NOT NULL,
    PRIMARY KEY (tree, bucket, n)
);

-- Every text that prefixes and parts of are searched for, once: identities, issuers, repositories, names.
CREATE TABLE search_terms (
    field integer NOT NULL,
    term text NOT NULL,
    PRIMARY KEY (field, term)
) WITHOUT ROWID;
