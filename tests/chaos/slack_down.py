"""Slack down is not us down: what was promised happens in time, and people are told when it is back.

While Slack refuses or swallows everything, requests are decided on, reminded of, escalated, and
expire; an order is approved and delivered. All of it stands in the audit, at its own instant, while
Slack is still away. After its return each notice is told, once; one that has lost its point is not.
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
HASTY: Due = ((Fact.LEVEL_REMINDED, 3), (Fact.REQUEST_EXPIRED, 5))
EXPIRES = timedelta(seconds=5)
HASTY_ORDER: Due = ((Fact.REQUEST_EXPIRED, 5),)
"""What the clock does, and how many seconds after the request was asked (policies.toml)."""
FIRST = timedelta(seconds=3)
IN_TIME = timedelta(seconds=5)
"""A tenth of a second on an idle machine, and less than a wait for Slack would be. On a machine so
busy that the clock must go slower, so much more."""
TASK_TIMEOUT = timedelta(seconds=12)
"""For so long Temporal waits for a worker that was killed with something in its hands."""
WAIT_TIMEOUT = 30.0
END_TIMEOUT = 90.0
NoticeResult = Mapping[tuple[str, str], int]
"""How often what was told where: `reminded`, `asked`, or how it ended."""
OUTCOME = {(f"D{ANA}", "outcome"): 1}
ASKED = {(APPROVALS, "asked"): 1}
"""So the crowd hears of an order, before Slack goes away: too many for a mention on the card."""
DELIVERED = OUTCOME | ASKED | {(APPROVALS, "order_delivered"): 1}
"""Of what an approved order's thread hears, the words that name the order; the card says the rest."""
IN_THREAD = OUTCOME | ASKED | {(APPROVALS, "reminded"): 1}
DIRECTLY = OUTCOME | {(f"D{CLARA}", "reminded"): 1}
"""Emil, who is asked by the escalation, gets the card itself; Boris has decided meanwhile."""


@dataclass(frozen=True, kw_only=True)
class _Requests:
    """The requests of one outage. Those who are `settled` are decided on before Slack is back."""

    orders: list[str]
    urged: list[str]
    urged_directly: list[str]
    settled: list[str]
    hasty: list[str]
    hasty_orders: list[str]
    pace: int
    """How many times slower than in policies.toml the clock goes."""

    @property
    def reminded(self) -> list[str]:
        """Those of whose first reminder somebody decides."""
        return [*self.urged, *self.urged_directly, *self.settled]

    @property
    def requests(self) -> list[str]:
        """All but the orders."""
        return [*self.reminded, *self.hasty]

    @property
    def every_order(self) -> list[str]:
        """Those that are approved and those that are not."""
        return [*self.orders, *self.hasty_orders]

    def copies(self, *direct: str) -> dict[str, tuple[str, ...]]:
        """Return who has a copy of the card besides the channel: `direct`, where people get one."""
        names = [*self.every_order, *self.requests]
        return {name: direct if name in self.urged_directly else () for name in names}


