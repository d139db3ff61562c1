"""Measure and report: `python -m benchmarks [--out DIR]`. See README.md beside this file."""

import asyncio
import contextlib
import json
import math
import re
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.installation import YARDSTICK_QUEUE, Stage, staged
from benchmarks.minimal import BareWorkflow, MinimalWorkflow
from benchmarks.report import Figure, write
from tests.workflows.cost import Cost, cost
from workflows.approval import ApprovalWorkflow
from workflows.registry import TASK_QUEUE
from workflows.rules.approvals.policy import LevelRule, Policy, Tier, route
from workflows.rules.approvals.request import ApprovalRequest, Decision, Verdict
from workflows.rules.messages import ApprovalInput
from workflows.rules.people.actors import Actor, ApproverSource, Origin, SourceKind
from workflows.rules.shared.content import Content
from workflows.rules.shared.money import Money

CHANNEL, APPROVER = "C0APPROVALS", "U0BORIS"
ONE_AT_A_TIME = 60
AT_ONCE = 50
ROUNDS = 4
IN_FLIGHT = 40
"""Approvals under way in the throughput run: CLI decisions settle nothing, so this is enough."""
APPROVALS = 240
INLINE_LIMIT = 3
"""Seconds within which an inline answer comes, or never: the listener gives up after 1.5."""
PATIENCE = 60
"""Seconds after which a measurement that does not end is given up."""

_NAME = re.compile(r"(?:APR|minimal)-[0-9a-f]{12}")

console = Console(stderr=True, highlight=False)


@dataclass(frozen=True, kw_only=True)
class Times:
    """Seconds of single operations."""

    one: list[float]
    fifty: list[float]


def _request() -> ApprovalRequest:
    level = LevelRule(
        name="sales",
        approvers=(ApproverSource(kind=SourceKind.USER, value=APPROVER),),
        remind_after=(timedelta(minutes=30),),
        expire_after=timedelta(hours=1),
    )
    policy = Policy(
        name="bench",
        title="Benchmark",
        channel=CHANNEL,
        tiers=(Tier(up_to=None, levels=("sales",)),),
        levels=(level,),
    )
    return ApprovalRequest(
        request_id=f"APR-{uuid.uuid4().hex[:12]}",
        requester=Actor(person="U0ANA", origin=Origin.SLACK),
        content=Content(title="Oak desks", amount=Money(amount=Decimal("1500.00"), currency="USD")),
        policy=policy,
        route=route(policy, None),
    )


async def _median_pair(
    one: Callable[[int], Awaitable[float]], many: Callable[[int], Awaitable[list[float]]]
) -> Times:
    """Time `one` operation after another, then rounds of fifty at once."""
    singles = [await one(number) for number in range(ONE_AT_A_TIME)]
    crowds: list[float] = []
    for number in range(ROUNDS):
        crowds += await many(number)
    return Times(one=singles, fifty=crowds)


async def measure_bare(stage: Stage) -> Times:
    """Time bare updates, with no activity and no Slack, on workflows that only count."""
    handles = [
        await stage.temporal.start_workflow(
            BareWorkflow.run, id=f"bare-{uuid.uuid4().hex[:12]}", task_queue=YARDSTICK_QUEUE
        )
        for _ in range(AT_ONCE)
    ]

    async def one(number: int) -> float:
        begun = time.perf_counter()
        await handles[number % AT_ONCE].execute_update(BareWorkflow.decide, "approve")
        return time.perf_counter() - begun

    async def many(_: int) -> list[float]:
        return await asyncio.gather(*(one(number) for number in range(AT_ONCE)))

    await asyncio.gather(*(one(number) for number in range(AT_ONCE)))  # warm
    times = await _median_pair(one, many)
    for handle in handles:
        await handle.terminate()
    return times


async def measure_clicks(stage: Stage) -> Times:
    """Time from the stand-in sending a click to the inline state applied, by the stand-in's journal."""

    async def one(_: int) -> float:
        return (await _click_all(stage, 1))[0]

    async def many(_: int) -> list[float]:
        return await _click_all(stage, AT_ONCE)

    await _click_all(stage, 10)  # warm
    return await _median_pair(one, many)


