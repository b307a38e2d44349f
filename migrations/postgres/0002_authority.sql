-- The CA's audit trail: an intent before anything is signed, an outcome after; rows are only added.
CREATE TABLE issuance_intents (
    serial bytea PRIMARY KEY,
    at_ms int8 NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    san text NOT NULL,
    key_fingerprint bytea NOT NULL,
    not_before int8 NOT NULL,
    not_after int8 NOT NULL
);
CREATE INDEX issuance_intents_san ON issuance_intents (san);

CREATE TABLE issuance_outcomes (
    serial bytea PRIMARY KEY,
    at_ms int8 NOT NULL,
    outcome text NOT NULL,
    certificate bytea NOT NULL
);

-- Certificates of issuers that CT log entries refer to by fingerprint.
CREATE TABLE ct_issuers (
    fingerprint bytea PRIMARY KEY,
    certificate bytea NOT NULL
);
