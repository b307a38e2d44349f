-- Shards that another log signed for. Its key stays there, so what it signed last is kept.
CREATE TABLE imported_shards (
    tree integer PRIMARY KEY,
    public_key bytea NOT NULL,
    checkpoint text NOT NULL
);
