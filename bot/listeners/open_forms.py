"""Updating open forms while the user types: every change is shown, in order, and none is lost."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from slack_api.errors import SLACK_FAILURES, classify, slack_code
from views.blocks import View
from views.card_click import pressed
from views.payload import text_at
from workflows.rules.shared.recent import drop_oldest

MAX_FORMS = 500
"""Open forms whose last view is cached. For other forms, the view in Slack's payload is used."""

_OVERTAKEN = "hash_conflict"
_CLOSED = "not_found"

_log = structlog.get_logger("bot.open_forms")


@dataclass(slots=True)
class _Shown:
    """The last view of one form: Slack's hash of it, and its private metadata."""

    hash: str = ""
    metadata: str = ""
    newest: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class OpenForms:
    """Updates open forms one change at a time.

    A user who keeps typing while an update is in flight acts on a view that is no longer current,
    and Slack refuses the next update by its hash. So the last view from this process is cached,
    and changes are applied to it, with the values typed since. If another process has updated the
    form, the view in Slack's payload is used, and its hash prevents overwriting a newer view.
    """

    def __init__(self) -> None:
        self._shown: dict[str, _Shown] = {}

    async def change(
        self,
        client: AsyncWebClient,
        body: dict[str, Any],
        make: Callable[[dict[str, Any]], View | None],
    ) -> None:
        """Show the view that `make` returns; None means no change.

        Safe to repeat if `make` is. Raises SlackApiError if Slack refuses the update.
        """
        view, shown = body["view"], self._of(body)
        async with shown.lock:
            await self._show(client, view, shown, make)

    async def refresh(
        self,
        client: AsyncWebClient,
        body: dict[str, Any],
        make: Callable[[dict[str, Any]], View | None],
    ) -> None:
        """Show the view that `make` returns, unless the form has changed since.

        Failures are only logged: the next change shows the same content.
        """
        view, shown, at = body["view"], self._of(body), _instant(body)
        async with shown.lock:
            if at < shown.newest:
                return
            try:
                await self._show(client, view, shown, make)
            except SLACK_FAILURES as error:
                _log.info("form_not_refreshed", error=classify(error).code)

    def forget(self, view_id: str) -> None:
        """Forget a submitted form."""
        self._shown.pop(view_id, None)

    def _of(self, body: dict[str, Any]) -> _Shown:
        """Return the cached state of the form, and move it to the end of the cache."""
        view_id = str(body["view"]["id"])
        shown = self._shown.pop(view_id, None) or _Shown()
        self._shown[view_id] = shown
        drop_oldest(self._shown, MAX_FORMS)
        shown.newest = max(shown.newest, _instant(body))
        return shown

    async def _show(
        self,
        client: AsyncWebClient,
        view: dict[str, Any],
        shown: _Shown,
        make: Callable[[dict[str, Any]], View | None],
    ) -> None:
        seen = (str(view["hash"]), str(view["private_metadata"]))
        known = (shown.hash, shown.metadata)
        for view_hash, metadata in dict.fromkeys(state for state in (known, seen) if state[0]):
            new = make({**view, "private_metadata": metadata})
            if new is None:
                return
            try:
                answer = await client.views_update(view_id=view["id"], hash=view_hash, view=new)
            except SlackApiError as error:
                code = slack_code(error)
                _log.info("form_not_changed", error=code)
                if code == _OVERTAKEN:
                    continue
                if code == _CLOSED:
                    return
                raise
            shown.hash, shown.metadata = answer["view"]["hash"], str(new["private_metadata"])
            return


def _instant(body: dict[str, Any]) -> float:
    """Return the time of the action in seconds since 1970, or 0 if the payload has none."""
    try:
        return float(text_at(pressed(body), "action_ts"))
    except ValueError:
        return 0.0
