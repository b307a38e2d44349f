-- What the issuance policy did not allow has an outcome too: 'denied', and why. They are asked for as failures are.
CREATE INDEX issuance_outcomes_denied ON issuance_outcomes (serial) WHERE outcome = 'denied';
