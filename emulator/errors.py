"""Errors that the stand-in returns, with Slack's own error codes."""

from typing import Any

Json = dict[str, Any]


class SlackError(Exception):
    """A call that Slack would reject.

    ``code`` is Slack's error code. ``messages`` become ``response_metadata.messages`` (one line per
    problem, with a JSON pointer). ``extra`` are further top-level fields of the response.
    """

    def __init__(self, code: str, *, messages: tuple[str, ...] = (), **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.messages = messages
        self.extra = extra

    def body(self) -> Json:
        """Build the JSON response: ``ok`` false, ``error`` and Slack's other fields."""
        body: Json = {"ok": False, "error": self.code, **self.extra}
        if self.messages:
            body["response_metadata"] = {"messages": list(self.messages)}
        return body


class RateLimitedError(SlackError):
    """Too many calls: HTTP 429 with ``Retry-After`` in whole seconds (docs: rate limits)."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = max(1, retry_after)


class ActError(Exception):
    """An action that a user cannot perform on the page: an error code and a message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
