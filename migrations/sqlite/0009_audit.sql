-- What the audit trail is asked for: the token's claims, the SCTs (a TLS SignedCertificateTimestampList), and
-- indexes, each in the order of pages: newest first, serial numbers within a millisecond.
ALTER TABLE issuance_intents ADD COLUMN claims text NOT NULL DEFAULT '{}';
ALTER TABLE issuance_outcomes ADD COLUMN scts blob NOT NULL DEFAULT x'';
DROP INDEX issuance_intents_san;
-- With the name, so that a rare prefix is looked for without the rows.
CREATE INDEX issuance_intents_time ON issuance_intents (at_ms, serial, san);
CREATE INDEX issuance_intents_san ON issuance_intents (san, at_ms, serial);
CREATE INDEX issuance_intents_issuer ON issuance_intents (issuer, at_ms, serial);
CREATE INDEX issuance_outcomes_failed ON issuance_outcomes (serial) WHERE outcome = 'failed';

-- Rows are only added. Inserts are looked at too: INSERT OR REPLACE deletes without a trigger's notice.
CREATE TRIGGER issuance_intents_update BEFORE UPDATE ON issuance_intents
BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END;
CREATE TRIGGER issuance_intents_delete BEFORE DELETE ON issuance_intents
BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END;
CREATE TRIGGER issuance_intents_replace BEFORE INSERT ON issuance_intents
WHEN EXISTS (SELECT 1 FROM issuance_intents WHERE serial = NEW.serial OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END;
CREATE TRIGGER issuance_outcomes_update BEFORE UPDATE ON issuance_outcomes
BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END;
CREATE TRIGGER issuance_outcomes_delete BEFORE DELETE ON issuance_outcomes
BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END;
CREATE TRIGGER issuance_outcomes_replace BEFORE INSERT ON issuance_outcomes
WHEN EXISTS (SELECT 1 FROM issuance_outcomes WHERE serial = NEW.serial OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END;
