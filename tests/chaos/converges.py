"""The card converges: whatever Slack refused, dropped or applied late, each copy ends up correct.

During a Slack outage decisions come from the command line and from clicks whose inline answers are
refused, and worker and bots are killed. Within fifteen seconds of the end of the outage every copy, in
the channel and in direct messages, shows the last state. Inline answers that Slack applies ten minutes
late are repaired by the next click.
"""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass

from tests.chaos import ledgers, requests
from tests.chaos.outage import outage
from tests.chaos.trial import Size, Trial, TrialContext
from tests.journeys.installation import SECOND_BOT
from tests.journeys.programs import until
from tests.journeys.workspace import APPROVALS
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.ids import approval_id

APPROVERS = ("U0BORIS", "U0CLARA", "U0DINA", "U0EMIL")
QUORUM = 3
BOTS = ("bot", SECOND_BOT)
SOON, LATE = 1.5, 600.0
"""Seconds after which Slack applies an inline answer whose response was lost: before the durable publish,
which comes three seconds after the click, and long after everything else."""
TASK_TIMEOUT = 10.0
"""Seconds for which Temporal waits for a worker that was killed while it held a workflow task."""
WAIT_TIMEOUT = 30.0
END_TIMEOUT = 90.0


@dataclass(kw_only=True)
class _Request:
    """One request, its approvers in the order in which they decide, and how many have decided.

    `place` is the conversation in which a late answer will appear.
    """

    request_id: str
    people: list[str]
    decided: int = 0
    place: str = ""

    def next(self) -> str:
        """Return the next approver."""
        self.decided += 1
        return self.people[self.decided - 1]


