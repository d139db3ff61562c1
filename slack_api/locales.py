"""In which language to speak to a person in private: by their own setting in Slack, remembered."""

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from slack_api.errors import SLACK_FAILURES, classify
from views.catalogue import FALLBACK
from views.payload import table, tables, word
from views.translator import language_of

FRESH = 3600.0
"""Seconds for which a person's locale is not asked for again, unless Slack reports a change."""
AGAIN = 60.0
"""Seconds after which somebody is asked for again whom Slack could not tell of."""
PATIENCE = 1.0
"""Seconds that an answer in the right language is worth."""
PAGE = 200
"""People of one page of the list, as Slack recommends."""

_FAILURES = (*SLACK_FAILURES, OSError)
_log = structlog.get_logger("slack_api.locales")


class People:
    """Who reads in which of our languages. Nothing here raises for what Slack refuses.

    A modal opens before any I/O, and takes `cached_locale`; whatever has time takes `locale_of`.
    """

    def __init__(self, slack: AsyncWebClient, clock: Callable[[], float] = monotonic) -> None:
        self._slack = slack
        self._clock = clock
        self._known: dict[str, str] = {}
        self._ask_again: dict[str, float] = {}

    async def read_all(self) -> None:
        """Read everybody's locale, page by page; what cannot be read is asked for person by person."""
        cursor = ""
        try:
            while True:
                page = await self._slack.users_list(
                    include_locale=True, limit=PAGE, cursor=cursor or None
                )
                for user in tables(page.data, "members"):
                    self._note(user)
                cursor = word(page.data, "response_metadata", "next_cursor")
                if not cursor:
                    return
        except _FAILURES as error:
            _log.warning("people_not_read", error=classify(error).code)

    def cached_locale(self, person: str) -> str:
        """Return the language that is known for this person, at once; English where none is."""
        return self._known.get(person, FALLBACK)

    async def locale_of(self, person: str) -> str:
        """Return the language of this person, read again where it is older than an hour.

        It takes a second at most: after that, what was known before counts.
        """
        if person and self._clock() >= self._ask_again.get(person, 0.0):
            await self.refresh(person)
        return self.cached_locale(person)

    async def refresh(self, person: str) -> None:
        """Ask Slack for this person's locale now."""
        self._ask_again[person] = self._clock() + AGAIN
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._slack.users_info(user=person, include_locale=True)
        except _FAILURES as error:
            _log.info("locale_not_read", person=person, error=classify(error).code)
        else:
            self._note(table(answer.data, "user"))

    def _note(self, user: Mapping[str, object]) -> None:
        person, locale = word(user, "id"), word(user, "locale")
        if person and locale:
            self._known[person] = language_of(locale)
            self._ask_again[person] = self._clock() + FRESH
