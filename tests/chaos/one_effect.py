"""One decision, one effect: everybody presses everything at once, and much of it arrives twice.

Each order ends by one decision, is charged and shipped once if that was a yes, and everybody hears
how their press went: the one who decided on the card or in the form, all others in a sentence of
their own that names who it was.

Seen failing without `presses._is_new` (an old face, painted by a copy of the press that came later,
stood for good) and without `errors.OPENED_ALREADY` (people were told that something went wrong).
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from emulator.client import text_of
from emulator.errors import Json
from records.audit import AuditTrail
from records.refusals import Refusals
from tests.chaos import ledgers
from tests.chaos.ground import Ground, Size, Trial
from tests.journeys.office import APPROVALS
from tests.journeys.programs import until
from views import notices
from views.translator import ENGLISH
from workflows.rules.approvals.request import Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.orders.order import OrderSnapshot, OrderStatus, approval_id
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.errors import RequestClosedError

TWICE = 0.2
"""The share of deliveries that go out twice; the copy often goes to the other bot."""
DELIVERIES = 2
SORRY = notices.internal_error("", ENGLISH).strip(" .")
NO = 0.15
"""The share of presses that are a no."""
AT_ONCE = 300
"""Presses under way together: all on cards that still show their buttons."""
EARLY = 0.2
"""The share of orders that somebody decides before the crowd comes; that press arrives again ..."""
LATER = 600.0
"""... so many seconds later, when Temporal still gives the answer that it gave the first time."""
END = 90.0
NOT_YET = (ENGLISH("verb.working"), notices.unconfirmed(ENGLISH))
"""What a form says after its submission, before it says how it went."""
ANSWER = 30.0
"""Seconds for a bot to get through the crowd; each press has its answer by then."""


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """One press: who, on which order, which verdict, and what the form said in the end.

    `form` is empty where none was asked for or filled in, and None where none opened in time.
    """

    person: str
    order_id: str
    verdict: Verdict
    form: str | None = ""


async def run(ground: Ground) -> None:
    """Place the orders, have everybody press on all of them, and look who heard what."""
    slack, dice = ground.office.slack, ground.dice
    orders: list[str] = []
    pressed: list[Pressed] = []
    begins = (await slack.state())["clock"]["now"]
    wave = max(1, AT_ONCE // ground.size.people)
    for number in range(0, ground.size.requests, wave):
        count = min(wave, ground.size.requests - number)
        placed = await ground.orders(["1500.00"] * count)
        cards = {one: await ground.office.card(one, buttons=True, seconds=END) for one in placed}
        early = [(dice.choice(ground.crowd), one) for one in placed if dice.random() < EARLY]
        early = early or [(dice.choice(ground.crowd), placed[0])] * (not number)
        await slack.deliveries(duplicate_share=1, duplicate_late=LATER)
        pressed += await _all_press(ground, dict.fromkeys(early, Verdict.APPROVE), cards)
        verdicts = {
            (person, order_id): Verdict.REJECT if dice.random() < NO else Verdict.APPROVE
            for person in ground.crowd
            for order_id in placed
            if (person, order_id) not in early
        }
        seed = dice.randrange(1_000_000)
        await slack.deliveries(duplicate_share=TWICE, duplicate_late=0, seed=seed)
        pressed += await _all_press(ground, verdicts, cards)
        await slack.deliveries(duplicate_share=0)
        orders += placed
    await ledgers.ended(ground, orders, END)
    await _late_copies_arrive(ground)
    await _everybody_was_answered(ground, pressed, since=f"{begins:.6f}")
    await ledgers.compare_orders(ground, orders)
    await _compare_effects(ground, orders)


async def _all_press(
    ground: Ground, verdicts: Mapping[tuple[str, str], Verdict], cards: dict[str, Json]
) -> list[Pressed]:
    """Have these people press at once, in no order; who finds the button gone has not pressed."""
    presses = list(verdicts)
    ground.dice.shuffle(presses)

    async def press(person: str, order_id: str) -> Pressed | None:
        verdict = verdicts[person, order_id]
        tab = await ground.press(person, cards[order_id], verdict)
        if not tab:
            return None
        form = await _form(ground, person, tab) if verdict is Verdict.REJECT else ""
        return Pressed(person=person, order_id=order_id, verdict=verdict, form=form)

    done = await asyncio.gather(*(press(*one) for one in presses))
    return [one for one in done if one is not None]


async def _late_copies_arrive(ground: Ground) -> None:
    """Let the time pass after which the presses that decided early are delivered once more."""
    slack = ground.office.slack
    mark = await slack.journal_mark()
    await slack.advance(LATER)
    await slack.wait_for_journal(after=mark, kind="ack", what="block_actions")


async def _form(ground: Ground, person: str, tab: str) -> str | None:
    """Return what a submitted form says in the end; None where none has opened.

    Nothing where it opened too late to be filled in: then nothing was pressed either.
    """
    slack = ground.office.slack
    views = await slack.modals(person, tab=tab)
    with suppress(TimeoutError):
        if views and _is_open(views[-1]):
            views = [
                await slack.wait_for_modal(
                    person, lambda view: not _is_open(view), tab=tab, timeout=ANSWER
                )
            ]
    if not views:
        return None
    return "" if _asks(views[-1]) else text_of(views[-1])


def _asks(view: Json) -> bool:
    return any(block["type"] == "input" for block in view["blocks"])


def _is_open(view: Json) -> bool:
    return _asks(view) or any(words in text_of(view) for words in NOT_YET)


async def _everybody_was_answered(ground: Ground, pressed: list[Pressed], *, since: str) -> None:
    """Wait until nobody waits for an answer, and check that none of them was a wrong one."""
    orders = {one.order_id for one in pressed}
    snapshots = {order_id: await _approval(ground, order_id) for order_id in orders}
    whispers: dict[str, list[str]] = {}

    async def everybody() -> bool | None:
        whispers.update(await _whispers(ground, since))
        return None if _unanswered(pressed, snapshots, whispers) else True

    with suppress(TimeoutError):
        await until(everybody, ANSWER)
    ground.tally.lost += _unanswered(pressed, snapshots, whispers)
    ground.tally.lost += _wrongly_told(pressed, snapshots, whispers)


def _unanswered(
    pressed: list[Pressed], snapshots: dict[str, ApprovalSnapshot], whispers: dict[str, list[str]]
) -> list[str]:
    """Return, as sentences, whose press neither counted nor was answered in private.

    A sentence answers one press; where a duplicate has it said twice, it is there once too often.
    """
    left = {person: Counter(map(_without_number, said)) for person, said in whispers.items()}
    missing = []
    for one in pressed:
        snapshot = snapshots[one.order_id]
        counted = _closer(snapshot) == one.person
        wanted = notices.confirmed(Verdict.REJECT, ENGLISH) if counted else _refusal(snapshot)
        if one.verdict is Verdict.REJECT and one.form == "":
            continue
        if one.form is None:  # the bot was too slow for Slack, and says so
            wanted = SORRY
        if (one.form and wanted in one.form) or (counted and one.verdict is Verdict.APPROVE):
            continue
        said = left.get(one.person, Counter())
        if said[wanted]:
            said[wanted] -= 1
        else:
            missing.append(f"{one} was not told: {wanted} (but {list(+said)})")
    return missing


def _wrongly_told(
    pressed: list[Pressed], snapshots: dict[str, ApprovalSnapshot], whispers: dict[str, list[str]]
) -> list[str]:
    """Return what nobody should have been told: that they were refused for what they did, or worse."""
    wrong = []
    for person in {one.person for one in pressed}:
        right = {
            _refusal(snapshot) for snapshot in snapshots.values() if _closer(snapshot) != person
        }
        right |= {notices.unconfirmed(ENGLISH), notices.confirmed(Verdict.APPROVE, ENGLISH)}
        right |= {notices.confirmed(Verdict.REJECT, ENGLISH)}
        if any(one.person == person and one.form is None for one in pressed):
            right.add(SORRY)
        said = set(map(_without_number, whispers.get(person, ())))
        wrong += [f"{person} was told: {one}" for one in said - right]
    for one in pressed:
        snapshot = snapshots[one.order_id]
        if _closer(snapshot) == one.person and _refusal(snapshot) in (one.form or ""):
            wrong.append(f"{one} counted, and its form says that it did not")
    return wrong


def _without_number(said: str) -> str:
    return SORRY if said.startswith(SORRY) else said


async def _whispers(ground: Ground, since: str) -> dict[str, list[str]]:
    """Return what each person alone was told in the channel after this instant."""
    state = await ground.office.slack.state()
    return {
        one["user"]: [said["text"] for said in one["messages"] if said["ts"] > since]
        for one in state["ephemerals"]
        if one["channel"] == APPROVALS
    }


async def _approval(ground: Ground, order_id: str) -> ApprovalSnapshot:
    snapshot = await ledgers.face_of(ground, approval_id(order_id))
    assert isinstance(snapshot, ApprovalSnapshot)
    return snapshot


def _closer(snapshot: ApprovalSnapshot) -> str:
    return snapshot.closed_by.person if snapshot.closed_by else ""


def _refusal(snapshot: ApprovalSnapshot) -> str:
    """Return what everybody is told whose press came after the one that closed it."""
    data = {"status": snapshot.status.value, "person": _closer(snapshot)}
    return notices.refusal(RequestClosedError.code, data, ENGLISH)


async def _compare_effects(ground: Ground, orders: list[str]) -> None:
    """Check that each order has one decision, one end and one shipment, and refusals that are true."""
    trail, tally = AuditTrail(ground.office.database), ground.tally
    for order_id in orders:
        facts = [*await trail.facts(order_id), *await trail.facts(approval_id(order_id))]
        for kind in (Fact.DECISION_RECORDED, Fact.ORDER_ENDED):
            times = sum(fact.kind is kind for fact in facts)
            if times != 1:
                (tally.doubled if times else tally.lost).append(f"{order_id} has {times} {kind}")
        snapshot = await ledgers.face_of(ground, order_id)
        if isinstance(snapshot, OrderSnapshot):
            done = snapshot.status is OrderStatus.COMPLETED
            wanted = {line.sku: line.quantity for line in snapshot.order.lines} if done else {}
            balance = await ground.office.balance(order_id)
            if balance.shipped != wanted or balance.held:
                tally.doubled.append(f"{order_id} is {snapshot.status}: {balance}")
        await _compare_refusals(ground, approval_id(order_id), await _approval(ground, order_id))


async def _compare_refusals(ground: Ground, request_id: str, snapshot: ApprovalSnapshot) -> None:
    """Check that whoever decided is not among the refused, and who pressed once was refused once.

    A press that reached both bots was refused twice, and is written down as that.
    """
    refused: Counter[str] = Counter()
    async for one in Refusals(ground.office.database).all(request_id):
        refused[one.refusal.actor.person] += one.times
    if _closer(snapshot) in refused:
        ground.tally.doubled.append(f"{_closer(snapshot)} decided {request_id} and was refused")
    ground.tally.doubled += [
        f"{person} was refused {times} times at {request_id}"
        for person, times in refused.items()
        if times > DELIVERIES
    ]


TRIAL = Trial(
    name="one-effect",
    run=run,
    short=Size(requests=5, people=60),
    long=Size(requests=50, people=200),
)
