-- What the audit trail is asked for: the token's claims, the SCTs (a TLS SignedCertificateTimestampList), and
-- indexes, each in the order of pages: newest first, serial numbers within a millisecond.
ALTER TABLE issuance_intents ADD COLUMN claims text NOT NULL DEFAULT '{}';
ALTER TABLE issuance_outcomes ADD COLUMN scts bytea NOT NULL DEFAULT '';
DROP INDEX issuance_intents_san;
-- Prefixes are ranges of bytes, whatever language the database speaks.
ALTER TABLE issuance_intents ALTER COLUMN san TYPE text COLLATE "C";
-- With the name, so that a rare prefix is looked for without the rows.
CREATE INDEX issuance_intents_time ON issuance_intents (at_ms, serial, san);
CREATE INDEX issuance_intents_san ON issuance_intents (san, at_ms, serial);
CREATE INDEX issuance_intents_issuer ON issuance_intents (issuer, at_ms, serial);
CREATE INDEX issuance_outcomes_failed ON issuance_outcomes (serial) WHERE outcome = 'failed';

-- Rows are only added.
CREATE FUNCTION refuse_change_of_audit_trail() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit trail is only added to'; END $$;
CREATE TRIGGER issuance_intents_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON issuance_intents
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_trail();
CREATE TRIGGER issuance_outcomes_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON issuance_outcomes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_trail();
