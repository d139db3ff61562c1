"""Rules about people: actors, approver sources, standing."""
