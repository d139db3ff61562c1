"""In which language to tell a person something directly: by their own setting in Slack."""

import asyncio

from slack_sdk.web.async_client import AsyncWebClient
from temporalio import activity

from slack_api.cache import Cache
from slack_api.errors import SLACK_FAILURES, classify
from views.translator import language_of

KEPT = 3600.0
"""Seconds for which a person's locale is not read again."""
PATIENCE = 1.0
"""Seconds that a notice waits for its language, at most."""


class Locales:
    """What Slack says of people's languages, or said within the hour."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._languages: Cache[str, str] = Cache(KEPT)

    async def of(self, person: str) -> str:
        """Return which of our languages this person reads; empty where Slack does not say in time."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._languages.recall(person, lambda: self._read(person), bool)
        except SLACK_FAILURES as error:
            activity.logger.warning("locale not read: %s", classify(error).code)
            return ""

    async def _read(self, person: str) -> str:
        answer = await self._client.users_info(user=person, include_locale=True)
        locale = answer["user"].get("locale")  # an app without the scope is told none
        return language_of(str(locale)) if locale else ""
