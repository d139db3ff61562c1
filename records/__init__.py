"""What is remembered: the audit trail, the last public states, stock and ledger. The only SQL."""
