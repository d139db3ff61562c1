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
from tests.chaos.ground import Ground, Size, Trial
from tests.chaos.outage import outage
from tests.journeys.house import SECOND_BOT
from tests.journeys.office import ANA, APPROVALS, BORIS, CLARA
from tests.journeys.programs import until
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
DEAD_HAND = timedelta(seconds=12)
"""For so long Temporal waits for a worker that was killed with something in its hands."""
WAIT = 30.0
END = 90.0
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
class _Cast:
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


async def run(ground: Ground) -> None:
    """Have everything fall due while Slack is away, and count what is told when it is back."""
    each = max(1, ground.size.requests // 5)
    orders = await ground.orders(["1500.00"] * each)
    cards = [await ground.office.card(one, buttons=True, seconds=WAIT) for one in orders]
    cast = await _asked_in_time(ground, orders, each)
    async with asyncio.TaskGroup() as starting:  # the bots, which answer once Slack is back
        await ground.office.slack.faults(*outage(ground.dice))
        for card in cards:
            await ground.press(ground.dice.choice(ground.crowd), card, Verdict.APPROVE)
        await asyncio.gather(_kill(ground, cast), _decide(ground, cast), _fall_due(ground, cast))
        await _effects(ground, cast)
        state = await ground.office.slack.state()
        for order_id, card in zip(orders, cards, strict=True):  # Slack was away indeed
            (shown,) = requests.copies_of(state, order_id)[APPROVALS]
            assert text_of(shown) == text_of(card)
        if ground.size.kills:
            starting.create_task(ground.house.start(*BOTS))
        await ground.office.slack.clear_faults()
        await _told(ground, cast)


async def _asked_in_time(ground: Ground, orders: list[str], each: int) -> _Cast:
    """Ask, and return when every card stands and there is time left before the first reminder.

    On a machine that is too busy for that, ask again with more time.
    """
    names = ("urged", "urged-dm", "urged", "hasty")
    for pace in (1, 3, 9):
        began = time.monotonic()
        policies = [requests.policy_of(name, pace) for name in names for _ in range(each)]
        ids = await asyncio.gather(*(requests.ask(ground, policy) for policy in policies))
        urged, directly, settled, hasty = (
            list(ids[at : at + each]) for at in range(0, len(ids), each)
        )
        late = await requests.hasty_order(ground, "1500.00", pace * EXPIRES)
        cast = _Cast(
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
            await _cards_stand(ground, cast, left)
            return cast
    raise TimeoutError("this machine is too slow: cards stand only when reminders fall due")


async def _cards_stand(ground: Ground, cast: _Cast, seconds: float) -> None:
    """Wait so long for every card to stand, and every copy of those that are asked directly."""

    async def look() -> bool | None:
        await asyncio.sleep(0.2)  # the whole state is much to ask for
        state = await ground.office.slack.state()
        direct = cast.urged_directly
        there = (
            len(requests.copies_of(state, one)) == (3 if one in direct else 1)
            for one in [*cast.requests, *cast.every_order]
        )
        told = (requests.notices_of(state, one) == Counter(ASKED) for one in cast.every_order)
        return (all(there) and all(told)) or None

    await until(look, seconds, "the cards")


async def _kill(ground: Ground, cast: _Cast) -> None:
    """Kill worker and bots once the orders are decided on, and then the worker alone."""
    if not ground.size.kills:
        return
    for order_id in cast.orders:
        await ground.office.fact(approval_id(order_id), Fact.DECISION_RECORDED)
    await ground.kill("worker", *BOTS)
    await ground.house.start("worker")
    for _ in range(ground.size.kills - 3):
        await ground.kill("worker")
        await ground.house.start("worker")


async def _decide(ground: Ground, cast: _Cast) -> None:
    """Have Boris decide when the reminder has fallen due, and Clara too where that settles it."""

    async def look() -> bool | None:
        trails = [await ground.office.facts(one) for one in cast.reminded]
        kinds = [{fact.kind for fact in trail} for trail in trails]
        return all(Fact.LEVEL_REMINDED in one for one in kinds) or None

    await until(look, END, "the first reminders")
    decided = [(one, BORIS) for one in cast.reminded] + [(one, CLARA) for one in cast.settled]
    await asyncio.gather(*(requests.decide(ground, *one) for one in decided))


async def _fall_due(ground: Ground, cast: _Cast) -> None:
    """Watch the audit: what falls due is written down in time, as a fact of its own instant."""
    due = dict.fromkeys((*cast.urged, *cast.urged_directly), URGED)
    due |= dict.fromkeys(cast.hasty, HASTY)
    due |= {approval_id(one): HASTY_ORDER for one in cast.hasty_orders}
    late = IN_TIME * cast.pace + _dead(ground)
    while due:
        for one in list(due):
            facts = await ground.office.facts(one)
            missing = _missing(facts, due[one], cast.pace)
            if not missing:
                del due[one]
            elif (overdue := datetime.now(UTC) - missing[0][1]) > late:
                said = f"{one}: {missing[0][0]} is not written {overdue} after its instant"
                ground.tally.lost.append(said)
                del due[one]
        await asyncio.sleep(0.1)


def _missing(facts: Iterable[AuditEvent], wanted: Due, pace: int) -> list[tuple[Fact, datetime]]:
    """Return what does not stand there at its own instant, and that instant."""
    written = [(one.kind, one.at) for one in facts]
    began = next(at for kind, at in written if kind is Fact.REQUEST_SUBMITTED)
    instants = [(kind, began + timedelta(seconds=seconds * pace)) for kind, seconds in wanted]
    return [one for one in instants if one not in written]


async def _effects(ground: Ground, cast: _Cast) -> None:
    """Check that each order ended within seconds of its decision or expiry, Slack still away."""
    late = IN_TIME * cast.pace + len(StepName) * _dead(ground)
    causes = dict.fromkeys(cast.orders, Fact.DECISION_RECORDED)
    causes |= dict.fromkeys(cast.hasty_orders, Fact.REQUEST_EXPIRED)
    for order_id, cause in causes.items():
        since = await ground.office.fact(approval_id(order_id), cause)
        try:
            ended = await ground.office.ended(order_id, late.total_seconds() + 1)
        except TimeoutError:
            ground.tally.lost.append(f"{order_id} has not ended {late} after {cause}")
            continue
        assert ended.ended_at
        if (took := ended.ended_at - since.at) > late:
            ground.tally.lost.append(f"{order_id} has ended {took} after {cause}")


async def _told(ground: Ground, cast: _Cast) -> None:
    """Check that, with Slack back, cards are right soon and everybody is told once."""
    wanted: dict[str, NoticeResult] = dict.fromkeys([*cast.settled, *cast.hasty], OUTCOME)
    wanted |= dict.fromkeys(cast.orders, DELIVERED) | dict.fromkeys(
        cast.hasty_orders, OUTCOME | ASKED
    )
    open_ones = dict.fromkeys(cast.urged, IN_THREAD) | dict.fromkeys(cast.urged_directly, DIRECTLY)
    before = {one: Counter(told) - Counter(OUTCOME) for one, told in open_ones.items()}
    copies = cast.copies(BORIS, CLARA)
    dead = _dead(ground).total_seconds()
    await requests.converged(ground, copies, "Slack's return", dead + requests.CONVERGED)

    async def all_told() -> bool | None:
        await asyncio.sleep(0.2)
        state = await ground.office.slack.state()
        escalated = (f"D{EMIL}" in requests.copies_of(state, one) for one in cast.urged_directly)
        told = (not told - requests.notices_of(state, one) for one, told in before.items())
        return (all(told) and all(escalated)) or None

    try:
        await until(all_told, WAIT, "reminders and escalations, told after Slack's return")
    except TimeoutError as error:
        ground.tally.lost.append(str(error))
    await asyncio.gather(*(requests.decide(ground, one, CLARA) for one in open_ones))
    await ledgers.ended(ground, [*cast.every_order, *cast.requests], END)
    _count(ground, await ground.office.slack.state(), wanted | open_ones)
    ground.tally.stale += await requests.stale_copies(ground, cast.copies(BORIS, CLARA, EMIL))
    await ledgers.compare_orders(ground, cast.every_order)
    await requests.compare_requests(ground, cast.requests)


def _dead(ground: Ground) -> timedelta:
    """Return for how long Temporal may have waited for dead workers: bots have nothing of its own."""
    return DEAD_HAND * max(0, ground.size.kills - len(BOTS))


def _count(ground: Ground, state: Json, wanted: Mapping[str, NoticeResult]) -> None:
    """Compare what was told with what should have been."""
    for one, told in wanted.items():
        found = requests.notices_of(state, one)
        ground.tally.lost += [f"{one}: not told {it}" for it in Counter(told) - found]
        ground.tally.doubled += [f"{one}: told {it} too often" for it in found - Counter(told)]
        wrong = requests.reminders_to(state, one, BORIS)
        ground.tally.doubled += [f"told Boris of what he has decided: {it}" for it in wrong]


TRIAL = Trial(
    name="slack-down",
    run=run,
    short=Size(requests=5, people=2),
    long=Size(requests=10, people=20, kills=4),
)
