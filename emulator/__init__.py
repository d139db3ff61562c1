"""A local stand-in for Slack: Web API, Socket Mode, signed HTTP, a web page and a control API."""
