-- Postings are never rows of their own: a batch's are packed into one row, a bundle's into one for each of 32 shares by the key.
CREATE TABLE search_batches (
    tree integer NOT NULL,
    first_index integer NOT NULL,
    data blob NOT NULL,
    PRIMARY KEY (tree, first_index)
);
CREATE TABLE search_shares (
    tree integer NOT NULL,
    share integer NOT NULL,
    bundle integer NOT NULL,
    data blob NOT NULL,
    PRIMARY KEY (tree, share, bundle)
) WITHOUT ROWID;

-- For each posting the key, how many entries (one), and the distance from the bundle's first: seven bits in a byte.
CREATE TEMPORARY TABLE recent AS
    SELECT tree, key >> 59 & 31 AS share, idx >> 8 AS bundle, printf('%016X', key) AS key, idx,
        printf('%016X01', key) ||
            CASE WHEN idx & 255 < 128 THEN printf('%02X', idx & 255) ELSE printf('%02X01', idx & 255) END AS packed,
        (idx >> 8) < COALESCE((SELECT MAX(n) + 1 FROM entry_bundles WHERE entry_bundles.tree = search_recent.tree), 0) AS sealed
    FROM search_recent;
INSERT INTO search_shares (tree, share, bundle, data)
    SELECT tree, share, bundle, unhex(group_concat(packed, '' ORDER BY key, idx)) FROM recent WHERE sealed GROUP BY tree, share, bundle;
INSERT INTO search_batches (tree, first_index, data)
    SELECT tree, bundle << 8, unhex(group_concat(packed, '' ORDER BY key, idx)) FROM recent WHERE NOT sealed GROUP BY tree, bundle;
DROP TABLE recent;
DROP TABLE search_recent;
