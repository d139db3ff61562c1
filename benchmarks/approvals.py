"""Measure whole approvals beside the minimal workflow: rate, processor time, memory, events and actions."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from rich.console import Console
from temporalio.client import WorkflowExecutionStatus

from benchmarks import requests
from benchmarks.installation import YARDSTICK_QUEUE, Installation
from benchmarks.journal import PostedCards, until_posted
from benchmarks.minimal import MinimalWorkflow
from benchmarks.report import Figure
from benchmarks.usage import milliseconds_each, usage_of
from tests.workflows.cost import Cost, cost
from workflows.approval import ApprovalWorkflow
from workflows.rules.people.actors import Origin

IN_FLIGHT = 40
"""Concurrent approvals in the throughput run. CLI decisions publish at once, so this is enough."""
APPROVALS = 240
OPEN = 300
"""Approvals that are open at once while memory is measured. The worker's cache holds 1,000."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """Approvals per second, and the processor milliseconds per approval by process."""

    rate: float
    cpu: dict[str, float]

    @property
    def total(self) -> float:
        """The processor milliseconds of all processes."""
        return sum(self.cpu.values())


async def measure(installation: Installation, console: Console) -> list[Figure]:
    """Return the figures of whole approvals."""
    console.print("one approval: events and actions ...")
    yardstick = await _minimal_cost(installation)
    by_cli, by_click = [
        await _approval_cost(installation, origin) for origin in (Origin.CLI, Origin.SLACK)
    ]
    console.print("approvals per second ...")
    async with _posted_cards(installation) as posted:
        ours = await _rate(installation, lambda: _decide_approval(installation, posted))
        minimal = await _rate(installation, lambda: _decide_minimal(installation, posted))
    console.print("memory of open approvals ...")
    memory = await _memory_each(installation)
    rates = f"{ours.rate:.1f}/s, minimal workflow {minimal.rate:.1f}/s, {IN_FLIGHT} in flight"
    beside = f"minimal workflow {yardstick.events} events and {yardstick.actions} actions"
    counted = f"start to last publish, reminder and expiry armed, no notice; {beside}"
    return [
        Figure(
            name="approvals per second, beside the minimal workflow",
            value=ours.rate / minimal.rate,
            budget=0.55,
            detail=rates,
            at_least=True,
        ),
        *_cpu_figures(ours, minimal),
        Figure(
            name="worker memory per open approval, KiB",
            value=memory,
            detail=f"growth of the worker by {OPEN} open approvals",
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


def _cpu_figures(ours: Run, minimal: Run) -> list[Figure]:
    worker, server = ours.cpu["worker"], ours.cpu["temporal"]
    base, base_server = minimal.cpu["yardstick"], minimal.cpu["temporal"]
    parts = ", ".join(f"{name} {spent:.0f}" for name, spent in ours.cpu.items())
    return [
        Figure(
            name="worker CPU per approval, ms",
            value=worker,
            detail=f"minimal workflow {base:.0f} ms",
        ),
        Figure(
            name="server CPU per approval, ms",
            value=server,
            detail=f"minimal workflow {base_server:.0f} ms",
        ),
        Figure(
            name="all CPU per approval, ms",
            value=ours.total,
            detail=f"{parts}; minimal workflow {minimal.total:.0f} ms",
        ),
    ]


@asynccontextmanager
async def _posted_cards(installation: Installation) -> AsyncIterator[PostedCards]:
    posted = PostedCards(installation.slack)
    reading = asyncio.create_task(posted.read())
    try:
        yield posted
    finally:
        reading.cancel()


async def _decide_approval(installation: Installation, posted: PostedCards) -> None:
    request = requests.request()
    handle = await requests.start(installation.temporal, request)
    await posted.of(request.request_id).wait()
    await handle.execute_update(ApprovalWorkflow.decide, requests.decision())
    await handle.result()


async def _decide_minimal(installation: Installation, posted: PostedCards) -> None:
    name = f"minimal-{uuid.uuid4().hex[:12]}"
    handle = await installation.temporal.start_workflow(
        MinimalWorkflow.run, name, id=name, task_queue=YARDSTICK_QUEUE
    )
    await posted.of(name).wait()
    await handle.execute_update(MinimalWorkflow.decide, "approve")
    await handle.result()


async def _rate(installation: Installation, run: Callable[[], Awaitable[None]]) -> Run:
    """Run `APPROVALS` times, `IN_FLIGHT` at once, and return the rate and the processor time."""
    slots = asyncio.Semaphore(IN_FLIGHT)

    async def limited() -> None:
        async with slots:
            await run()

    await asyncio.gather(*(limited() for _ in range(IN_FLIGHT)))  # warm-up
    before = {name: usage_of(pid) for name, pid in installation.pids.items()}
    started_at = time.perf_counter()
    await asyncio.gather(*(limited() for _ in range(APPROVALS)))
    rate = APPROVALS / (time.perf_counter() - started_at)
    after = {name: usage_of(pid) for name, pid in installation.pids.items()}
    return Run(rate=rate, cpu=milliseconds_each(before, after, APPROVALS))


async def _memory_each(installation: Installation) -> float:
    """Return the KiB by which the worker grows for each approval that is open."""
    worker, mark = installation.pids["worker"], await installation.slack.journal_mark()
    before = usage_of(worker).memory
    created = [requests.request() for _ in range(OPEN)]
    handles = [await requests.start(installation.temporal, request) for request in created]
    await until_posted(installation.slack, mark, {request.request_id for request in created})
    growth = usage_of(worker).memory - before
    for handle in handles:
        description = await handle.describe()
        if description.status is WorkflowExecutionStatus.RUNNING:
            await handle.terminate()
    return growth * 1024 / OPEN


async def _approval_cost(installation: Installation, origin: Origin) -> Cost:
    """Return the cost of one approval, without the requester's notice.

    After a decision by a Slack click, the card is published three seconds later.
    """
    mark = await installation.slack.journal_mark()
    request = requests.request()
    handle = await requests.start(installation.temporal, request)
    await until_posted(installation.slack, mark, {request.request_id})
    await handle.execute_update(ApprovalWorkflow.decide, requests.decision(origin))
    await handle.result()
    return cost((await handle.fetch_history()).events, without="tell")


async def _minimal_cost(installation: Installation) -> Cost:
    """Return the cost of one approval by the yardstick."""
    mark = await installation.slack.journal_mark()
    name = f"minimal-{uuid.uuid4().hex[:12]}"
    handle = await installation.temporal.start_workflow(
        MinimalWorkflow.run, name, id=name, task_queue=YARDSTICK_QUEUE
    )
    await until_posted(installation.slack, mark, {name})
    await handle.execute_update(MinimalWorkflow.decide, "approve")
    await handle.result()
    return cost((await handle.fetch_history()).events)
