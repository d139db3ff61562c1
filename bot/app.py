"""The Bolt app, and the services its listeners work with."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.actions.inbox_lookup import InboxLookup
from bot.actions.order_lookup import OrderLookup
from bot.actions.product_list import ProductList
from bot.home.board import HomeBoard
from bot.home.relay import HomeRelay
from bot.listeners import register_listeners
from bot.listeners.answers import Answers
from bot.listeners.services import Services
from bot.policies.file import Policies
from bot.temporal.client import WorkflowClient
from records.absences import Absences
from records.audit import AuditTrail
from records.database import Database
from records.homes import Homes
from records.inbox import Inbox
from records.refusals import Refusals
from records.requests import Requests
from records.stock import Stock
from slack_api.locales import Locales

PEOPLE_WAITED_FOR = 2.0
"""Seconds for which the start waits for everybody's language; the rest is read meanwhile."""


def create_app(slack: AsyncWebClient, signing_secret: str, services: Services) -> AsyncApp:
    """Return the app with every listener registered.

    `signing_secret` is empty in Socket Mode, where Slack signs nothing: the socket itself is
    authenticated.
    """
    with _remark_on_token_unsaid():
        app = AsyncApp(
            name="countersign",
            client=slack,
            signing_secret=signing_secret,
            request_verification_enabled=bool(signing_secret),
            ssl_check_enabled=bool(signing_secret),
            raise_error_for_unhandled_request=True,
        )
    register_listeners(app, services)
    return app


@contextlib.contextmanager
def _remark_on_token_unsaid() -> Iterator[None]:
    """Keep one warning of Bolt's out of the log.

    Bolt reads SLACK_BOT_TOKEN from the environment even where it is given a client, and then warns
    that it will not use it. There is no argument that says "no token".
    """
    logger = logging.getLogger(f"slack_bolt.{AsyncApp.__name__}")
    logger.addFilter(_is_news)
    try:
        yield
    finally:
        logger.removeFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith("As you gave `client` as well")


@asynccontextmanager
async def running_services(
    *, slack: AsyncWebClient, database: Database, workflows: WorkflowClient, policies: Policies
) -> AsyncIterator[Services]:
    """Yield the services; while the context lasts, the product list and App Homes are kept fresh.

    Where Slack is slow or down, the languages of people come later: nothing waits for them.
    """
    requests, absences, homes = Requests(database), Absences(database), Homes(database)
    products = ProductList(Stock(database))
    await products.refresh()
    people = Locales(slack)
    board = HomeBoard(slack, homes, InboxLookup(Inbox(database), absences), people, _now)
    async with aiohttp.ClientSession() as session:
        reading = asyncio.create_task(people.read_all())
        kept = (products.keep_fresh(), HomeRelay(homes, board, _now).keep_fresh())
        keeping = [reading, *(asyncio.create_task(one) for one in kept)]
        await asyncio.wait([reading], timeout=PEOPLE_WAITED_FOR)
        try:
            yield Services(
                workflows=workflows,
                policies=policies,
                requests=requests,
                trail=AuditTrail(database),
                refusals=Refusals(database),
                absences=absences,
                orders=OrderLookup(requests, workflows),
                products=products,
                people=people,
                homes=board,
                answers=Answers(session, slack, board),
                now=_now,
            )
        finally:
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)


def _now() -> datetime:
    return datetime.now(UTC)