async def _click_all(stage: Stage, count: int) -> list[float]:
    """Post `count` cards, press Approve on all of them at once, and time each answer."""
    requests = [_request() for _ in range(count)]
    wanted = {request.request_id for request in requests}
    mark = await stage.slack.journal_mark()
    for request in requests:
        await _start(stage, request)
    await _seen(stage, mark, wanted, method="chat.postMessage")
    cards = await _cards(stage, wanted)
    await asyncio.gather(
        *(stage.slack.click(APPROVER, CHANNEL, card, "approve") for card in cards.values())
    )
    sent = await _seen(stage, mark, wanted, kind="envelope")
    painted: dict[str, float] = {}
    with contextlib.suppress(TimeoutError):
        await _read(stage, mark, wanted, painted, INLINE_LIMIT, kind="response_url")
    # A click that got no inline answer took for ever, as far as the clicker saw.
    return [painted.get(name, math.inf) - sent[name] for name in wanted]


async def _start(stage: Stage, request: ApprovalRequest) -> Any:
    return await stage.temporal.start_workflow(
        ApprovalWorkflow.run,
        ApprovalInput(request=request),
        id=request.request_id,
        task_queue=TASK_QUEUE,
    )


async def _cards(stage: Stage, wanted: set[str]) -> dict[str, dict[str, Any]]:
    """Return the cards that stand in the channel, by request id."""
    messages = await stage.slack.messages(CHANNEL, APPROVER)
    return {name: card for card in messages for name in wanted & _names(card)}


def _names(entry: dict[str, Any]) -> set[str]:
    return set(_NAME.findall(json.dumps(entry)))


async def _seen(stage: Stage, mark: int, wanted: set[str], **matching: str) -> dict[str, float]:
    """Wait until a matching entry names each of `wanted`; return when the first of each came."""
    seen: dict[str, float] = {}
    await _read(stage, mark, wanted, seen, PATIENCE, **matching)
    return seen


async def _read(
    stage: Stage,
    mark: int,
    wanted: set[str],
    seen: dict[str, float],
    seconds: float,
    **matching: str,
) -> None:
    """Fill `seen` until it holds all of `wanted`. Raises TimeoutError after `seconds`."""
    async with asyncio.timeout(seconds):
        while not seen.keys() >= wanted:
            for entry in await stage.slack.journal(after=mark, wait=1, **matching):
                mark = max(mark, entry["n"])
                for name in wanted & _names(entry):
                    seen.setdefault(name, entry["at"])


class Posted:
    """Says when a request's card stands in Slack: one reader of the journal for all of them."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._events: dict[str, asyncio.Event] = {}

    def of(self, name: str) -> asyncio.Event:
        """Return the event that is set once the card of `name` has been posted."""
        return self._events.setdefault(name, asyncio.Event())

    async def read(self) -> None:
        """Read until cancelled."""
        mark = await self._stage.slack.journal_mark()
        while True:
            for entry in await self._stage.slack.journal(
                after=mark, wait=1, method="chat.postMessage"
            ):
                mark = max(mark, entry["n"])
                for name in _names(entry):
                    self.of(name).set()


async def measure_throughput(stage: Stage) -> tuple[float, float]:
    """Return complete approvals per second, ours and the yardstick's, decided as by the CLI."""
    posted = Posted(stage)
    reading = asyncio.create_task(posted.read())

    async def ours() -> None:
        request = _request()
        handle = await _start(stage, request)
        await posted.of(request.request_id).wait()
        await handle.execute_update(ApprovalWorkflow.decide, _decision())
        await handle.result()

    async def minimal() -> None:
        name = f"minimal-{uuid.uuid4().hex[:12]}"
        handle = await stage.temporal.start_workflow(
            MinimalWorkflow.run, name, id=name, task_queue=YARDSTICK_QUEUE
        )
        await posted.of(name).wait()
        await handle.execute_update(MinimalWorkflow.decide, "approve")
        await handle.result()

    try:
        return await _rate(ours), await _rate(minimal)
    finally:
        reading.cancel()


def _decision(origin: Origin = Origin.CLI) -> Decision:
    return Decision(
        actor=Actor(person=APPROVER, origin=origin),
        verdict=Verdict.APPROVE,
        content_revision=1,
        level=1,
    )