async def run(context: TrialContext) -> None:
    """Start requests, delay some inline answers, take Slack down and back up, and check every copy."""
    late_ones = max(2, context.size.requests // 6)
    orders = await context.orders(["1500.00"] * max(1, context.size.requests // 6))
    count = context.size.requests - len(orders)
    approvals = [await _start_request(context) for _ in range(count)]
    copies = dict.fromkeys(orders, ()) | {request.request_id: APPROVERS for request in approvals}
    await requests.converged(context, copies, "the requests were started", WAIT_TIMEOUT)
    late, overtaken, others = (
        approvals[:late_ones],
        approvals[late_ones],
        approvals[late_ones + 1 :],
    )
    for request in late:
        await _press_with_late_answer(context, request, LATE)
    await _press_with_late_answer(context, overtaken, SOON)
    await _press(context, overtaken.request_id, overtaken.next())
    async with asyncio.TaskGroup() as starting:  # the bots, which become healthy once Slack is back
        held = await _outage(context, orders, late, others, starting)
        seconds = held + requests.CONVERGED
        await requests.converged(context, copies, "Slack's return", seconds)
    await _late_answers(context, late)
    await _close(context, approvals)
    await ledgers.ended(
        context, [*orders, *(request.request_id for request in approvals)], END_TIMEOUT
    )
    context.report.stale += await requests.stale_copies(context, copies)
    await ledgers.compare_orders(context, orders)
    await requests.compare_requests(context, (request.request_id for request in approvals))


async def _start_request(context: TrialContext) -> _Request:
    people = context.rng.sample(APPROVERS, len(APPROVERS))
    return _Request(
        request_id=await requests.start_request(context, requests.policy_of("copies")),
        people=people,
    )


async def _press(context: TrialContext, request_id: str, person: str) -> str:
    """Have a person click Approve on the channel's copy or on their own; return its conversation."""
    context.report.presses += 1
    name = request_id.removesuffix(approval_id(""))  # an order's card names the order
    copies = requests.copies_of(await context.workspace.slack.state(), name)
    channel = context.rng.choice([place for place in (APPROVALS, f"D{person}") if place in copies])
    await context.workspace.slack.click(person, channel, copies[channel][0], "approve", tab=person)
    return channel


async def _press_with_late_answer(context: TrialContext, request: _Request, seconds: float) -> None:
    """Have the next person click, and Slack apply the inline answer this many seconds later."""
    slack = context.workspace.slack
    mark = await slack.journal_mark()
    only = {"replace_original": True}
    fault = {"target": "response_url", "effect": "late", "seconds": seconds, "where": only}
    await slack.faults(fault)
    request.place = await _press(context, request.request_id, request.next())
    await slack.wait_for_journal(
        lambda entry: bool(entry.get("reply_lost")),
        after=mark,
        kind="response_url",
        timeout=WAIT_TIMEOUT,
    )


async def _outage(
    context: TrialContext,
    orders: list[str],
    late: list[_Request],
    others: list[_Request],
    starting: asyncio.TaskGroup,
) -> float:
    """Take Slack down, have people decide, kill worker and bots, and bring Slack back.

    Returns for how many more seconds Temporal may wait for the worker that was killed last.
    """
    slack = context.workspace.slack
    before = await slack.mishaps()
    await slack.faults(*outage(context.rng))
    decisions = _decisions(context, orders, late, others)
    half = len(decisions) // 2
    for request_id, person in decisions[:half]:
        await _press(context, request_id, person)
    await _recorded(context, decisions[:half])
    await context.kill("worker", *BOTS)
    killed = time.monotonic()
    await context.installation.start("worker")
    by_command_line, *by_client = decisions[half:]
    await asyncio.gather(
        requests.decide_by_command_line(context, *by_command_line),
        *(requests.decide(context, *decision) for decision in by_client),
    )
    await _recorded(context, decisions)
    for _ in range(context.size.kills - 3):
        await context.kill("worker")
        killed = time.monotonic()
        await context.installation.start("worker")

    async def refused() -> bool | None:
        return await slack.mishaps() >= before + len(decisions) or None

    await until(refused, WAIT_TIMEOUT, "refused calls")
    starting.create_task(context.installation.start(*BOTS))
    await slack.clear_faults()
    return max(0.0, killed + TASK_TIMEOUT - time.monotonic())


def _decisions(
    context: TrialContext, orders: list[str], late: list[_Request], others: list[_Request]
) -> list[tuple[str, str]]:
    """Return pairs of a request and the person who decides it during the outage. Some requests are closed by this, some stay open.

    Every other request with a late answer is closed.
    """
    rng = context.rng
    found = [
        (request.request_id, request.next())
        for request in others
        for _ in range(rng.randint(1, QUORUM))
    ]
    found += [
        (request.request_id, request.next())
        for number, request in enumerate(late)
        for _ in range(1 + number % 2)
    ]
    found += [(approval_id(order_id), rng.choice(context.crowd)) for order_id in orders]
    rng.shuffle(found)
    return found


async def _recorded(context: TrialContext, decisions: Iterable[tuple[str, str]]) -> None:
    """Wait until each of these decisions is in the audit trail, although Slack is down."""
    for request_id, person in decisions:

        async def look(request_id: str = request_id, person: str = person) -> bool | None:
            facts = await context.workspace.facts(request_id)
            people = [fact.actor.person for fact in facts if fact.kind is Fact.DECISION_RECORDED]
            return person in people or None

        await until(look, WAIT_TIMEOUT, f"{person}'s decision on {request_id}")


async def _late_answers(context: TrialContext, late: list[_Request]) -> None:
    """Let the late answers arrive, which show old states; a click on each must bring back the last state."""
    slack = context.workspace.slack
    mark = await slack.journal_mark()
    await slack.advance(LATE)
    for _ in late:
        applied = await slack.wait_for_journal(
            kind="applied_late", after=mark, timeout=WAIT_TIMEOUT
        )
        mark = applied["n"]
    copies = {request.request_id: APPROVERS for request in late}
    stale = await requests.stale_copies(context, copies)
    assert len(stale) >= len(late), f"late answers changed nothing: {stale}"
    for request in late:
        (now,) = requests.copies_of(await slack.state(), request.request_id)[request.place]
        context.report.presses += 1
        await slack.click(request.people[0], request.place, now, "approve", tab="late")
    await requests.converged(context, copies, "a click on a late answer", requests.CONVERGED)


async def _close(context: TrialContext, approvals: list[_Request]) -> None:
    """Have the remaining approvers decide, so that every request ends."""
    await asyncio.gather(
        *(
            requests.decide(context, request.request_id, request.next())
            for request in approvals
            for _ in range(QUORUM - request.decided)
        )
    )


TRIAL = Trial(
    name="converges",
    run=run,
    short=Size(requests=5, people=2, kills=3),
    long=Size(requests=30, people=20, kills=8),
)
