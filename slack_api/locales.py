"""The locale cache: the language of each Slack user, for messages that only this user reads."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from weakref import WeakValueDictionary

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from records.database import DATABASE_FAILURES
from slack_api.errors import SLACK_FAILURES, classify
from views.catalogue import FALLBACK
from views.payload import text_at
from views.translator import language_of

TTL = 3600.0
"""Seconds after which a user's locale is read again, unless Slack reports a change earlier."""
RETRY_DELAY = 60.0
"""Seconds after which a locale that could not be read is read again."""
READ_TIMEOUT = 1.0
"""Seconds that a message may be delayed while its reader's locale is read."""

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

    async def read_all(self, read: Callable[[], Awaitable[Mapping[str, str]]]) -> None:
        """Store the locales that `read` returns, by person. If it fails, each is read when needed."""
        try:
            locales = await read()
        except (*_FAILURES, *DATABASE_FAILURES) as error:
            _log.warning("people_not_read", error=type(error).__name__)
            return
        for person, locale in locales.items():
            self.learn(person, locale)

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
            self.learn(person, text_at(response.data, "user", "locale"))

    def learn(self, person: str, locale: str) -> None:
        """Store what Slack says now. It leaves the locale out if the app lacks the scope for it."""
        if person and locale:
            self._languages[person] = language_of(locale)
            self._next_reads[person] = self._clock() + TTL
