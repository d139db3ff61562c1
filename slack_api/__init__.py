"""Slack's Web API: a rate-limited client, error classification, posting with a key, directory and locale caches."""
