"""The worker's Slack client: a Retry-After applies to every later call of the same kind."""

import math
from time import monotonic
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from slack_api.errors import HTTP_TOO_MANY_REQUESTS, classify
from slack_api.urgency import is_routine

PER_CHANNEL = "chat.postMessage"
"""Slack limits this method per channel and every other one per method (docs.slack.dev, rate limits)."""

ROUTINE_LATER = 3.0
"""Seconds by which routine calls are later than urgent ones after Slack has limited their kind."""


class RateLimitedClient(AsyncWebClient):
    """Sends no call to Slack before the Retry-After of an earlier call has passed.

    A call that comes too early fails as if Slack had refused it: HTTP 429, with the remaining time.
    Routine calls wait `ROUTINE_LATER` longer, so that urgent ones take the first places.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._blocked_until: dict[tuple[str, str], float] = {}

    async def api_call(self, api_method: str, **call: Any) -> AsyncSlackResponse:
        """Call a method, as `AsyncWebClient` does.

        Raises one of `slack_api.errors.SLACK_FAILURES`.
        """
        channel = _channel(call) if api_method == PER_CHANNEL else ""
        self._check(api_method, channel)
        try:
            return await super().api_call(api_method, **call)
        except SlackApiError as error:
            if wait := classify(error).retry_after:
                self._remove_expired()
                self._blocked_until[api_method, channel] = monotonic() + wait.total_seconds()
                self._check(api_method, channel)  # a routine call gets its own, later time
            raise

    def _check(self, api_method: str, channel: str) -> None:
        remaining = self._blocked_until.get((api_method, channel), -math.inf) - monotonic()
        if is_routine():
            remaining += ROUTINE_LATER
        if remaining <= 0:
            return
        response = AsyncSlackResponse(
            client=self,
            http_verb="",
            api_url=api_method,
            req_args={},
            data={"ok": False, "error": "ratelimited"},
            headers={"Retry-After": str(math.ceil(remaining))},
            status_code=HTTP_TOO_MANY_REQUESTS,
        )
        raise SlackApiError("rate limited", response)  # type: ignore[no-untyped-call]

    def _remove_expired(self) -> None:
        now = monotonic()
        self._blocked_until = {
            key: until for key, until in self._blocked_until.items() if until + ROUTINE_LATER > now
        }


def _channel(call: dict[str, Any]) -> str:
    return str((call.get("json") or {}).get("channel", ""))
