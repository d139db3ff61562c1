"""Rules about people: actors, approver sources and standing."""
