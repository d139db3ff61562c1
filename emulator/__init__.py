"""A local stand-in for Slack: Web API, Socket Mode, signed HTTP, a page to click in and a control API for tests."""
