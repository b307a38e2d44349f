-- The CA's audit trail: an intent before anything is signed, an outcome after; rows are only added.
CREATE TABLE issuance_intents (
    serial blob PRIMARY KEY,
    at_ms integer NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    san text NOT NULL,
    key_fingerprint blob NOT NULL,
    not_before integer NOT NULL,
    not_after integer NOT NULL
);
CREATE INDEX issuance_intents_san ON issuance_intents (san);

CREATE TABLE issuance_outcomes (
    serial blob PRIMARY KEY,
    at_ms integer NOT NULL,
    outcome text NOT NULL,
    certificate blob NOT NULL
);

-- Certificates of issuers that CT log entries refer to by fingerprint.
CREATE TABLE ct_issuers (
    fingerprint blob PRIMARY KEY,
    certificate blob NOT NULL
);
