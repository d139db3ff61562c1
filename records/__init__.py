"""Persistence, and the only SQL: the audit trail, read models, stock, payments, time off and people."""
