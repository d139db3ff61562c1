"""The ground on which trials run: real processes, a crowd of people, seeded dice, and a tally."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from temporalio.client import Client

from bot.temporal.client import connect
from emulator.config import Config
from emulator.errors import Json
from tests.chaos.tally import Tally
from tests.journeys.house import NAMES, SECOND_BOT, House
from tests.journeys.office import APPROVALS, Office
from workflows.rules.approvals.request import Verdict

POLICIES = Path(__file__).with_name("policies.toml")
CROWD = 200
"""People who may all decide, besides those of the demo."""


CASES = 12
"""Channels `#case…`, each with one for admins, with which one case of a trial may do as it likes."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much one trial does: so many requests, so many people who press, so many kills."""

    requests: int
    people: int = 1
    kills: int = 0


@dataclass(kw_only=True)
class Ground:
    """One trial's house and people, its dice, and what it counts."""

    house: House
    office: Office
    temporal: Client
    dice: random.Random
    size: Size
    tally: Tally = field(default_factory=Tally)

    @property
    def crowd(self) -> tuple[str, ...]:
        """Those of the crowd who take part."""
        return crowd(self.size.people)

    async def kill(self, *names: str) -> None:
        """End these programs at one instant, as a power cut would, and count it."""
        self.tally.kills += len(names)
        await self.house.kill(*names)

    async def orders(self, totals: list[str]) -> list[str]:
        """Have Ana place these orders, some side by side; return their ids."""
        slots = asyncio.Semaphore(TOGETHER)

        async def place(total: str) -> str:
            async with slots:
                return await self.office.order(total)

        self.tally.requests += len(totals)
        return list(await asyncio.gather(*map(place, totals)))

    async def press(
        self, person: str, card: Json, verdict: Verdict, *, channel: str = APPROVALS
    ) -> str:
        """Press Approve, or press Reject and give a reason in the form that opens; return the tab.

        Empty where the button was gone already: that is no press. Whether anybody was there to hear
        it is not looked at: what came of it is.
        """
        tab = uuid.uuid4().hex
        slack = self.office.slack
        answer = await slack.click(person, channel, card, verdict.value, tab=tab)
        if not answer["ok"]:
            return ""
        self.tally.presses += 1
        if verdict is Verdict.REJECT:
            with suppress(TimeoutError):  # the bot that was to open it is dead
                view = await slack.wait_for_modal(person, tab=tab, timeout=FORM)
                await slack.submit(person, view, {"reason": REASON}, tab=tab)
        return tab


FORM = 3.0
"""Seconds after which nobody waits for a form any longer."""
REASON = "Too dear"
TOGETHER = 4
"""Forms that are filled in side by side. More would only wait for each other on two cores."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One guarantee's trial: `run` breaks something, repairs it, and writes what it finds.

    `short` is its size in `make test`, `long` that in `make chaos`.
    """

    name: str
    run: Callable[[Ground], Awaitable[None]]
    short: Size
    long: Size


def crowd(count: int) -> tuple[str, ...]:
    """Return the ids of the first `count` people of the crowd."""
    return tuple(f"U0CROWD{number:03d}" for number in range(count))


@asynccontextmanager
async def chaos_house(directory: Path) -> AsyncIterator[House]:
    """Yield a house with two bots, in whose workspace the crowd lives."""
    people = directory / "people.yml"
    people.write_text(yaml.safe_dump(_workspace()))
    house = House(directory=directory, policies=POLICIES, people=people, names=(*NAMES, SECOND_BOT))
    try:
        await house.open()
        yield house
    finally:
        await house.close()


@asynccontextmanager
async def ground(house: House, seed: str, size: Size) -> AsyncIterator[Ground]:
    """Yield the ground of one trial. Everything runs before, and no fault is planned after."""
    async with house.office() as office:
        await office.slack.limits(per_second=0)
        before = await office.slack.mishaps()
        ready = Ground(
            house=house,
            office=office,
            temporal=await connect({"TEMPORAL_ADDRESS": house.temporal_address}),
            dice=random.Random(seed),  # noqa: S311 - repeatable trials, not secrets
            size=size,
        )
        ready.tally.trials = 1
        try:
            yield ready
            ready.tally.faults += await office.slack.mishaps() - before
        finally:
            await office.slack.clear_faults()
            await office.slack.deliveries(duplicate_share=0, duplicate_late=0)


def _workspace() -> dict[str, object]:
    """Return the demo's workspace with the crowd in it."""
    workspace: dict[str, object] = yaml.safe_load(
        Config(manifest=Path("manifest.yml")).people.read_text()
    )
    people = [
        {"id": person, "name": f"crowd{number}", "real_name": f"Crowd Member {number}"}
        for number, person in enumerate(crowd(CROWD))
    ]
    group = {"id": "S0CROWD", "handle": "crowd", "name": "Crowd", "users": list(crowd(CROWD))}
    workspace["users"] = [*_list(workspace["users"]), *people]
    workspace["groups"] = [*_list(workspace["groups"]), group]
    places = [
        {"id": f"C0{name.upper()}", "name": name, "members": "all", "bot": True}
        for case in range(CASES)
        for name in (f"case{case}", f"case{case}admins")
    ]
    workspace["channels"] = [*_list(workspace["channels"]), *places]
    return workspace


def _list(found: object) -> list[object]:
    assert isinstance(found, list)
    return found
