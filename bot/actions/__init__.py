"""Commands and lookups that every door calls."""
