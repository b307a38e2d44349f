-- Hashes come in no order, so that in a large log each insert writes to another page of this index, and Postgres
-- logs each such page whole. An index of the prefixes alone is half as large; rows are compared in full anyway.
ALTER TABLE leaf_lookup DROP CONSTRAINT leaf_lookup_pkey;
CREATE INDEX leaf_lookup_prefix ON leaf_lookup (prefix);
