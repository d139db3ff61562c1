"""The Bolt app, and the services its listeners work with."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.actions.approval_lookup import ApprovalLookup
from bot.actions.execute import RETRY_FOR, Commands
from bot.actions.inbox_lookup import InboxLookup
from bot.actions.order_lookup import OrderLookup
from bot.actions.product_list import ProductList
from bot.actions.requesters import Requesters
from bot.actions.start import Starts
from bot.home.board import HomeBoard
from bot.home.relay import HomeRelay
from bot.listeners import register_listeners
from bot.listeners.answers import Answers
from bot.listeners.services import Services
from bot.policies.file import Policies
from bot.runtime.proxies import NO_PROXIES, Proxies
from bot.temporal.client import WorkflowClient
from records.absences import Absences
from records.audit import AuditTrail
from records.cards import Cards
from records.database import Database
from records.homes import Homes
from records.inbox import Inbox
from records.refusals import Refusals
from records.requests import Requests
from records.stock import Stock
from records.time_off import TimeOff
from slack_api.errors import SLACK_FAILURES, classify
from slack_api.locales import Locales
from slack_api.workspace import Workspace

LOCALES_TIMEOUT = 2.0
"""Seconds for which the start waits for all locales; the rest is read in the background."""

_log = structlog.get_logger("bot.app")


def create_app(slack: AsyncWebClient, signing_secret: str, services: Services) -> AsyncApp:
    """Return the app with every listener registered.

    `signing_secret` is empty in Socket Mode: Slack authenticates the socket and signs no requests.
    """
    with _without_token_warning():
        app = AsyncApp(
            name="countersign",
            client=slack,
            authorize=_authorize_as_bot(slack),
            signing_secret=signing_secret,
            request_verification_enabled=bool(signing_secret),
            ssl_check_enabled=bool(signing_secret),
            raise_error_for_unhandled_request=True,
        )
    register_listeners(app, services)
    return app


def _authorize_as_bot(slack: AsyncWebClient) -> Callable[[], Awaitable[AuthorizeResult]]:
    """Return a function that authorizes every request as our bot, and never waits for Slack.

    Bolt authorizes before it acknowledges. The bot's ids are read once, beside the requests; until
    then they are missing, which only means that our own messages are recognized by other marks.

    Bolt would do this on its own, but turns into an OAuth app without our token if SLACK_CLIENT_ID and
    SLACK_CLIENT_SECRET are in the environment (findings/bolt_becomes_an_oauth_app_by_environment.sh).
    """
    identity = AuthorizeResult(enterprise_id=None, team_id=None, bot_token=slack.token)
    reading: asyncio.Task[None] | None = None

    async def read() -> None:
        nonlocal identity
        try:
            response = await slack.auth_test()
        except SLACK_FAILURES as error:
            _log.warning("identity_not_read", error=classify(error).code)
        else:
            identity = AuthorizeResult.from_auth_test_response(
                bot_token=slack.token, auth_test_response=response
            )

    async def authorize() -> AuthorizeResult:
        nonlocal reading
        if identity.bot_user_id is None and (reading is None or reading.done()):
            reading = asyncio.create_task(read())
        return identity

    return authorize


@contextlib.contextmanager
def _without_token_warning() -> Iterator[None]:
    """Keep two warnings of Bolt out of the log.

    Bolt reads SLACK_BOT_TOKEN from the environment even if it is given a client or `authorize`, and
    then warns that it will not use it. No argument turns this off.
    """
    logger = logging.getLogger(f"slack_bolt.{AsyncApp.__name__}")
    logger.addFilter(_is_other)
    try:
        yield
    finally:
        logger.removeFilter(_is_other)


def _is_other(record: logging.LogRecord) -> bool:
    ignored = (
        "As you gave `client` as well",
        "As `installation_store` or `authorize` has been used",
    )
    return not record.getMessage().startswith(ignored)


@asynccontextmanager
async def running_services(  # noqa: PLR0913 - what the entry point has, and two settings
    *,
    slack: AsyncWebClient,
    database: Database,
    workflows: WorkflowClient,
    policies: Policies,
    command: str,
    proxies: Proxies = NO_PROXIES,
    retry_for: float = RETRY_FOR,
) -> AsyncIterator[Services]:
    """Yield the services; while the context lasts, the product list and App Homes are kept current.

    If Slack is slow or down, the languages of people come later: nothing waits for them. An
    unconfirmed command is retried for `retry_for` seconds. `command` is our slash command.
    """
    requests, absences, homes = Requests(database), Absences(database), Homes(database)
    trail = AuditTrail(database)
    commands = Commands(
        workflows=workflows,
        requests=requests,
        trail=trail,
        refusals=Refusals(database),
        now=_now,
        retry_for=retry_for,
    )
    products = ProductList(Stock(database))
    await products.refresh()
    people, workspace = Locales(slack), Workspace.of(slack, database, _now)
    requesters = Requesters(workspace.directory)
    board = HomeBoard(
        slack, homes, InboxLookup(Inbox(database), absences), people, _now, command=command
    )
    async with aiohttp.ClientSession() as session:
        reading = asyncio.create_task(people.read_all(workspace.directory.locales))
        loops = (products.keep_fresh(), HomeRelay(homes, board, _now).keep_fresh())
        tasks = [reading, *(asyncio.create_task(loop) for loop in loops)]
        await asyncio.wait([reading], timeout=LOCALES_TIMEOUT)
        try:
            yield Services(
                commands=commands,
                starts=Starts(workflows, requests, trail, TimeOff(database), requesters),
                requesters=requesters,
                approvals=ApprovalLookup(requests, workflows),
                orders=OrderLookup(requests, workflows),
                policies=policies,
                requests=requests,
                trail=trail,
                cards=Cards(database),
                absences=absences,
                products=products,
                people=people,
                workspace=workspace,
                homes=board,
                answers=Answers(session, slack, board, proxies),
                now=_now,
                command=command,
            )
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _now() -> datetime:
    return datetime.now(UTC)
