"""Workflow bug recovery: a worker whose workflows raise is deployed over pending requests, then a fixed one.

People press meanwhile. They are told that it is not confirmed yet and nothing that is not so; once
the fix is there each press counts, each person is told, each order ends, and nothing has failed.
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
"""The bugs that stand between a press and its answer."""
COUNTED_TIMEOUT = 90.0
"""Seconds after the fix within which everything has ended: a press is asked for again for 60."""


@dataclass(frozen=True, kw_only=True)
class Pending:
    """An order that waits, and the one person who presses on it, once. `card` is from before."""

    order_id: str
    bug: Bug
    person: str
    verdict: Verdict
    card: Json


async def run(context: TrialContext) -> None:
    """Place orders, deploy the bug, have everybody press, deploy the fix; several times."""
    for _ in range(context.size.kills):
        pending = await _place(context)
        await _deploy(context, BUGGY_WORKER)
        tabs = dict(
            await asyncio.gather(*(_press(context, one) for one in pending)),
        )
        late = [one for one in pending if one.bug in BLOCKING_BUGS]
        await _wait_for_replies(context, late, tabs, lambda _: [notices.unconfirmed(ENGLISH)])
        await _nothing_has_failed(context, pending)
        await _deploy(context)
        orders = [one.order_id for one in pending]
        await ledgers.ended(context, orders, COUNTED_TIMEOUT)
        await _wait_for_replies(context, late, tabs, _final_replies)
        await ledgers.compare_orders(context, orders)
        await _as_decided(context, pending)


async def _place(context: TrialContext) -> list[Pending]:
    """Have Ana order things, each for another bug, and wait until each can be pressed."""
    bugs = islice(cycle(Bug), context.size.requests)
    people = context.dice.sample(context.crowd, context.size.requests)
    verdicts = [context.dice.choice((Verdict.APPROVE, Verdict.REJECT)) for _ in people]
    slots = asyncio.Semaphore(CONCURRENT_FORMS)

    async def place(bug: Bug, person: str, verdict: Verdict) -> Pending:
        async with slots:
            order_id = await context.workspace.order("1500.00", customer=bug)
            card = await context.workspace.card(order_id, DECIDABLE, buttons=True)
        return Pending(order_id=order_id, bug=bug, person=person, verdict=verdict, card=card)

    context.report.requests += context.size.requests
    placing = (place(*one) for one in zip(bugs, people, verdicts, strict=True))
    return list(await asyncio.gather(*placing))


async def _deploy(context: TrialContext, worker: Path | None = None) -> None:
    """Put this worker in place of the one that runs; without one, the real worker."""
    installation: Installation = context.installation
    await context.kill("worker")
    await (installation.start("worker", worker=worker) if worker else installation.start("worker"))


async def _press(context: TrialContext, one: Pending) -> tuple[str, str]:
    """Press, and return the order's id and the tab; where there is no menu, it must say so first."""
    if one.bug is Bug.QUERY:
        tab = f"menu of {one.order_id}"
        slack = context.workspace.slack
        await slack.click(one.person, APPROVALS, one.card, "more", tab=tab)
        await slack.wait_for_modal(
            one.person,
            lambda view: notices.unavailable(ENGLISH) in text_of(view),
            tab=tab,
            timeout=EVENT_TIMEOUT,
        )
    return one.order_id, await context.press(one.person, one.card, one.verdict)


def _final_replies(one: Pending) -> list[str]:
    """Return all that who waited for an answer has heard in the end."""
    if one.verdict is Verdict.REJECT:  # in one form, which says the last only
        return [notices.confirmed(one.verdict, ENGLISH)]
    return [notices.unconfirmed(ENGLISH), notices.confirmed(one.verdict, ENGLISH)]


async def _wait_for_replies(
    context: TrialContext,
    pending: list[Pending],
    tabs: dict[str, str],
    wanted: Callable[[Pending], list[str]],
) -> None:
    """Wait until each of them has heard this and nothing else; who has not is lost."""

    async def hears(one: Pending) -> None:
        said: list[str] = []

        async def look() -> bool | None:
            said[:] = await _replies(context, one, tabs[one.order_id])
            return said == wanted(one) or None

        with suppress(TimeoutError):
            await until(look)
        if said != wanted(one):
            context.report.lost.append(
                f"{one.person} pressed on {one.order_id} ({one.bug}) and has heard {said}"
            )

    await asyncio.gather(*map(hears, pending))


async def _replies(context: TrialContext, one: Pending, tab: str) -> list[str]:
    """Return what only this person was told since: in the channel, or by the form they sent."""
    slack = context.workspace.slack
    if one.verdict is Verdict.REJECT:
        views = await slack.modals(one.person, tab=tab)
        known = (notices.unconfirmed(ENGLISH), notices.confirmed(one.verdict, ENGLISH))
        words = [text_of(view) for view in views]
        return [next((said for said in known if said in word), word) for word in words]
    seen = await slack.messages(APPROVALS, one.person)
    return [
        str(message["text"])
        for message in seen
        if message.get("is_ephemeral") and message["ts"] > one.card["ts"]
    ]


async def _nothing_has_failed(context: TrialContext, pending: list[Pending]) -> None:
    """Check that a bug holds up what it stands in the way of, and ends nothing."""
    for one in pending:
        known = await ledgers.recorded_snapshot(context, approval_id(one.order_id))
        for workflow_id in (one.order_id, approval_id(one.order_id)):
            status = (await context.temporal.get_workflow_handle(workflow_id).describe()).status
            if status not in (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.COMPLETED):
                context.report.lost.append(f"{workflow_id} ({one.bug}) is {status}")
        if one.bug in BLOCKING_BUGS and (known is None or known.status != "pending"):
            context.report.lost.append(
                f"{one.order_id} ({one.bug}) was decided: the bug was not met"
            )


async def _as_decided(context: TrialContext, pending: list[Pending]) -> None:
    """Check that each order has ended by the one press that it saw."""
    for one in pending:
        snapshot = await ledgers.recorded_snapshot(context, one.order_id)
        if (
            not isinstance(snapshot, OrderSnapshot)
            or ledgers.DECIDED.get(snapshot.status) is not one.verdict
        ):
            status = snapshot.status if snapshot else "unknown"
            context.report.lost.append(
                f"{one.order_id} ({one.bug}) was to {one.verdict}, is {status}"
            )


TRIAL = Trial(
    name="bugs",
    run=run,
    short=Size(requests=len(Bug), people=len(Bug), kills=1),
    long=Size(requests=4 * len(Bug), people=4 * len(Bug), kills=4),
)
"""`kills` are so many times that the bug, and then the fix, is deployed by a kill of the worker."""
