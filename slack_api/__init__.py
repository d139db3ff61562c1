"""Slack's Web API: the rate-limited client, error classification, posting by key, directory and caches."""
