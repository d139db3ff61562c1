"""The card converges: whatever Slack refused, swallowed or applied late, each copy ends up right.

Slack is away while decisions come by command line, and by presses whose answers it refuses; worker
and bots are killed meanwhile. Within fifteen seconds of its return every copy, in the channel and
in direct messages, shows the last state. Inline answers that Slack applies ten minutes late are
repaired by the next press.
"""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass

from tests.chaos import ledgers, requests
from tests.chaos.ground import Ground, Size, Trial
from tests.chaos.outage import outage
from tests.journeys.house import SECOND_BOT
from tests.journeys.office import APPROVALS
from tests.journeys.programs import until
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.ids import approval_id

APPROVERS = ("U0BORIS", "U0CLARA", "U0DINA", "U0EMIL")
QUORUM = 3
BOTS = ("bot", SECOND_BOT)
SOON, LATE = 1.5, 600.0
"""Seconds after which Slack applies an inline answer that got lost: before the durable publish, which
comes three seconds after the click, and long after everything."""
DEAD_HAND = 10.0
"""Seconds for which Temporal waits for a worker that was killed with a task in its hands."""
WAIT = 30.0
END = 90.0


@dataclass(kw_only=True)
class _Asked:
    """One request, those who may decide on it in the order in which they do, and how many have.

    `place` is where a late answer will land.
    """

    request_id: str
    people: list[str]
    decided: int = 0
    place: str = ""

    def next(self) -> str:
        """Return who decides next."""
        self.decided += 1
        return self.people[self.decided - 1]


