"""App Homes as Slack shows them: what a person looks at is read, built and published, the newest last."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.actions.inbox_lookup import InboxLookup
from records.homes import Homes
from slack_api.errors import SLACK_FAILURES, slack_code
from slack_api.locales import People
from views import home
from views.home import HomePage, HomePlace
from views.translator import translator

OVERTAKEN = "hash_conflict"
TRIES = 3
"""How often a home is read and published anew where another process was faster meanwhile."""

_log = structlog.get_logger("bot.home")


class HomeBoard:
    """Shows homes. Only those that their owners have opened are ever shown.

    Slack's hash of what was shown last is kept, and given back with what is shown next: where
    another process has shown something meanwhile, this one reads again, so that nothing older is
    painted over something newer.
    """

    def __init__(
        self,
        slack: AsyncWebClient,
        homes: Homes,
        lookup: InboxLookup,
        people: People,
        now: Callable[[], datetime],
    ) -> None:
        self._slack = slack
        self._people = people
        self._homes = homes
        self._lookup = lookup
        self._now = now

    async def opened(self, person: str) -> None:
        """Show a home that its owner has just opened, at what they looked at last.

        Who has pressed something in it before we hear of that stays where that has led them.
        Raises what `slack_errors.SLACK_FAILURES` lists.
        """
        found = await self._homes.get(person)
        if found is None:
            await self.go(person, HomePlace())
            return
        place = replace(HomePlace.read(found.view), page=0, notice="")
        await self._homes.look_on(person, found.view, place.written(), self._now())
        await self.publish(person)

    async def place_of(self, person: str) -> HomePlace:
        """Return what a person looks at; the beginning, where they have never opened their home."""
        found = await self._homes.get(person)
        return HomePlace.read(found.view) if found else HomePlace()

    async def go(self, person: str, place: HomePlace) -> None:
        """Show `place` from now on.

        Raises what `slack_errors.SLACK_FAILURES` lists; it is then shown at the next occasion.
        """
        await self._homes.look_at(person, place.written(), self._now())
        await self.publish(person)

    async def tell(self, person: str, sentence: str, settled: str = "") -> bool:
        """Show a home with a sentence on top; say whether it was done.

        The sentence stays until the person moves on. What they have just decided (`settled`) is
        not shown any more, though the records may hear of it a moment later.
        """
        found = await self._homes.get(person)
        if found is None:
            return False
        place = replace(HomePlace.read(found.view), notice=sentence)
        await self._homes.look_on(person, found.view, place.written(), self._now())
        try:
            await self.publish(person, settled)
        except SLACK_FAILURES as error:
            _log.warning("home_not_shown", why=str(error))
            return False
        return True

    async def publish(self, person: str, settled: str = "") -> None:
        """Show a home as the records have it now, if its owner has ever opened it. Safe to repeat.

        Raises what `slack_errors.SLACK_FAILURES` lists.
        """
        for left in reversed(range(TRIES)):
            found = await self._homes.get(person)
            if found is None:
                return
            now = self._now()
            page = await self._lookup.page(person, HomePlace.read(found.view), now)
            t = translator(await self._people.locale_of(person))
            view = home.build(_without(page, settled), t)
            try:
                # A hash that was lost on its way would be refused for ever: the last try has none.
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
        """Return what a person sees on their home now."""
        return await self._lookup.page(person, await self.place_of(person), self._now())

    async def overview(self, person: str, rows: int, settled: str = "") -> HomePage:
        """Return the first of what waits for this person, but for `settled`, and of what is theirs."""
        return _without(await self._lookup.overview(person, self._now(), rows), settled)


def _without(page: HomePage, settled: str) -> HomePage:
    left = tuple(row for row in page.to_decide if row.face.request_id != settled)
    return replace(page, to_decide=left, waiting=page.waiting - (len(page.to_decide) - len(left)))
