"""The bot's process: Slack on one side (Socket Mode or signed HTTP), Temporal on the other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import policy_file, process, settings, web
from bot.app import create_app, running_services
from bot.workflow_client import WorkflowClient, connect
from records.database import Database

_log = structlog.get_logger("bot")


async def run(config: settings.Settings, stop: asyncio.Event) -> None:
    """Listen to Slack until `stop` is set."""
    policies = policy_file.load(config.policies)
    transport = config.slack_transport()
    slack = AsyncWebClient(token=config.bot_token(), base_url=config.slack_api_url)
    async with Database(config.database_url) as database:
        await database.require_current_schema()
        workflows = WorkflowClient(
            await connect(settings.temporal_environment()), config.temporal_task_queue
        )
        async with running_services(
            slack=slack, database=database, workflows=workflows, policies=policies
        ) as services:
            if isinstance(transport, settings.SocketMode):
                app = create_app(slack, "", services)
                listening = _socket_mode(app, transport.app_token, config, database)
            else:
                app = create_app(slack, transport.signing_secret, services)
                listening = _signed_http(app, config, database)
            async with listening:
                _log.info("bot_started", transport=type(transport).__name__)
                await stop.wait()
                _log.info("bot_stopping")


@asynccontextmanager
async def _socket_mode(
    app: AsyncApp, app_token: str, config: settings.Settings, database: Database
) -> AsyncIterator[None]:
    # The handler's own default client would be bound to the bot token and to slack.com.
    web_client = AsyncWebClient(token=app_token, base_url=config.slack_api_url)
    handler = AsyncSocketModeHandler(app, app_token, web_client=web_client)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    checks = {"database": database.is_current, "socket": handler.client.is_connected}
    try:
        async with web.serve(config.web_port, web.health_route(checks)):
            yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def _signed_http(
    app: AsyncApp, config: settings.Settings, database: Database
) -> AsyncIterator[None]:
    checks = {"database": database.is_current}
    async with web.serve(
        config.web_port,
        web.health_route(checks),
        web.slack_route(app),
        host="0.0.0.0",  # noqa: S104 - Slack must reach it; every request's signature is checked
    ):
        yield


if __name__ == "__main__":
    process.run(run)
