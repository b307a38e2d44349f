-- An issuance that failed after its intent has an outcome too: 'failed', why, and no certificate.
ALTER TABLE issuance_outcomes ADD COLUMN reason text NOT NULL DEFAULT '';
