"""Rendering and publishing App Homes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.actions.inbox_lookup import InboxLookup
from records.homes import Homes
from slack_api.errors import SLACK_FAILURES, slack_code
from slack_api.locales import Locales
from views import home
from views.home import HomePage, HomePlace
from views.translator import personal_translator

OVERTAKEN = "hash_conflict"
TRIES = 3
"""Attempts to publish a home if another process publishes the same home in between."""

_log = structlog.get_logger("bot.home")


class HomeBoard:
    """Publishes homes, and only for people who have opened theirs.

    Each publish sends the hash of the view that was published last. If another process has
    published in between, Slack refuses, and the home is read and rendered again: an older view
    never replaces a newer one.
    """

    def __init__(  # noqa: PLR0913 - its collaborators, and one setting
        self,
        slack: AsyncWebClient,
        homes: Homes,
        lookup: InboxLookup,
        people: Locales,
        now: Callable[[], datetime],
        *,
        command: str,
    ) -> None:
        self._slack = slack
        self._people = people
        self._homes = homes
        self._lookup = lookup
        self._now = now
        self._command = command

    async def opened(self, person: str) -> None:
        """Publish the home of a person who has just opened it, on the tab that they used last.

        If they pressed a button before this event arrived, the home stays where the button led.
        Raises one of `slack_api.errors.SLACK_FAILURES`.
        """
        found = await self._homes.get(person)
        if found is None:
            await self.go(person, HomePlace())
            return
        place = replace(HomePlace.read(found.view), page=0, notice="")
        await self._homes.replace_view(person, found.view, place.written(), self._now())
        await self.publish(person)

    async def place_of(self, person: str) -> HomePlace:
        """Return the part of the home a person is viewing; the first if they never opened it."""
        found = await self._homes.get(person)
        return HomePlace.read(found.view) if found else HomePlace()

    async def go(self, person: str, place: HomePlace) -> None:
        """Show `place`, now and in later publishes.

        Raises one of `slack_api.errors.SLACK_FAILURES`; the next publish then shows `place`.
        """
        await self._homes.set_view(person, place.written(), self._now())
        await self.publish(person)

    async def tell(self, person: str, sentence: str, settled: str = "") -> bool:
        """Publish a home with a notice at the top; return whether it was published.

        The notice stays until the person navigates. The request that they have just decided
        (`settled`) is left out, because the records may learn of the decision a moment later.
        """
        found = await self._homes.get(person)
        if found is None:
            return False
        place = replace(HomePlace.read(found.view), notice=sentence)
        await self._homes.replace_view(person, found.view, place.written(), self._now())
        try:
            await self.publish(person, settled)
        except SLACK_FAILURES as error:
            _log.warning("home_not_shown", why=str(error))
            return False
        return True

    async def publish(self, person: str, settled: str = "") -> None:
        """Publish a home from the current records, if its owner has opened it. Safe to repeat.

        Raises one of `slack_api.errors.SLACK_FAILURES`.
        """
        for left in reversed(range(TRIES)):
            found = await self._homes.get(person)
            if found is None:
                return
            now = self._now()
            page = await self._lookup.page(person, HomePlace.read(found.view), now)
            t = personal_translator(await self._people.locale_of(person))
            view = home.build(_without(page, settled), t, self._command)
            try:
                # If the stored hash is wrong, Slack refuses every try: the last one sends none.
                known = found.view_hash if left else ""
                shown = await self._slack.views_publish(
                    user_id=person, view=view, hash=known or None
                )
            except SlackApiError as error:
                if left and slack_code(error) == OVERTAKEN:
                    continue
                raise
            await self._homes.shown(person, str(shown["view"]["hash"]), now)
            return

    async def page_of(self, person: str) -> HomePage:
        """Return the current contents of a person's home."""
        return await self._lookup.page(person, await self.place_of(person), self._now())

    async def overview(self, person: str, rows: int, settled: str = "") -> HomePage:
        """Return the first `rows` requests to decide, without `settled`, and of the person's own."""
        return _without(await self._lookup.overview(person, self._now(), rows), settled)


def _without(page: HomePage, settled: str) -> HomePage:
    left = tuple(row for row in page.to_decide if row.snapshot.request_id != settled)
    return replace(page, to_decide=left, waiting=page.waiting - (len(page.to_decide) - len(left)))