async def run(ground: Ground) -> None:
    """Ask, have some inline answers come late, have Slack go and return, and look at every copy."""
    late_ones = max(2, ground.size.requests // 6)
    orders = await ground.orders(["1500.00"] * max(1, ground.size.requests // 6))
    wanted = ground.size.requests - len(orders)
    asked = [await _ask(ground) for _ in range(wanted)]
    copies = dict.fromkeys(orders, ()) | {one.request_id: APPROVERS for one in asked}
    await requests.converged(ground, copies, "they were asked", WAIT)
    late, overtaken, others = asked[:late_ones], asked[late_ones], asked[late_ones + 1 :]
    for one in late:
        await _press_answered_late(ground, one, LATE)
    await _press_answered_late(ground, overtaken, SOON)
    await _press(ground, overtaken.request_id, overtaken.next())
    async with asyncio.TaskGroup() as starting:  # the bots, which answer once Slack is back
        held = await _outage(ground, orders, late, others, starting)
        seconds = held + requests.CONVERGED
        await requests.converged(ground, copies, "Slack's return", seconds)
    await _late_answers(ground, late)
    await _close(ground, asked)
    await ledgers.ended(ground, [*orders, *(one.request_id for one in asked)], END)
    ground.tally.stale += await requests.stale_copies(ground, copies)
    await ledgers.compare_orders(ground, orders)
    await requests.compare_requests(ground, (one.request_id for one in asked))


async def _ask(ground: Ground) -> _Asked:
    people = ground.dice.sample(APPROVERS, len(APPROVERS))
    return _Asked(
        request_id=await requests.ask(ground, requests.policy_of("copies")), people=people
    )


async def _press(ground: Ground, request_id: str, person: str) -> str:
    """Have somebody press Approve on the channel's copy or on their own; return where that is."""
    ground.tally.presses += 1
    name = request_id.removesuffix(approval_id(""))  # an order's card names the order
    copies = requests.copies_of(await ground.office.slack.state(), name)
    channel = ground.dice.choice([one for one in (APPROVALS, f"D{person}") if one in copies])
    await ground.office.slack.click(person, channel, copies[channel][0], "approve", tab=person)
    return channel


async def _press_answered_late(ground: Ground, asked: _Asked, seconds: float) -> None:
    """Have the next person press, and Slack apply the inline answer so much later."""
    slack = ground.office.slack
    mark = await slack.journal_mark()
    only = {"replace_original": True}
    fault = {"target": "response_url", "effect": "late", "seconds": seconds, "where": only}
    await slack.faults(fault)
    asked.place = await _press(ground, asked.request_id, asked.next())
    await slack.wait_for_journal(
        lambda entry: bool(entry.get("reply_lost")), after=mark, kind="response_url", timeout=WAIT
    )


async def _outage(
    ground: Ground,
    orders: list[str],
    late: list[_Asked],
    others: list[_Asked],
    starting: asyncio.TaskGroup,
) -> float:
    """Have Slack go away, people decide, worker and bots die, and Slack return.

    Return for how many seconds Temporal may yet wait for the worker that was killed last.
    """
    slack = ground.office.slack
    before = await slack.mishaps()
    await slack.faults(*outage(ground.dice))
    decisions = _decisions(ground, orders, late, others)
    half = len(decisions) // 2
    for request_id, person in decisions[:half]:
        await _press(ground, request_id, person)
    await _written(ground, decisions[:half])
    await ground.kill("worker", *BOTS)
    killed = time.monotonic()
    await ground.house.start("worker")
    typed, *by_client = decisions[half:]
    await asyncio.gather(
        requests.decide_by_command_line(ground, *typed),
        *(requests.decide(ground, *one) for one in by_client),
    )
    await _written(ground, decisions)
    for _ in range(ground.size.kills - 3):
        await ground.kill("worker")
        killed = time.monotonic()
        await ground.house.start("worker")

    async def refused() -> bool | None:
        return await slack.mishaps() >= before + len(decisions) or None

    await until(refused, WAIT, "refused calls")
    starting.create_task(ground.house.start(*BOTS))
    await slack.clear_faults()
    return max(0.0, killed + DEAD_HAND - time.monotonic())


def _decisions(
    ground: Ground, orders: list[str], late: list[_Asked], others: list[_Asked]
) -> list[tuple[str, str]]:
    """Return who decides on what meanwhile: some requests are closed by it, some stay open.

    Of those with a late answer every other one is closed.
    """
    dice = ground.dice
    found = [(one.request_id, one.next()) for one in others for _ in range(dice.randint(1, QUORUM))]
    found += [
        (one.request_id, one.next())
        for number, one in enumerate(late)
        for _ in range(1 + number % 2)
    ]
    found += [(approval_id(one), dice.choice(ground.crowd)) for one in orders]
    dice.shuffle(found)
    return found


async def _written(ground: Ground, decisions: Iterable[tuple[str, str]]) -> None:
    """Wait until each of these decisions stands in the audit, Slack or no Slack."""
    for request_id, person in decisions:

        async def look(request_id: str = request_id, person: str = person) -> bool | None:
            facts = await ground.office.facts(request_id)
            said = [one.actor.person for one in facts if one.kind is Fact.DECISION_RECORDED]
            return person in said or None

        await until(look, WAIT, f"{person}'s decision on {request_id}")


async def _late_answers(ground: Ground, late: list[_Asked]) -> None:
    """Have the late answers land and paint old states; who presses there has the last state shown."""
    slack = ground.office.slack
    mark = await slack.journal_mark()
    await slack.advance(LATE)
    for _ in late:
        landed = await slack.wait_for_journal(kind="applied_late", after=mark, timeout=WAIT)
        mark = landed["n"]
    copies = {one.request_id: APPROVERS for one in late}
    stale = await requests.stale_copies(ground, copies)
    assert len(stale) >= len(late), f"late answers changed nothing: {stale}"
    for one in late:
        (now,) = requests.copies_of(await slack.state(), one.request_id)[one.place]
        ground.tally.presses += 1
        await slack.click(one.people[0], one.place, now, "approve", tab="late")
    await requests.converged(ground, copies, "a press on a late answer", requests.CONVERGED)


async def _close(ground: Ground, asked: list[_Asked]) -> None:
    """Have the rest decide, so that every request ends."""
    await asyncio.gather(
        *(
            requests.decide(ground, one.request_id, one.next())
            for one in asked
            for _ in range(QUORUM - one.decided)
        )
    )


TRIAL = Trial(
    name="converges",
    run=run,
    short=Size(requests=5, people=2, kills=3),
    long=Size(requests=30, people=20, kills=8),
)
