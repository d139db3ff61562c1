"""Slack's client of the worker: what Slack asks one call to wait for, every call of that kind waits for."""

import math
from time import monotonic
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from slack_api.errors import TOO_MANY, classify

PER_CHANNEL = "chat.postMessage"
"""Slack limits posts per channel and everything else per method (docs.slack.dev, rate limits)."""


class PatientClient(AsyncWebClient):
    """Asks nothing of Slack before Slack's Retry-After is over, whichever request was told to wait.

    A call that comes too early fails as Slack would have it fail: HTTP 429, and how long is left.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._not_before: dict[tuple[str, str], float] = {}

    async def api_call(self, api_method: str, **call: Any) -> AsyncSlackResponse:
        """Call a method, as `AsyncWebClient` does.

        Raises what `slack_errors.SLACK_FAILURES` lists.
        """
        place = _channel(call) if api_method == PER_CHANNEL else ""
        self._check(api_method, place)
        try:
            return await super().api_call(api_method, **call)
        except SlackApiError as error:
            if wait := classify(error).retry_after:
                self._forget_what_is_over()
                self._not_before[api_method, place] = monotonic() + wait.total_seconds()
            raise

    def _check(self, api_method: str, place: str) -> None:
        left = self._not_before.get((api_method, place), 0.0) - monotonic()
        if left <= 0:
            return
        refused = AsyncSlackResponse(
            client=self,
            http_verb="",
            api_url=api_method,
            req_args={},
            data={"ok": False, "error": "ratelimited"},
            headers={"Retry-After": str(math.ceil(left))},
            status_code=TOO_MANY,
        )
        raise SlackApiError("Slack asked to wait", refused)  # type: ignore[no-untyped-call]

    def _forget_what_is_over(self) -> None:
        now = monotonic()
        self._not_before = {key: at for key, at in self._not_before.items() if at > now}


def _channel(call: dict[str, Any]) -> str:
    return str((call.get("json") or {}).get("channel", ""))
