"""The home relay: one publish per change with several bots, Retry-After, and retries."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.actions.inbox_lookup import InboxLookup
from bot.home.board import HomeBoard
from bot.home.relay import LEASE, MIN_INTERVAL, HomeRelay
from bot.runtime.settings import COMMAND
from emulator.client import StandInClient
from records.absences import Absences
from records.audit import AuditTrail
from records.database import Database
from records.homes import Homes
from records.inbox import Inbox
from slack_api.locales import Locales
from tests.bot.order_driver import ANA, BORIS, Json
from tests.records.builders import fact, state
from views.home import HomePlace


@dataclass
class Clock:
    """A wall clock that only `advance` moves."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 21, 12, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def advance(self, duration: timedelta) -> None:
        self.now += duration


@pytest.fixture
def clock() -> Clock:
    return Clock()


def bots(web: AsyncWebClient, database: Database, clock: Clock, count: int = 2) -> list[HomeRelay]:
    homes = Homes(database)
    lookup = InboxLookup(Inbox(database), Absences(database))
    people = Locales(web)
    boards = [HomeBoard(web, homes, lookup, people, clock, command=COMMAND) for _ in range(count)]
    return [HomeRelay(homes, board, clock) for board in boards]


async def opened(database: Database, clock: Clock, *people: str) -> Homes:
    homes = Homes(database)
    for person in people:
        await homes.set_view(person, HomePlace().written(), clock())
    return homes


async def change(database: Database, number: int, requester: str = ANA) -> None:
    facts = [fact(number, f"ORD-{requester}")]
    await AuditTrail(database).append(facts, state(f"ORD-{requester}", requester=requester))


async def published(slack: StandInClient) -> Sequence[Json]:
    return await slack.journal(kind="api", method="views.publish")


async def test_two_bots_publish_a_change_once(
    slack: StandInClient, web: AsyncWebClient, database: Database, clock: Clock
) -> None:
    """Mutation checked: without the lease, the change is published twice."""
    homes = await opened(database, clock, ANA, BORIS)
    await change(database, 1)

    shown = await asyncio.gather(*(bot.turn() for bot in bots(web, database, clock)))
    again = await asyncio.gather(*(bot.turn() for bot in bots(web, database, clock)))

    assert (sum(shown), sum(again)) == (1, 0)
    assert [call["arguments"]["user_id"] for call in await published(slack)] == [ANA]
    assert await homes.stale() == ()


async def test_simultaneous_changes_are_published_once_and_later_changes_after_the_interval(
    slack: StandInClient, web: AsyncWebClient, database: Database, clock: Clock
) -> None:
    await opened(database, clock, ANA)
    (bot,) = bots(web, database, clock, 1)
    for number in (1, 2, 3):
        await change(database, number)

    assert await bot.turn() == 1
    await change(database, 4)
    assert await bot.turn() == 0
    clock.advance(MIN_INTERVAL)
    assert await bot.turn() == 1
    assert len(await published(slack)) == 2


async def test_retry_after_applies_to_every_home(
    slack: StandInClient, web: AsyncWebClient, database: Database, clock: Clock
) -> None:
    """Mutation checked: if only the limited home waits, the other is published immediately."""
    homes = await opened(database, clock, ANA, BORIS)
    (bot,) = bots(web, database, clock, 1)
    await change(database, 1)
    await change(database, 1, BORIS)
    await slack.faults({"target": "views.publish", "effect": "ratelimited", "retry_after": 20})

    assert await bot.turn() == 0
    clock.advance(timedelta(seconds=19))
    assert await bot.turn() == 0
    assert len(await published(slack)) == 1
    assert await homes.stale() == (ANA, BORIS)
    clock.advance(timedelta(seconds=1))
    assert await bot.turn() == 2
    assert await homes.stale() == ()


@pytest.mark.parametrize("effect", ["http_500", "error"])
async def test_a_failed_publish_stays_in_the_outbox(
    slack: StandInClient, web: AsyncWebClient, database: Database, clock: Clock, effect: str
) -> None:
    homes = await opened(database, clock, ANA)
    (bot,) = bots(web, database, clock, 1)
    await change(database, 1)
    await slack.faults({"target": "views.publish", "effect": effect})

    assert await bot.turn() == 0
    assert await homes.stale() == (ANA,)
    clock.advance(LEASE)

    assert await bot.turn() == 1


async def test_homes_of_unknown_users_are_dropped(
    slack: StandInClient, web: AsyncWebClient, database: Database, clock: Clock
) -> None:
    homes = await opened(database, clock, "U0NOBODY")
    (bot,) = bots(web, database, clock, 1)
    await change(database, 1, "U0NOBODY")

    await bot.turn()

    assert await homes.stale() == ()
    assert await homes.get("U0NOBODY") is None


async def test_an_overtaken_relay_publishes_the_newest_state(
    slack: StandInClient, web: AsyncWebClient, database: Database, clock: Clock
) -> None:
    await opened(database, clock, ANA)
    (bot,) = bots(web, database, clock, 1)
    await change(database, 1)
    await bot.turn()
    other = {"type": "home", "blocks": [{"type": "divider"}]}
    await web.views_publish(user_id=ANA, view=other)
    clock.advance(MIN_INTERVAL)
    await change(database, 2)

    assert await bot.turn() == 1
    home = await slack.home(ANA)
    assert home is not None
    assert len(home["blocks"]) > 1


async def test_the_relay_runs_until_it_is_cancelled(
    slack: StandInClient, web: AsyncWebClient, database: Database, clock: Clock
) -> None:
    homes = await opened(database, clock, ANA)
    await change(database, 1)
    breaths = asyncio.Queue[None]()
    lookup = InboxLookup(Inbox(database), Absences(database))
    board = HomeBoard(web, homes, lookup, Locales(web), clock, command=COMMAND)
    relay = asyncio.create_task(HomeRelay(homes, board, clock, breaths.get).keep_fresh())

    breaths.put_nowait(None)
    await slack.wait_for_home(ANA)
    relay.cancel()

    with pytest.raises(asyncio.CancelledError):
        await relay
