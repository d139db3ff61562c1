"""A Slack outage stops nothing else: everything happens in time, and people are notified when Slack is back.

While Slack refuses or hangs every call, requests are decided, reminded, escalated, and expire, and an
order is approved and delivered. All of this is in the audit trail, at its own instant, before Slack is
back. Then each notice is sent once, and outdated notices are not sent.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from emulator.client import text_of
from emulator.errors import Json
from tests.chaos import ledgers, requests
from tests.chaos.outage import outage
from tests.chaos.trial import Size, Trial, TrialContext
from tests.journeys.installation import SECOND_BOT
from tests.journeys.programs import until
from tests.journeys.workspace import ANA, APPROVALS, BORIS, CLARA
from workflows.rules.approvals.request import Verdict
from workflows.rules.orders.order import StepName
from workflows.rules.shared.audit import AuditEvent, Fact
from workflows.rules.shared.ids import approval_id

EMIL = "U0EMIL"
BOTS = ("bot", SECOND_BOT)
Due = tuple[tuple[Fact, int], ...]
URGED: Due = ((Fact.LEVEL_REMINDED, 3), (Fact.LEVEL_REMINDED, 4), (Fact.LEVEL_ESCALATED, 5))
EXPIRING: Due = ((Fact.LEVEL_REMINDED, 3), (Fact.REQUEST_EXPIRED, 5))
EXPIRE_AFTER = timedelta(seconds=5)
EXPIRING_ORDER: Due = ((Fact.REQUEST_EXPIRED, 5),)
"""The facts that fall due, and how many seconds after the request was submitted (policies.toml)."""
FIRST_REMINDER = timedelta(seconds=3)
ALLOWED_DELAY = timedelta(seconds=5)
"""The allowed delay of a fact. It takes a tenth of a second on an idle machine; waiting for Slack would
take longer than this. It is multiplied by the pace if the machine is too busy for the short durations."""
TASK_TIMEOUT = timedelta(seconds=12)
"""How long Temporal waits for a worker that was killed while it held a task."""
WAIT_TIMEOUT = 30.0
END_TIMEOUT = 90.0
NoticeResult = Mapping[tuple[str, str], int]
"""The number of notices by conversation and kind: `reminded`, `asked` or `outcome`."""
OUTCOME = {(f"D{ANA}", "outcome"): 1}
ASKED = {(APPROVALS, "asked"): 1}
"""The crowd's notice of an order, before the outage. The crowd is too large for mentions on the card."""
DELIVERED = OUTCOME | ASKED | {(APPROVALS, "order_delivered"): 1}
"""The notices of an approved order that name the order. The card shows the other steps."""
IN_THREAD = OUTCOME | ASKED | {(APPROVALS, "reminded"): 1}
BY_DIRECT_MESSAGE = OUTCOME | {(f"D{CLARA}", "reminded"): 1}
"""Emil, added by the escalation, gets the card itself. Boris has already decided."""


@dataclass(frozen=True, kw_only=True)
class _Requests:
    """The requests of one outage. Those in `settled` are decided before Slack is back."""

    orders: list[str]
    urged: list[str]
    urged_directly: list[str]
    settled: list[str]
    expiring: list[str]
    expiring_orders: list[str]
    pace: int
    """The factor by which the durations of policies.toml are multiplied."""

    @property
    def reminded(self) -> list[str]:
        """The requests that are decided after their first reminder."""
        return [*self.urged, *self.urged_directly, *self.settled]

    @property
    def requests(self) -> list[str]:
        """All requests except the orders."""
        return [*self.reminded, *self.expiring]

    @property
    def every_order(self) -> list[str]:
        """The approved and the expired orders."""
        return [*self.orders, *self.expiring_orders]

    def copies(self, *direct: str) -> dict[str, tuple[str, ...]]:
        """Return the people with a copy besides the channel: `direct` for the requests with direct messages."""
        names = [*self.every_order, *self.requests]
        return {name: direct if name in self.urged_directly else () for name in names}


