-- Postings are never rows of their own: a batch's are packed into one row, a bundle's into one for each of 32 shares by the key.
CREATE TABLE search_batches (
    tree int4 NOT NULL,
    first_index int8 NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (tree, first_index)
);
ALTER TABLE search_batches ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE TABLE search_shares (
    tree int4 NOT NULL,
    share int2 NOT NULL,
    bundle int8 NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (tree, share, bundle)
);
ALTER TABLE search_shares ALTER COLUMN data SET STORAGE MAIN;

-- A posting, packed: the key, how many entries (one), and the distance from the first of the row: seven bits in a byte.
CREATE FUNCTION sigstead_packed_posting(key int8, distance int4) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT int8send(key) || '\x01'::bytea || CASE
        WHEN distance < 128 THEN set_byte('\x00', 0, distance)
        ELSE set_byte(set_byte('\x0000', 0, distance & 127 | 128), 1, distance >> 7)
    END
$$;

LOCK TABLE search_recent IN SHARE ROW EXCLUSIVE MODE;
WITH sealed AS (
    SELECT tree, MAX(n) + 1 AS bundles FROM entry_bundles GROUP BY tree
), shared AS (
    INSERT INTO search_shares (tree, share, bundle, data)
    SELECT tree, key >> 59 & 31, idx >> 8,
        string_agg(sigstead_packed_posting(key, (idx & 255)::int4), '' ORDER BY int8send(key), idx)
    FROM search_recent JOIN sealed USING (tree) WHERE idx >> 8 < bundles GROUP BY 1, 2, 3
)
INSERT INTO search_batches (tree, first_index, data)
    SELECT tree, idx >> 8 << 8,
        string_agg(sigstead_packed_posting(key, (idx & 255)::int4), '' ORDER BY int8send(key), idx)
    FROM search_recent LEFT JOIN sealed USING (tree) WHERE idx >> 8 >= COALESCE(bundles, 0) GROUP BY 1, 2;
DELETE FROM search_recent;

-- Servers of the version before may run for a while, and insert rows: the statement's rows are a batch's postings.
CREATE FUNCTION sigstead_pack_postings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_batches (tree, first_index, data)
        SELECT tree, base, string_agg(sigstead_packed_posting(key, (idx - base)::int4), '' ORDER BY int8send(key), idx)
        FROM fresh JOIN (SELECT tree, MIN(idx) AS base FROM fresh GROUP BY tree) AS first USING (tree) GROUP BY tree, base;
    DELETE FROM search_recent USING fresh
        WHERE search_recent.key = fresh.key AND search_recent.tree = fresh.tree AND search_recent.idx = fresh.idx;
    RETURN NULL;
END
$$;
CREATE TRIGGER pack_postings AFTER INSERT ON search_recent REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION sigstead_pack_postings();
