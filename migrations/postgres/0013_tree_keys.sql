-- The key that signs for a tree: SHA-256 of its SubjectPublicKeyInfo. A log keeps its key for life.
CREATE TABLE tree_keys (
    tree int4 PRIMARY KEY,
    fingerprint bytea NOT NULL
);