async def run(context: TrialContext) -> None:
    """Have everything fall due during an outage, and count the notices after it."""
    each = max(1, context.size.requests // 5)
    orders = await context.orders(["1500.00"] * each)
    cards = [
        await context.workspace.card(order_id, buttons=True, seconds=WAIT_TIMEOUT)
        for order_id in orders
    ]
    trial_requests = await _start_in_time(context, orders, each)
    async with asyncio.TaskGroup() as starting:  # the bots, which become healthy once Slack is back
        await context.workspace.slack.faults(*outage(context.rng))
        for card in cards:
            await context.press(context.rng.choice(context.crowd), card, Verdict.APPROVE)
        await asyncio.gather(
            _kill(context, trial_requests),
            _decide(context, trial_requests),
            _fall_due(context, trial_requests),
        )
        await _effects(context, trial_requests)
        state = await context.workspace.slack.state()
        for order_id, card in zip(orders, cards, strict=True):  # Slack was really down
            (shown,) = requests.copies_of(state, order_id)[APPROVALS]
            assert text_of(shown) == text_of(card)
        if context.size.kills:
            starting.create_task(context.installation.start(*BOTS))
        await context.workspace.slack.clear_faults()
        await _check_notices(context, trial_requests)


async def _start_in_time(context: TrialContext, orders: list[str], each: int) -> _Requests:
    """Start the requests, and return when every card is posted before the first reminder is due.

    If the machine is too busy for that, start new requests with longer durations.
    """
    names = ("urged", "urged-dm", "urged", "hasty")
    for pace in (1, 3, 9):
        began = time.monotonic()
        policies = [requests.policy_of(name, pace) for name in names for _ in range(each)]
        ids = await asyncio.gather(
            *(requests.start_request(context, policy) for policy in policies)
        )
        urged, directly, settled, expiring = (
            list(ids[at : at + each]) for at in range(0, len(ids), each)
        )
        late = await requests.expiring_order(context, "1500.00", pace * EXPIRE_AFTER)
        trial_requests = _Requests(
            orders=orders,
            urged=urged,
            urged_directly=directly,
            settled=settled,
            expiring=expiring,
            expiring_orders=[late],
            pace=pace,
        )
        left = pace * (FIRST_REMINDER.total_seconds() - 0.5) - (time.monotonic() - began)
        with suppress(TimeoutError):
            await _cards_posted(context, trial_requests, left)
            return trial_requests
    raise TimeoutError("this machine is too slow: cards are posted only after reminders fall due")


async def _cards_posted(context: TrialContext, trial_requests: _Requests, seconds: float) -> None:
    """Wait this long for every card, and for every copy of the requests with direct messages."""

    async def look() -> bool | None:
        await asyncio.sleep(0.2)  # reading the whole state is expensive
        state = await context.workspace.slack.state()
        direct = trial_requests.urged_directly
        posted = (
            len(requests.copies_of(state, name)) == (3 if name in direct else 1)
            for name in [*trial_requests.requests, *trial_requests.every_order]
        )
        notified = (
            requests.notices_of(state, order_id) == Counter(ASKED)
            for order_id in trial_requests.every_order
        )
        return (all(posted) and all(notified)) or None

    await until(look, seconds, "the cards")


async def _kill(context: TrialContext, trial_requests: _Requests) -> None:
    """Kill worker and bots once the orders are decided, and then the worker alone."""
    if not context.size.kills:
        return
    for order_id in trial_requests.orders:
        await context.workspace.fact(approval_id(order_id), Fact.DECISION_RECORDED)
    await context.kill("worker", *BOTS)
    await context.installation.start("worker")
    for _ in range(context.size.kills - 3):
        await context.kill("worker")
        await context.installation.start("worker")


async def _decide(context: TrialContext, trial_requests: _Requests) -> None:
    """Have Boris decide after the reminder has fallen due, and Clara too for `settled` requests."""

    async def look() -> bool | None:
        trails = [
            await context.workspace.facts(request_id) for request_id in trial_requests.reminded
        ]
        kinds = [{fact.kind for fact in trail} for trail in trails]
        return all(Fact.LEVEL_REMINDED in seen for seen in kinds) or None

    await until(look, END_TIMEOUT, "the first reminders")
    decided = [(request_id, BORIS) for request_id in trial_requests.reminded] + [
        (request_id, CLARA) for request_id in trial_requests.settled
    ]
    await asyncio.gather(*(requests.decide(context, *decision) for decision in decided))


async def _fall_due(context: TrialContext, trial_requests: _Requests) -> None:
    """Watch the audit trail: each due fact is recorded in time, with the instant at which it was due."""
    due = dict.fromkeys((*trial_requests.urged, *trial_requests.urged_directly), URGED)
    due |= dict.fromkeys(trial_requests.expiring, EXPIRING)
    due |= {approval_id(order_id): EXPIRING_ORDER for order_id in trial_requests.expiring_orders}
    late = ALLOWED_DELAY * trial_requests.pace + _task_timeouts(context)
    while due:
        for request_id in list(due):
            facts = await context.workspace.facts(request_id)
            missing = _missing(facts, due[request_id], trial_requests.pace)
            if not missing:
                del due[request_id]
            elif (overdue := datetime.now(UTC) - missing[0][1]) > late:
                finding = (
                    f"{request_id}: {missing[0][0]} is not recorded {overdue} after it was due"
                )
                context.report.lost.append(finding)
                del due[request_id]
        await asyncio.sleep(0.1)


def _missing(facts: Iterable[AuditEvent], wanted: Due, pace: int) -> list[tuple[Fact, datetime]]:
    """Return the facts that are not recorded with the instant at which they were due, and this instant."""
    recorded = [(fact.kind, fact.at) for fact in facts]
    submitted = next(at for kind, at in recorded if kind is Fact.REQUEST_SUBMITTED)
    instants = [(kind, submitted + timedelta(seconds=seconds * pace)) for kind, seconds in wanted]
    return [instant for instant in instants if instant not in recorded]


async def _effects(context: TrialContext, trial_requests: _Requests) -> None:
    """Check that each order ended within seconds of its decision or expiry, while Slack is down."""
    late = ALLOWED_DELAY * trial_requests.pace + len(StepName) * _task_timeouts(context)
    causes = dict.fromkeys(trial_requests.orders, Fact.DECISION_RECORDED)
    causes |= dict.fromkeys(trial_requests.expiring_orders, Fact.REQUEST_EXPIRED)
    for order_id, cause in causes.items():
        since = await context.workspace.fact(approval_id(order_id), cause)
        try:
            ended = await context.workspace.ended(order_id, late.total_seconds() + 1)
        except TimeoutError:
            context.report.lost.append(f"{order_id} has not ended {late} after {cause}")
            continue
        assert ended.ended_at
        if (took := ended.ended_at - since.at) > late:
            context.report.lost.append(f"{order_id} has ended {took} after {cause}")


async def _check_notices(context: TrialContext, trial_requests: _Requests) -> None:
    """Check that cards are correct soon after the outage and that everyone is notified once."""
    wanted: dict[str, NoticeResult] = dict.fromkeys(
        [*trial_requests.settled, *trial_requests.expiring], OUTCOME
    )
    wanted |= dict.fromkeys(trial_requests.orders, DELIVERED) | dict.fromkeys(
        trial_requests.expiring_orders, OUTCOME | ASKED
    )
    still_open = dict.fromkeys(trial_requests.urged, IN_THREAD) | dict.fromkeys(
        trial_requests.urged_directly, BY_DIRECT_MESSAGE
    )
    before = {name: Counter(sent) - Counter(OUTCOME) for name, sent in still_open.items()}
    copies = trial_requests.copies(BORIS, CLARA)
    dead = _task_timeouts(context).total_seconds()
    await requests.converged(context, copies, "Slack's return", dead + requests.CONVERGED)

    async def all_notices_sent() -> bool | None:
        await asyncio.sleep(0.2)
        state = await context.workspace.slack.state()
        escalated = (
            f"D{EMIL}" in requests.copies_of(state, request_id)
            for request_id in trial_requests.urged_directly
        )
        sent = (not due - requests.notices_of(state, name) for name, due in before.items())
        return (all(sent) and all(escalated)) or None

    try:
        await until(
            all_notices_sent, WAIT_TIMEOUT, "reminders and escalations after Slack's return"
        )
    except TimeoutError as error:
        context.report.lost.append(str(error))
    await asyncio.gather(
        *(requests.decide(context, request_id, CLARA) for request_id in still_open)
    )
    await ledgers.ended(
        context, [*trial_requests.every_order, *trial_requests.requests], END_TIMEOUT
    )
    _count(context, await context.workspace.slack.state(), wanted | still_open)
    context.report.stale += await requests.stale_copies(
        context, trial_requests.copies(BORIS, CLARA, EMIL)
    )
    await ledgers.compare_orders(context, trial_requests.every_order)
    await requests.compare_requests(context, trial_requests.requests)


def _task_timeouts(context: TrialContext) -> timedelta:
    """Return the time that Temporal may have waited for killed workers. Bots hold no tasks."""
    return TASK_TIMEOUT * max(0, context.size.kills - len(BOTS))


def _count(context: TrialContext, state: Json, wanted: Mapping[str, NoticeResult]) -> None:
    """Compare the notices with the expected ones."""
    for name, expected in wanted.items():
        found = requests.notices_of(state, name)
        context.report.lost += [
            f"{name}: no notice {notice}" for notice in Counter(expected) - found
        ]
        context.report.doubled += [
            f"{name}: notice {notice} sent too often" for notice in found - Counter(expected)
        ]
        outdated = requests.reminders_to(state, name, BORIS)
        context.report.doubled += [
            f"Boris was reminded after he decided: {text}" for text in outdated
        ]


TRIAL = Trial(
    name="slack-down",
    run=run,
    short=Size(requests=5, people=2),
    long=Size(requests=10, people=20, kills=4),
)
