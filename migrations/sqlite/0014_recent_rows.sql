-- Rows of 2,048 entries lie together, in the order of their keys: a batch's postings touch a few pages, where keys alone
-- spread them over all of the table.
ALTER TABLE search_recent RENAME TO search_recent_by_key;
CREATE TABLE search_recent (
    tree integer NOT NULL,
    run integer NOT NULL,
    key integer NOT NULL,
    idx integer NOT NULL,
    PRIMARY KEY (tree, run, key, idx)
) WITHOUT ROWID;
INSERT INTO search_recent (tree, run, key, idx) SELECT tree, idx >> 11, key, idx FROM search_recent_by_key;
DROP TABLE search_recent_by_key;
