"""The bot's process: wires Slack, HTTP, Temporal and the database."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog
from aiohttp import web as web_routes
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import create_app, running_services
from bot.http import api, payment_webhook
from bot.http.problems import problems
from bot.listeners.services import Services
from bot.policies import file as policy_file
from bot.runtime import http_server, process, settings
from bot.runtime.health import Check, Health
from bot.runtime.needs import database_check, slack_check, temporal_check
from bot.temporal.client import WorkflowClient
from bot.temporal.connection import connect
from bot.temporal.refunds import Refunds
from records.database import Database
from records.incoming_payments import IncomingPayments
from slack_api import access

_log = structlog.get_logger("bot")


@asynccontextmanager
async def running(config: settings.Settings) -> AsyncIterator[None]:
    """Listen to Slack and serve HTTP while the context is open.

    While Slack is unreachable, HTTP is served already, and entering takes until Slack answers.
    """
    policies = policy_file.load(config.policies)
    transport = config.slack_transport()
    proxies = config.proxies()
    proxy = proxies.for_url(config.slack_api_url)
    slack = AsyncWebClient(token=config.bot_token(), base_url=config.slack_api_url, proxy=proxy)
    async with Database(config.database_url) as database:
        await database.require_current_schema()
        temporal = await connect(settings.temporal_environment(), proxies)
        await access.attempt(slack.auth_test, access.BOT_TOKEN)
        workflows = WorkflowClient(temporal, config.temporal_task_queue)
        async with running_services(
            slack=slack,
            database=database,
            workflows=workflows,
            policies=policies,
            command=config.slash_command,
            proxies=proxies,
        ) as services:
            refunds = Refunds(temporal, config.temporal_task_queue)
            routes = _routes(config, services, workflows, IncomingPayments(database), refunds)
            checks = {
                "database": database_check(database),
                "temporal": temporal_check(temporal),
                "slack": slack_check(slack),
            }
            if isinstance(transport, settings.SocketMode):
                app = create_app(slack, "", services)
                listening = _socket_mode(app, transport.app_token, config, checks, routes)
            else:
                app = create_app(slack, transport.signing_secret, services)
                listening = _signed_http(app, transport.signing_secret, config, checks, routes)
            async with listening:
                _log.info(
                    "bot_started",
                    transport=type(transport).__name__,
                    web=f"{config.web_host}:{config.web_port}",
                    api="on" if config.api_token else "off",
                    payment_webhook="on" if config.payment_webhook_secret else "off",
                )
                try:
                    yield
                finally:
                    _log.info("bot_stopping")


def _routes(
    config: settings.Settings,
    services: Services,
    workflows: WorkflowClient,
    payments: IncomingPayments,
    refunds: Refunds,
) -> list[web_routes.RouteDef]:
    """Return the routes that are served in both modes, besides Slack's own."""
    webhook = payment_webhook.Webhook(
        secret=settings.text_of(config.payment_webhook_secret),
        payments=payments,
        orders=workflows,
        refunds=refunds,
        now=services.now,
    )
    orders_api = api.Api(
        token=settings.text_of(config.api_token),
        commands=services.commands,
        starts=services.starts,
        lookup=services.orders,
        policies=services.policies,
        products=services.products,
    )
    return [payment_webhook.route(webhook), *api.routes(orders_api)]


@asynccontextmanager
async def _socket_mode(
    app: AsyncApp,
    app_token: str,
    config: settings.Settings,
    checks: Mapping[str, Check],
    routes: list[web_routes.RouteDef],
) -> AsyncIterator[None]:
    # The handler's default client would use the bot token and slack.com.
    proxy = config.proxies().for_url(config.slack_api_url)
    web_client = AsyncWebClient(token=app_token, base_url=config.slack_api_url, proxy=proxy)
    handler = AsyncSocketModeHandler(app, app_token, web_client=web_client)
    socket = Check(passes=handler.client.is_connected, every=1.0)
    try:
        async with _serving(config, {**checks, "socket": socket}, routes):
            await access.until_answered(app.client.auth_test, access.BOT_TOKEN)
            # The SDK's own connect() repeats a refused app token forever.
            opened = await access.until_answered(
                lambda: web_client.apps_connections_open(app_token=app_token), access.APP_TOKEN
            )
            handler.client.wss_uri = opened["url"]
            handler.client.proxy = config.proxies().for_url(opened["url"])
            await handler.connect_async()  # type: ignore[no-untyped-call]
            yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def _signed_http(
    app: AsyncApp,
    signing_secret: str,
    config: settings.Settings,
    checks: Mapping[str, Check],
    routes: list[web_routes.RouteDef],
) -> AsyncIterator[None]:
    slack = http_server.slack_route(app, signing_secret)
    async with _serving(config, checks, [slack, *routes]):
        await access.until_answered(app.client.auth_test, access.BOT_TOKEN)
        yield


@asynccontextmanager
async def _serving(
    config: settings.Settings, checks: Mapping[str, Check], routes: list[web_routes.RouteDef]
) -> AsyncIterator[None]:
    health = Health(checks)
    serving = http_server.serve(
        config.web_port,
        *health.routes(),
        *routes,
        host=config.web_host,
        middlewares=[problems],
    )
    async with health.checking(), serving:
        yield


if __name__ == "__main__":
    process.run(running)
