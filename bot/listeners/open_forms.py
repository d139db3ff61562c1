"""Forms that change while somebody types: every change is shown, in its order, and none undoes another."""

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
from views.payload import word

REMEMBERED = 500
"""So many open forms are known at one time; of any other, Slack's own word is taken."""

_OVERTAKEN = "hash_conflict"
_CLOSED = "not_found"

_log = structlog.get_logger("bot.open_forms")


@dataclass(slots=True)
class _Shown:
    """What was last shown in one form: Slack's hash of it, and what the form keeps."""

    hash: str = ""
    metadata: str = ""
    newest: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class OpenForms:
    """Updates open forms one change at a time.

    Somebody who types on while a change is on its way acts in a view that is not the newest any
    more: Slack's hash would refuse what follows from it. So what this process has shown last is
    remembered, and a change is made to that: its lines, with what was typed since. Where another
    process has shown something newer, Slack's own word counts, and the hash keeps anything from
    being painted over.
    """

    def __init__(self) -> None:
        self._shown: dict[str, _Shown] = {}

    async def change(
        self,
        client: AsyncWebClient,
        body: dict[str, Any],
        make: Callable[[dict[str, Any]], View | None],
    ) -> None:
        """Show what `make` makes of the view; None from it means that there is nothing to change.

        A press is safe to repeat where `make` is. Raises SlackApiError for what Slack refuses.
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
        """Show what `make` makes of the view, unless something newer was done there meanwhile.

        Nothing here is worth an error: the next change shows it too.
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
        """Let go of a form that was sent."""
        self._shown.pop(view_id, None)

    def _of(self, body: dict[str, Any]) -> _Shown:
        """Return what is known of the form, the one touched last behind all others."""
        view_id = str(body["view"]["id"])
        shown = self._shown.pop(view_id, None) or _Shown()
        self._shown[view_id] = shown
        while len(self._shown) > REMEMBERED:
            del self._shown[next(iter(self._shown))]
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
        for view_hash, metadata in dict.fromkeys(one for one in (known, seen) if one[0]):
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
    """Return when it was done, as Slack says; 0 where it does not."""
    try:
        return float(word(pressed(body), "action_ts"))
    except ValueError:
        return 0.0
