"""The environment of a trial: real processes, a crowd of people, seeded random numbers, and a report."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from temporalio.client import Client

from bot.temporal.connection import connect
from emulator.config import Config
from emulator.errors import Json
from tests.chaos.report import Report
from tests.journeys.installation import NAMES, SECOND_BOT, Installation
from tests.journeys.programs import RATE_SPEED
from tests.journeys.workspace import APPROVALS, Workspace
from workflows.rules.approvals.request import Verdict

POLICIES = Path(__file__).with_name("policies.toml")
CROWD = 200
"""The number of approvers in addition to the people of the demo."""


CASES = 12
"""The number of channel pairs `#case…` and `#case…admins`. Each pair belongs to one case of a trial."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much one trial does: the number of requests, of people who click, and of kills."""

    requests: int
    people: int = 1
    kills: int = 0


@dataclass(kw_only=True)
class TrialContext:
    """The installation, people, random numbers and report of one trial."""

    installation: Installation
    workspace: Workspace
    temporal: Client
    rng: random.Random
    size: Size
    report: Report = field(default_factory=Report)

    @property
    def crowd(self) -> tuple[str, ...]:
        """The people of the crowd who take part."""
        return crowd(self.size.people)

    async def kill(self, *names: str) -> None:
        """Kill these programs at the same instant, as a power cut would, and count the kills."""
        self.report.kills += len(names)
        await self.installation.kill(*names)

    async def orders(self, totals: list[str]) -> list[str]:
        """Have Ana place these orders, some of them concurrently; return their ids."""
        slots = asyncio.Semaphore(CONCURRENT_FORMS)

        async def place(total: str) -> str:
            async with slots:
                return await self.workspace.order(total)

        self.report.requests += len(totals)
        return list(await asyncio.gather(*map(place, totals)))

    async def press(
        self, person: str, card: Json, verdict: Verdict, *, channel: str = APPROVALS
    ) -> str:
        """Click Approve, or click Reject and enter a reason in the form that opens; return the tab.

        Returns an empty string if the button was already gone; this does not count as a press. No
        process needs to be running to receive the click: the trial checks its result later.
        """
        tab = uuid.uuid4().hex
        slack = self.workspace.slack
        answer = await slack.click(person, channel, card, verdict.value, tab=tab)
        if not answer["ok"]:
            return ""
        self.report.presses += 1
        if verdict is Verdict.REJECT:
            with suppress(TimeoutError):  # the bot that should open it was killed
                view = await slack.wait_for_modal(person, tab=tab, timeout=FORM)
                await slack.submit(person, view, {"reason": REASON}, tab=tab)
        return tab


FORM = 3.0
"""Seconds to wait for a form to open."""
REASON = "Too dear"
CONCURRENT_FORMS = 4
"""The number of forms filled in concurrently. More would only compete for two cores."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The trial of one guarantee: `run` breaks something, repairs it, and adds its findings to the report.

    `short` is its size in `make test`, `long` its size in `make chaos`.
    """

    name: str
    run: Callable[[TrialContext], Awaitable[None]]
    short: Size
    long: Size


def crowd(count: int) -> tuple[str, ...]:
    """Return the ids of the first `count` people of the crowd."""
    return tuple(f"U0CROWD{number:03d}" for number in range(count))


@asynccontextmanager
async def chaos_installation(
    directory: Path, *temporal_settings: str
) -> AsyncIterator[Installation]:
    """Yield an installation with two bots and the crowd, and with these settings of Temporal."""
    people = directory / "people.yml"
    people.write_text(yaml.safe_dump(_people_file()))
    installation = Installation(
        directory=directory,
        policies=POLICIES,
        people=people,
        names=(*NAMES, SECOND_BOT),
        temporal_settings=temporal_settings,
    )
    try:
        await installation.open()
        yield installation
    finally:
        await installation.close()


@asynccontextmanager
async def trial_context(
    installation: Installation, seed: str, size: Size
) -> AsyncIterator[TrialContext]:
    """Yield the context of one trial. All programs must be running. Planned faults are removed at the end."""
    async with installation.workspace() as workspace:
        await workspace.slack.limits(per_second=RATE_SPEED, burst=1, speed=RATE_SPEED)
        before = await workspace.slack.mishaps()
        context = TrialContext(
            installation=installation,
            workspace=workspace,
            temporal=await connect({"TEMPORAL_ADDRESS": installation.temporal_address}),
            rng=random.Random(seed),  # noqa: S311 - repeatable trials, not secrets
            size=size,
        )
        context.report.trials = 1
        try:
            yield context
            context.report.faults += await workspace.slack.mishaps() - before
        finally:
            await workspace.slack.clear_faults()
            await workspace.slack.deliveries(duplicate_share=0, duplicate_late=0)


def _people_file() -> dict[str, object]:
    """Return the demo's people file with the crowd, its group and the channels of the cases added."""
    people_file: dict[str, object] = yaml.safe_load(
        Config(manifest=Path("manifest.yml")).people.read_text()
    )
    people = [
        {"id": person, "name": f"crowd{number}", "real_name": f"Crowd Member {number}"}
        for number, person in enumerate(crowd(CROWD))
    ]
    group = {"id": "S0CROWD", "handle": "crowd", "name": "Crowd", "users": list(crowd(CROWD))}
    people_file["users"] = [*_list(people_file["users"]), *people]
    people_file["groups"] = [*_list(people_file["groups"]), group]
    places = [
        {"id": f"C0{name.upper()}", "name": name, "members": "all", "bot": True}
        for case in range(CASES)
        for name in (f"case{case}", f"case{case}admins")
    ]
    people_file["channels"] = [*_list(people_file["channels"]), *places]
    return people_file


def _list(found: object) -> list[object]:
    assert isinstance(found, list)
    return found
