"""The policy file: keys, checks and errors with line numbers."""
