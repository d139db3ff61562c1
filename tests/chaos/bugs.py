"""Workflow bug recovery: a worker whose workflows raise is deployed over pending requests, then a fixed one.

People click while the faulty version runs. They read that their click is not confirmed yet, and nothing
untrue. Once the fix is deployed, each click counts, each person gets the result, each order ends, and no
workflow has failed.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from temporalio.client import WorkflowExecutionStatus

from emulator.client import text_of
from emulator.errors import Json
from tests.chaos import ledgers
from tests.chaos.buggy_worker import Bug
from tests.chaos.restarts import DECIDABLE
from tests.chaos.trial import CONCURRENT_FORMS, Size, Trial, TrialContext
from tests.journeys.installation import Installation
from tests.journeys.programs import EVENT_TIMEOUT, until
from tests.journeys.workspace import APPROVALS
from views import notices
from views.translator import ENGLISH
from workflows.rules.approvals.request import Verdict
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.shared.ids import approval_id

BUGGY_WORKER = Path(__file__).with_name("buggy_worker.py")
BLOCKING_BUGS = (Bug.RUN, Bug.UPDATE, Bug.VALIDATOR)
"""The bugs that prevent the answer to a click."""
COUNTED_TIMEOUT = 90.0
"""Seconds after the fix within which everything has ended. A click is retried for 60 seconds."""


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A pending order and the one person who clicks on it, once. `card` is the card before the click."""

    order_id: str
    bug: Bug
    person: str
    verdict: Verdict
    card: Json


async def run(context: TrialContext) -> None:
    """Place orders, deploy the bug, have everyone click, deploy the fix; several times."""
    for _ in range(context.size.kills):
        pending = await _place(context)
        await _deploy(context, BUGGY_WORKER)
        tabs = dict(
            await asyncio.gather(*(_press(context, item) for item in pending)),
        )
        blocked = [item for item in pending if item.bug in BLOCKING_BUGS]
        await _wait_for_replies(context, blocked, tabs, lambda _: [notices.unconfirmed(ENGLISH)])
        await _nothing_has_failed(context, pending)
        await _deploy(context)
        orders = [item.order_id for item in pending]
        await ledgers.ended(context, orders, COUNTED_TIMEOUT)
        await _wait_for_replies(context, blocked, tabs, _final_replies)
        await ledgers.compare_orders(context, orders)
        await _as_decided(context, pending)


async def _place(context: TrialContext) -> list[Pending]:
    """Have Ana place one order per bug, and wait until each can be decided."""
    bugs = islice(cycle(Bug), context.size.requests)
    people = context.rng.sample(context.crowd, context.size.requests)
    verdicts = [context.rng.choice((Verdict.APPROVE, Verdict.REJECT)) for _ in people]
    slots = asyncio.Semaphore(CONCURRENT_FORMS)

    async def place(bug: Bug, person: str, verdict: Verdict) -> Pending:
        async with slots:
            order_id = await context.workspace.order("1500.00", customer=bug)
            card = await context.workspace.card(order_id, DECIDABLE, buttons=True)
        return Pending(order_id=order_id, bug=bug, person=person, verdict=verdict, card=card)

    context.report.requests += context.size.requests
    placing = (place(*placement) for placement in zip(bugs, people, verdicts, strict=True))
    return list(await asyncio.gather(*placing))


async def _deploy(context: TrialContext, worker: Path | None = None) -> None:
    """Replace the running worker by the given program, by default the real worker."""
    installation: Installation = context.installation
    await context.kill("worker")
    await (installation.start("worker", worker=worker) if worker else installation.start("worker"))


async def _press(context: TrialContext, item: Pending) -> tuple[str, str]:
    """Click, and return the order's id and the tab. If the bug breaks the menu, the menu must report that first."""
    if item.bug is Bug.QUERY:
        tab = f"menu of {item.order_id}"
        slack = context.workspace.slack
        await slack.click(item.person, APPROVALS, item.card, "more", tab=tab)
        await slack.wait_for_modal(
            item.person,
            lambda view: notices.unavailable(ENGLISH) in text_of(view),
            tab=tab,
            timeout=EVENT_TIMEOUT,
        )
    return item.order_id, await context.press(item.person, item.card, item.verdict)


def _final_replies(item: Pending) -> list[str]:
    """Return all answers that the person has received in the end."""
    if item.verdict is Verdict.REJECT:  # the form shows only the last answer
        return [notices.confirmed(item.verdict, ENGLISH)]
    return [notices.unconfirmed(ENGLISH), notices.confirmed(item.verdict, ENGLISH)]


async def _wait_for_replies(
    context: TrialContext,
    pending: list[Pending],
    tabs: dict[str, str],
    wanted: Callable[[Pending], list[str]],
) -> None:
    """Wait until each person has received exactly these answers; report others as lost."""

    async def wait(item: Pending) -> None:
        replies: list[str] = []

        async def look() -> bool | None:
            replies[:] = await _replies(context, item, tabs[item.order_id])
            return replies == wanted(item) or None

        with suppress(TimeoutError):
            await until(look)
        if replies != wanted(item):
            context.report.lost.append(
                f"{item.person} clicked on {item.order_id} ({item.bug}) and got {replies}"
            )

    await asyncio.gather(*map(wait, pending))


async def _replies(context: TrialContext, item: Pending, tab: str) -> list[str]:
    """Return the answers to this person's click: ephemeral messages, or the text of the submitted form."""
    slack = context.workspace.slack
    if item.verdict is Verdict.REJECT:
        views = await slack.modals(item.person, tab=tab)
        answers = (notices.unconfirmed(ENGLISH), notices.confirmed(item.verdict, ENGLISH))
        texts = [text_of(view) for view in views]
        return [next((reply for reply in answers if reply in text), text) for text in texts]
    seen = await slack.messages(APPROVALS, item.person)
    return [
        str(message["text"])
        for message in seen
        if message.get("is_ephemeral") and message["ts"] > item.card["ts"]
    ]


async def _nothing_has_failed(context: TrialContext, pending: list[Pending]) -> None:
    """Check that a blocking bug keeps its request undecided and that no workflow has failed."""
    for item in pending:
        approval = await ledgers.recorded_snapshot(context, approval_id(item.order_id))
        for workflow_id in (item.order_id, approval_id(item.order_id)):
            status = (await context.temporal.get_workflow_handle(workflow_id).describe()).status
            if status not in (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.COMPLETED):
                context.report.lost.append(f"{workflow_id} ({item.bug}) is {status}")
        if item.bug in BLOCKING_BUGS and (approval is None or approval.status != "pending"):
            context.report.lost.append(
                f"{item.order_id} ({item.bug}) was decided although the bug was deployed"
            )


async def _as_decided(context: TrialContext, pending: list[Pending]) -> None:
    """Check that each order has ended as its one click decided."""
    for item in pending:
        snapshot = await ledgers.recorded_snapshot(context, item.order_id)
        if (
            not isinstance(snapshot, OrderSnapshot)
            or ledgers.DECIDED.get(snapshot.status) is not item.verdict
        ):
            status = snapshot.status if snapshot else "unknown"
            context.report.lost.append(
                f"{item.order_id} ({item.bug}) : the decision was {item.verdict}, the order is {status}"
            )


TRIAL = Trial(
    name="bugs",
    run=run,
    short=Size(requests=len(Bug), people=len(Bug), kills=1),
    long=Size(requests=4 * len(Bug), people=4 * len(Bug), kills=4),
)
"""`kills` is how often the bug and then the fix is deployed. Each deployment kills the worker."""
