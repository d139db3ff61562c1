"""The services that bot and worker need, as checks of their readiness."""

from datetime import timedelta

from slack_sdk.web.async_client import AsyncWebClient
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client

from bot.runtime.health import CHECK_WITHIN, Check
from records.database import Database
from slack_api import access

WRITE_EVERY = 10.0
"""Seconds between two writes to the database that prove that it can be written."""
ASK_SLACK_EVERY = 30.0
"""Seconds between two calls of `auth.test`, for which Slack allows hundreds a minute."""


def database_check(database: Database) -> Check:
    """Return the check that the database has our schema and can be written."""
    return Check(passes=database.is_writable, every=WRITE_EVERY)


def temporal_check(client: Client) -> Check:
    """Return the check that Temporal answers."""

    async def answers() -> bool:
        await client.workflow_service.get_system_info(
            GetSystemInfoRequest(), timeout=timedelta(seconds=CHECK_WITHIN)
        )
        return True

    return Check(passes=answers)


def slack_check(slack: AsyncWebClient) -> Check:
    """Return the check that Slack answers and accepts the bot token."""

    async def accepts() -> bool:
        return await access.attempt(slack.auth_test, access.BOT_TOKEN) is not None

    return Check(passes=accepts, every=ASK_SLACK_EVERY)
