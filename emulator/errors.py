"""The refusals the stand-in answers, with Slack's own error names."""

from typing import Any

Json = dict[str, Any]


class SlackError(Exception):
    """A call that Slack would refuse.

    ``code`` is Slack's error name; ``messages`` become ``response_metadata.messages`` (one line
    per problem, with a JSON pointer); ``extra`` are further top-level fields of the answer.
    """

    def __init__(self, code: str, *, messages: tuple[str, ...] = (), **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.messages = messages
        self.extra = extra

    def body(self) -> Json:
        """Build the JSON answer: ``ok`` false, ``error``, and what else Slack says."""
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
    """Something a person cannot do in the page: a code for programs and a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