async def run(context: TrialContext) -> None:
    """Have everything fall due while Slack is away, and count what is told when it is back."""
    each = max(1, context.size.requests // 5)
    orders = await context.orders(["1500.00"] * each)
    cards = [
        await context.workspace.card(one, buttons=True, seconds=WAIT_TIMEOUT) for one in orders
    ]
    trial_requests = await _asked_in_time(context, orders, each)
    async with asyncio.TaskGroup() as starting:  # the bots, which answer once Slack is back
        await context.workspace.slack.faults(*outage(context.dice))
        for card in cards:
            await context.press(context.dice.choice(context.crowd), card, Verdict.APPROVE)
        await asyncio.gather(
            _kill(context, trial_requests),
            _decide(context, trial_requests),
            _fall_due(context, trial_requests),
        )
        await _effects(context, trial_requests)
        state = await context.workspace.slack.state()
        for order_id, card in zip(orders, cards, strict=True):  # Slack was away indeed
            (shown,) = requests.copies_of(state, order_id)[APPROVALS]
            assert text_of(shown) == text_of(card)
        if context.size.kills:
            starting.create_task(context.installation.start(*BOTS))
        await context.workspace.slack.clear_faults()
        await _check_notices(context, trial_requests)


async def _asked_in_time(context: TrialContext, orders: list[str], each: int) -> _Requests:
    """Ask, and return when every card stands and there is time left before the first reminder.

    On a machine that is too busy for that, ask again with more time.
    """
    names = ("urged", "urged-dm", "urged", "hasty")
    for pace in (1, 3, 9):
        began = time.monotonic()
        policies = [requests.policy_of(name, pace) for name in names for _ in range(each)]
        ids = await asyncio.gather(*(requests.ask(context, policy) for policy in policies))
        urged, directly, settled, hasty = (
            list(ids[at : at + each]) for at in range(0, len(ids), each)
        )
        late = await requests.expiring_order(context, "1500.00", pace * EXPIRES)
        trial_requests = _Requests(
            orders=orders,
            urged=urged,
            urged_directly=directly,
            settled=settled,
            hasty=hasty,
            hasty_orders=[late],
            pace=pace,
        )
        left = pace * (FIRST.total_seconds() - 0.5) - (time.monotonic() - began)
        with suppress(TimeoutError):
            await _cards_posted(context, trial_requests, left)
            return trial_requests
    raise TimeoutError("this machine is too slow: cards stand only when reminders fall due")


async def _cards_posted(context: TrialContext, trial_requests: _Requests, seconds: float) -> None:
    """Wait so long for every card to stand, and every copy of those that are asked directly."""

    async def look() -> bool | None:
        await asyncio.sleep(0.2)  # the whole state is much to ask for
        state = await context.workspace.slack.state()
        direct = trial_requests.urged_directly
        there = (
            len(requests.copies_of(state, one)) == (3 if one in direct else 1)
            for one in [*trial_requests.requests, *trial_requests.every_order]
        )
        told = (
            requests.notices_of(state, one) == Counter(ASKED) for one in trial_requests.every_order
        )
        return (all(there) and all(told)) or None

    await until(look, seconds, "the cards")


async def _kill(context: TrialContext, trial_requests: _Requests) -> None:
    """Kill worker and bots once the orders are decided on, and then the worker alone."""
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
    """Have Boris decide when the reminder has fallen due, and Clara too where that settles it."""

    async def look() -> bool | None:
        trails = [await context.workspace.facts(one) for one in trial_requests.reminded]
        kinds = [{fact.kind for fact in trail} for trail in trails]
        return all(Fact.LEVEL_REMINDED in one for one in kinds) or None

    await until(look, END_TIMEOUT, "the first reminders")
    decided = [(one, BORIS) for one in trial_requests.reminded] + [
        (one, CLARA) for one in trial_requests.settled
    ]
    await asyncio.gather(*(requests.decide(context, *one) for one in decided))


async def _fall_due(context: TrialContext, trial_requests: _Requests) -> None:
    """Watch the audit: what falls due is written down in time, as a fact of its own instant."""
    due = dict.fromkeys((*trial_requests.urged, *trial_requests.urged_directly), URGED)
    due |= dict.fromkeys(trial_requests.hasty, HASTY)
    due |= {approval_id(one): HASTY_ORDER for one in trial_requests.hasty_orders}
    late = IN_TIME * trial_requests.pace + _task_timeouts(context)
    while due:
        for one in list(due):
            facts = await context.workspace.facts(one)
            missing = _missing(facts, due[one], trial_requests.pace)
            if not missing:
                del due[one]
            elif (overdue := datetime.now(UTC) - missing[0][1]) > late:
                said = f"{one}: {missing[0][0]} is not written {overdue} after its instant"
                context.report.lost.append(said)
                del due[one]
        await asyncio.sleep(0.1)


def _missing(facts: Iterable[AuditEvent], wanted: Due, pace: int) -> list[tuple[Fact, datetime]]:
    """Return what does not stand there at its own instant, and that instant."""
    written = [(one.kind, one.at) for one in facts]
    began = next(at for kind, at in written if kind is Fact.REQUEST_SUBMITTED)
    instants = [(kind, began + timedelta(seconds=seconds * pace)) for kind, seconds in wanted]
    return [one for one in instants if one not in written]


async def _effects(context: TrialContext, trial_requests: _Requests) -> None:
    """Check that each order ended within seconds of its decision or expiry, Slack still away."""
    late = IN_TIME * trial_requests.pace + len(StepName) * _task_timeouts(context)
    causes = dict.fromkeys(trial_requests.orders, Fact.DECISION_RECORDED)
    causes |= dict.fromkeys(trial_requests.hasty_orders, Fact.REQUEST_EXPIRED)
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
    """Check that, with Slack back, cards are right soon and everybody is told once."""
    wanted: dict[str, NoticeResult] = dict.fromkeys(
        [*trial_requests.settled, *trial_requests.hasty], OUTCOME
    )
    wanted |= dict.fromkeys(trial_requests.orders, DELIVERED) | dict.fromkeys(
        trial_requests.hasty_orders, OUTCOME | ASKED
    )
    open_ones = dict.fromkeys(trial_requests.urged, IN_THREAD) | dict.fromkeys(
        trial_requests.urged_directly, DIRECTLY
    )
    before = {one: Counter(told) - Counter(OUTCOME) for one, told in open_ones.items()}
    copies = trial_requests.copies(BORIS, CLARA)
    dead = _task_timeouts(context).total_seconds()
    await requests.converged(context, copies, "Slack's return", dead + requests.CONVERGED)

    async def all_notices_sent() -> bool | None:
        await asyncio.sleep(0.2)
        state = await context.workspace.slack.state()
        escalated = (
            f"D{EMIL}" in requests.copies_of(state, one) for one in trial_requests.urged_directly
        )
        told = (not told - requests.notices_of(state, one) for one, told in before.items())
        return (all(told) and all(escalated)) or None

    try:
        await until(
            all_notices_sent, WAIT_TIMEOUT, "reminders and escalations, told after Slack's return"
        )
    except TimeoutError as error:
        context.report.lost.append(str(error))
    await asyncio.gather(*(requests.decide(context, one, CLARA) for one in open_ones))
    await ledgers.ended(
        context, [*trial_requests.every_order, *trial_requests.requests], END_TIMEOUT
    )
    _count(context, await context.workspace.slack.state(), wanted | open_ones)
    context.report.stale += await requests.stale_copies(
        context, trial_requests.copies(BORIS, CLARA, EMIL)
    )
    await ledgers.compare_orders(context, trial_requests.every_order)
    await requests.compare_requests(context, trial_requests.requests)


def _task_timeouts(context: TrialContext) -> timedelta:
    """Return for how long Temporal may have waited for dead workers: bots have nothing of its own."""
    return TASK_TIMEOUT * max(0, context.size.kills - len(BOTS))


def _count(context: TrialContext, state: Json, wanted: Mapping[str, NoticeResult]) -> None:
    """Compare what was told with what should have been."""
    for one, told in wanted.items():
        found = requests.notices_of(state, one)
        context.report.lost += [f"{one}: not told {it}" for it in Counter(told) - found]
        context.report.doubled += [f"{one}: told {it} too often" for it in found - Counter(told)]
        wrong = requests.reminders_to(state, one, BORIS)
        context.report.doubled += [f"told Boris of what he has decided: {it}" for it in wrong]


TRIAL = Trial(
    name="slack-down",
    run=run,
    short=Size(requests=5, people=2),
    long=Size(requests=10, people=20, kills=4),
)