async def _rate(whole: Callable[[], Awaitable[None]]) -> float:
    """Run many, some at a time, and return how many were completed per second."""
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def gated() -> None:
        async with gate:
            await whole()

    await asyncio.gather(*(gated() for _ in range(IN_FLIGHT)))  # warm
    begun = time.perf_counter()
    await asyncio.gather(*(gated() for _ in range(APPROVALS)))
    return APPROVALS / (time.perf_counter() - begun)


async def measure_cost(stage: Stage, origin: Origin) -> Cost:
    """Return what one approval costs, without the requester's notice.

    One that is decided by a Slack click has its card settle for three seconds before the publish.
    """
    mark = await stage.slack.journal_mark()
    request = _request()
    handle = await _start(stage, request)
    await _seen(stage, mark, {request.request_id}, method="chat.postMessage")
    await handle.execute_update(ApprovalWorkflow.decide, _decision(origin))
    await handle.result()
    return cost((await handle.fetch_history()).events, without="tell")


async def measure_minimal_cost(stage: Stage) -> Cost:
    """Return what the yardstick costs."""
    mark = await stage.slack.journal_mark()
    name = f"minimal-{uuid.uuid4().hex[:12]}"
    handle = await stage.temporal.start_workflow(
        MinimalWorkflow.run, name, id=name, task_queue=YARDSTICK_QUEUE
    )
    await _seen(stage, mark, {name}, method="chat.postMessage")
    await handle.execute_update(MinimalWorkflow.decide, "approve")
    await handle.result()
    return cost((await handle.fetch_history()).events)


def _ratio(name: str, ours: list[float], bare: list[float], budget: float) -> Figure:
    mine, base = statistics.median(ours) * 1000, statistics.median(bare) * 1000
    missed = sum(math.isinf(seconds) for seconds in ours)
    detail = (
        f"p50 {mine:.1f} ms, bare update {base:.1f} ms, {len(ours)} clicks, {missed} not inline"
    )
    return Figure(name=name, value=mine / base, budget=budget, detail=detail)


async def _transport(name: str, directory: Path, one: float, fifty: float) -> list[Figure]:
    async with staged(directory, socket_mode=name == "Socket Mode") as stage:
        console.print(f"{name}: bare updates ...")
        bare = await measure_bare(stage)
        console.print(f"{name}: clicks ...")
        clicks = await measure_clicks(stage)
    return [
        _ratio(f"click, one at a time, {name}", clicks.one, bare.one, one),
        _ratio(f"click, {AT_ONCE} at once, {name}", clicks.fifty, bare.fifty, fifty),
    ]


async def _whole(directory: Path) -> list[Figure]:
    async with staged(directory, socket_mode=True) as stage:
        console.print("one approval: events and actions ...")
        yardstick = await measure_minimal_cost(stage)
        by_cli, by_click = [
            await measure_cost(stage, origin) for origin in (Origin.CLI, Origin.SLACK)
        ]
        console.print("approvals per second ...")
        ours, minimal = await measure_throughput(stage)
    rates = f"{ours:.1f}/s, minimal workflow {minimal:.1f}/s, {IN_FLIGHT} in flight"
    beside = f"minimal workflow {yardstick.events} events and {yardstick.actions} actions"
    counted = f"start to last publish, reminder and expiry armed, no notice; {beside}"
    return [
        Figure(
            name="approvals per second",
            value=ours / minimal,
            budget=0.55,
            detail=rates,
            at_least=True,
        ),
        *(
            Figure(name=f"{what}, decided by {how}", value=value, budget=budget, detail=counted)
            for how, spent in (("command line", by_cli), ("a Slack click", by_click))
            for what, value, budget in (
                ("events", spent.events, 36),
                ("billable actions", spent.actions, 8),
            )
        ),
    ]


async def measure_all() -> list[Figure]:
    """Measure everything, one installation after the other."""
    with tempfile.TemporaryDirectory() as scratch:
        places = [Path(scratch) / name for name in ("socket", "http", "whole")]
        for place in places:
            place.mkdir()
        figures = await _transport("Socket Mode", places[0], 1.5, 2.0)
        figures += await _transport("HTTP", places[1], 1.6, 2.3)
        return figures + await _whole(places[2])


def main(
    out: Annotated[Path, typer.Option(help="Where report and plot go.")] = Path("benchmarks"),
) -> None:
    """Measure on this machine and write the report."""
    write(asyncio.run(measure_all()), out)


if __name__ == "__main__":
    typer.run(main)
