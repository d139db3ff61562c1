"""The locale cache: the language of each Slack user, for messages that only this user reads."""

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic
from weakref import WeakValueDictionary

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from slack_api.errors import SLACK_FAILURES, classify
from views.catalogue import FALLBACK
from views.payload import mapping_at, mappings_at, text_at
from views.translator import language_of

TTL = 3600.0
"""Seconds after which a user's locale is read again, unless Slack reports a change earlier."""
RETRY_DELAY = 60.0
"""Seconds after which a locale that could not be read is read again."""
READ_TIMEOUT = 1.0
"""Seconds that a message may be delayed while its reader's locale is read."""
PAGE_SIZE = 200
"""Users per page of `users.list`, as Slack recommends."""

_FAILURES = (*SLACK_FAILURES, OSError)
_log = structlog.get_logger("slack_api.locales")


class Locales:
    """Which of our languages each user reads. No method raises if Slack cannot be read.

    A modal must open before any I/O and uses `cached_locale`. Code that can wait uses `locale_of`
    or `known_locale_of`.
    """

    def __init__(self, slack: AsyncWebClient, clock: Callable[[], float] = monotonic) -> None:
        self._slack = slack
        self._clock = clock
        self._languages: dict[str, str] = {}
        self._next_reads: dict[str, float] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def read_all(self) -> None:
        """Read the locales of all users, page by page. If that fails, each is read when needed."""
        cursor = ""
        try:
            while True:
                page = await self._slack.users_list(
                    include_locale=True, limit=PAGE_SIZE, cursor=cursor or None
                )
                for user in mappings_at(page.data, "members"):
                    self._store(user)
                cursor = text_at(page.data, "response_metadata", "next_cursor")
                if not cursor:
                    return
        except _FAILURES as error:
            _log.warning("people_not_read", error=classify(error).code)

    def cached_locale(self, person: str) -> str:
        """Return the user's language without I/O; English if it is not known."""
        return self._languages.get(person, FALLBACK)

    async def locale_of(self, person: str) -> str:
        """Return the user's language, after at most `READ_TIMEOUT` seconds; English if unknown."""
        return await self.known_locale_of(person) or FALLBACK

    async def known_locale_of(self, person: str) -> str:
        """Return the user's language, after at most `READ_TIMEOUT` seconds; empty if unknown.

        A language that is older than `TTL` is read again, and is used if that fails. Concurrent
        callers share one read.
        """
        if person:
            async with self._locks.setdefault(person, asyncio.Lock()):
                if self._clock() >= self._next_reads.get(person, 0.0):
                    await self.refresh(person)
        return self._languages.get(person, "")

    async def refresh(self, person: str) -> None:
        """Read the user's locale from Slack now."""
        self._next_reads[person] = self._clock() + RETRY_DELAY
        try:
            async with asyncio.timeout(READ_TIMEOUT):
                response = await self._slack.users_info(user=person, include_locale=True)
        except _FAILURES as error:
            _log.info("locale_not_read", person=person, error=classify(error).code)
        else:
            self._store(mapping_at(response.data, "user"))

    def _store(self, user: Mapping[str, object]) -> None:
        # Slack leaves the locale out if the app lacks the scope for it.
        person, locale = text_at(user, "id"), text_at(user, "locale")
        if person and locale:
            self._languages[person] = language_of(locale)
            self._next_reads[person] = self._clock() + TTL
