"""Restart-proof: bots, worker and Temporal are killed at random points of many requests.

Every request ends as its one decision says, exactly once, whatever was dead when it was pressed.
"""

import asyncio
from contextlib import suppress

from emulator.client import text_of
from tests.chaos import ledgers
from tests.chaos.ground import Ground, Size, Trial
from tests.journeys.house import SECOND_BOT
from tests.journeys.office import has_buttons
from tests.journeys.programs import until
from workflows.rules.approvals.request import OPEN, Verdict
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.shared.ids import approval_id

MORTAL = ("temporal", "worker", "bot", SECOND_BOT)
POINTS = (
    {"kind": "envelope"},
    {"kind": "response_url"},
    {"kind": "api", "method": "chat.postMessage"},
    {"kind": "api", "method": "chat.update"},
)
"""What the stand-in sees happen: a kill falls on one of these."""
ANSWER = 8.0
"""Seconds after which a person who sees no effect presses again."""
DECIDABLE = "Waiting for <@"
"""What a card says once its approvers can decide; before that it only offers *More*."""
END = 90.0
"""Seconds after the last kill within which everything has ended."""
PER_KILL = 12.0
"""Seconds that one kill and the start after it take at most. Nothing is promised before the last."""


async def run(ground: Ground) -> None:
    """Place the orders, have each pressed by one person, some before each kill, and kill meanwhile."""
    orders = await ground.orders(["1500.00"] * ground.size.requests)
    verdicts = {one: ground.dice.choice((Verdict.APPROVE, Verdict.REJECT)) for one in orders}
    async with asyncio.TaskGroup() as deciding:
        for number in range(ground.size.kills):
            for order_id in orders[number :: ground.size.kills]:
                deciding.create_task(_decide(ground, order_id, verdicts[order_id]))
            await _cut_power(ground)
    await ledgers.ended(ground, orders, END)
    await ledgers.compare_orders(ground, orders)
    for order_id, verdict in verdicts.items():
        snapshot = await ledgers.face_of(ground, order_id)
        if (
            isinstance(snapshot, OrderSnapshot)
            and ledgers.DECIDED.get(snapshot.status) is not verdict
        ):
            ground.tally.lost.append(f"{order_id} was to {verdict} and is {snapshot.status}")


async def _decide(ground: Ground, order_id: str, verdict: Verdict) -> None:
    """Press, and press again where nothing was seen to happen, as people do."""
    person = ground.dice.choice(ground.crowd)
    patience = END + PER_KILL * ground.size.kills
    card = await ground.office.card(order_id, DECIDABLE, buttons=True, seconds=patience)
    while not await _closed(ground, order_id):
        await ground.press(person, card, verdict)
        with suppress(TimeoutError):
            await until(lambda: _closed_or_none(ground, order_id), ANSWER)
        seen = (await ground.office.cards(order_id))[0]
        if not has_buttons(seen):
            return
        card = seen if DECIDABLE in text_of(seen) else card


async def _closed(ground: Ground, order_id: str) -> bool:
    snapshot = await ledgers.face_of(ground, approval_id(order_id))
    return snapshot is not None and snapshot.status not in OPEN


async def _closed_or_none(ground: Ground, order_id: str) -> bool | None:
    return await _closed(ground, order_id) or None


async def _cut_power(ground: Ground) -> None:
    """Kill some of the programs at the next such event, and start them again."""
    names = ground.dice.sample(MORTAL, ground.dice.randint(1, len(MORTAL)))
    point = ground.dice.choice(POINTS)
    mark = await ground.office.slack.journal_mark()
    with suppress(TimeoutError):  # nothing of the kind happens any more: now is as good
        await ground.office.slack.wait_for_journal(
            lambda entry: point.items() <= entry.items(), after=mark, timeout=2
        )
    await ground.kill(*names)
    await ground.house.start(*names)


TRIAL = Trial(
    name="restarts",
    run=run,
    short=Size(requests=6, people=6, kills=2),
    long=Size(requests=100, people=60, kills=25),
)
