"""Restart-proof: bots, worker and Temporal are killed at random points of many requests.

Every request ends as its one decision says, exactly once, whichever program was dead at the click.
"""

import asyncio
from contextlib import suppress

from emulator.client import text_of
from tests.chaos import ledgers
from tests.chaos.trial import Size, Trial, TrialContext
from tests.journeys.installation import SECOND_BOT
from tests.journeys.programs import until
from tests.journeys.workspace import has_buttons
from workflows.rules.approvals.request import OPEN, Verdict
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.shared.ids import approval_id

KILLABLE = ("temporal", "worker", "bot", SECOND_BOT)
POINTS = (
    {"kind": "envelope"},
    {"kind": "response_url"},
    {"kind": "api", "method": "chat.postMessage"},
    {"kind": "api", "method": "chat.update"},
)
"""Events that the Slack stand-in sees. Each kill happens at one of them."""
ANSWER_TIMEOUT = 4.0
"""Seconds after which a person who sees no effect clicks again."""
DECIDABLE = "Waiting for <@"
"""The text of a card once its approvers can decide. Before that it only has the *More* button."""
END_TIMEOUT = 90.0
"""Seconds after the last kill within which every request has ended."""
PER_KILL = 12.0
"""The longest time in seconds for one kill and the restart. Nothing is guaranteed before the last kill."""


async def run(context: TrialContext) -> None:
    """Place the orders and have one person click on each while programs are killed."""
    orders = await context.orders(["1500.00"] * context.size.requests)
    verdicts = {
        order_id: context.rng.choice((Verdict.APPROVE, Verdict.REJECT)) for order_id in orders
    }
    async with asyncio.TaskGroup() as deciding:
        for number in range(context.size.kills):
            for order_id in orders[number :: context.size.kills]:
                deciding.create_task(_decide(context, order_id, verdicts[order_id]))
            await _kill_and_restart(context)
    await ledgers.ended(context, orders, END_TIMEOUT)
    await ledgers.compare_orders(context, orders)
    for order_id, verdict in verdicts.items():
        snapshot = await ledgers.recorded_snapshot(context, order_id)
        if (
            isinstance(snapshot, OrderSnapshot)
            and ledgers.DECIDED.get(snapshot.status) is not verdict
        ):
            context.report.lost.append(
                f"{order_id}: the decision was {verdict}, the order is {snapshot.status}"
            )


async def _decide(context: TrialContext, order_id: str, verdict: Verdict) -> None:
    """Click, and click again if nothing seems to happen, as people do."""
    person = context.rng.choice(context.crowd)
    timeout = END_TIMEOUT + PER_KILL * context.size.kills
    card = await context.workspace.card(order_id, DECIDABLE, buttons=True, seconds=timeout)
    while not await _closed(context, order_id):
        await context.press(person, card, verdict)
        with suppress(TimeoutError):
            await until(lambda: _closed_or_none(context, order_id), ANSWER_TIMEOUT)
        seen = (await context.workspace.cards(order_id))[0]
        if not has_buttons(seen):
            return
        card = seen if DECIDABLE in text_of(seen) else card


async def _closed(context: TrialContext, order_id: str) -> bool:
    snapshot = await ledgers.recorded_snapshot(context, approval_id(order_id))
    return snapshot is not None and snapshot.status not in OPEN


async def _closed_or_none(context: TrialContext, order_id: str) -> bool | None:
    return await _closed(context, order_id) or None


async def _kill_and_restart(context: TrialContext) -> None:
    """Kill some of the programs at the next event of a random kind, and start them again."""
    names = context.rng.sample(KILLABLE, context.rng.randint(1, len(KILLABLE)))
    point = context.rng.choice(POINTS)
    mark = await context.workspace.slack.journal_mark()
    with suppress(TimeoutError):  # no such event: kill now
        await context.workspace.slack.wait_for_journal(
            lambda entry: point.items() <= entry.items(), after=mark, timeout=2
        )
    await context.kill(*names)
    await context.installation.start(*names)


TRIAL = Trial(
    name="restarts",
    run=run,
    short=Size(requests=6, people=6, kills=2),
    long=Size(requests=100, people=60, kills=25),
)
