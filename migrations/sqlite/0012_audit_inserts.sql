-- As 0009, but with FAIL: for a statement that may end with ABORT, SQLite keeps a journal of its own, which cost more
-- than the rows. What was inserted before the row at fault goes with the transaction.
DROP TRIGGER issuance_intents_replace;
CREATE TRIGGER issuance_intents_replace BEFORE INSERT ON issuance_intents
WHEN EXISTS (SELECT 1 FROM issuance_intents WHERE serial = NEW.serial OR rowid = NEW.rowid)
BEGIN SELECT RAISE(FAIL, 'the audit trail is only added to'); END;
DROP TRIGGER issuance_outcomes_replace;
CREATE TRIGGER issuance_outcomes_replace BEFORE INSERT ON issuance_outcomes
WHEN EXISTS (SELECT 1 FROM issuance_outcomes WHERE serial = NEW.serial OR rowid = NEW.rowid)
BEGIN SELECT RAISE(FAIL, 'the audit trail is only added to'); END;
