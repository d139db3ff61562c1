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
from tests.chaos.trial import Size, Trial, TrialContext
from tests.journeys.programs import until
from tests.journeys.workspace import APPROVALS
from views import notices
from views.translator import ENGLISH
from workflows.rules.approvals.request import Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.orders.order import OrderSnapshot, OrderStatus
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.errors import RequestClosedError
from workflows.rules.shared.ids import approval_id

DUPLICATE_SHARE = 0.2
"""The share of deliveries that go out twice; the copy often goes to the other bot."""
DELIVERIES = 2
INTERNAL_ERROR = notices.internal_error("", ENGLISH).strip(" .")
REJECT_SHARE = 0.15
"""The share of presses that are a no."""
CONCURRENT_PRESSES = 300
"""Presses under way together: all on cards that still show their buttons."""
EARLY_SHARE = 0.2
"""The share of orders that somebody decides before the crowd comes; that press arrives again ..."""
LATE_COPY_DELAY = 600.0
"""... so many seconds later, when Temporal still gives the answer that it gave the first time."""
END_TIMEOUT = 90.0
PENDING_TEXTS = (ENGLISH("verb.working"), notices.unconfirmed(ENGLISH))
"""What a form says after its submission, before it says how it went."""
ANSWER_TIMEOUT = 30.0
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


async def run(context: TrialContext) -> None:
    """Place the orders, have everybody press on all of them, and look who heard what."""
    slack, dice = context.workspace.slack, context.dice
    orders: list[str] = []
    pressed: list[Pressed] = []
    begins = (await slack.state())["clock"]["now"]
    wave = max(1, CONCURRENT_PRESSES // context.size.people)
    for number in range(0, context.size.requests, wave):
        count = min(wave, context.size.requests - number)
        placed = await context.orders(["1500.00"] * count)
        cards = {
            one: await context.workspace.card(one, buttons=True, seconds=END_TIMEOUT)
            for one in placed
        }
        early = [(dice.choice(context.crowd), one) for one in placed if dice.random() < EARLY_SHARE]
        early = early or [(dice.choice(context.crowd), placed[0])] * (not number)
        await slack.deliveries(duplicate_share=1, duplicate_late=LATE_COPY_DELAY)
        pressed += await _all_press(context, dict.fromkeys(early, Verdict.APPROVE), cards)
        verdicts = {
            (person, order_id): Verdict.REJECT if dice.random() < REJECT_SHARE else Verdict.APPROVE
            for person in context.crowd
            for order_id in placed
            if (person, order_id) not in early
        }
        seed = dice.randrange(1_000_000)
        await slack.deliveries(duplicate_share=DUPLICATE_SHARE, duplicate_late=0, seed=seed)
        pressed += await _all_press(context, verdicts, cards)
        await slack.deliveries(duplicate_share=0)
        orders += placed
    await ledgers.ended(context, orders, END_TIMEOUT)
    await _late_copies_arrive(context)
    await _check_answers(context, pressed, since=f"{begins:.6f}")
    await ledgers.compare_orders(context, orders)
    await _compare_effects(context, orders)


async def _all_press(
    context: TrialContext, verdicts: Mapping[tuple[str, str], Verdict], cards: dict[str, Json]
) -> list[Pressed]:
    """Have these people press at once, in no order; who finds the button gone has not pressed."""
    presses = list(verdicts)
    context.dice.shuffle(presses)

    async def press(person: str, order_id: str) -> Pressed | None:
        verdict = verdicts[person, order_id]
        tab = await context.press(person, cards[order_id], verdict)
        if not tab:
            return None
        form = await _form(context, person, tab) if verdict is Verdict.REJECT else ""
        return Pressed(person=person, order_id=order_id, verdict=verdict, form=form)

    done = await asyncio.gather(*(press(*one) for one in presses))
    return [one for one in done if one is not None]


async def _late_copies_arrive(context: TrialContext) -> None:
    """Let the time pass after which the presses that decided early are delivered once more."""
    slack = context.workspace.slack
    mark = await slack.journal_mark()
    await slack.advance(LATE_COPY_DELAY)
    await slack.wait_for_journal(after=mark, kind="ack", what="block_actions")


async def _form(context: TrialContext, person: str, tab: str) -> str | None:
    """Return what a submitted form says in the end; None where none has opened.

    Nothing where it opened too late to be filled in: then nothing was pressed either.
    """
    slack = context.workspace.slack
    views = await slack.modals(person, tab=tab)
    with suppress(TimeoutError):
        if views and _is_open(views[-1]):
            views = [
                await slack.wait_for_modal(
                    person, lambda view: not _is_open(view), tab=tab, timeout=ANSWER_TIMEOUT
                )
            ]
    if not views:
        return None
    return "" if _asks(views[-1]) else text_of(views[-1])


def _asks(view: Json) -> bool:
    return any(block["type"] == "input" for block in view["blocks"])


def _is_open(view: Json) -> bool:
    return _asks(view) or any(words in text_of(view) for words in PENDING_TEXTS)


async def _check_answers(context: TrialContext, pressed: list[Pressed], *, since: str) -> None:
    """Wait until nobody waits for an answer, and check that none of them was a wrong one."""
    orders = {one.order_id for one in pressed}
    snapshots = {order_id: await _approval(context, order_id) for order_id in orders}
    ephemerals: dict[str, list[str]] = {}

    async def all_answered() -> bool | None:
        ephemerals.update(await _ephemerals(context, since))
        return None if _unanswered(pressed, snapshots, ephemerals) else True

    with suppress(TimeoutError):
        await until(all_answered, ANSWER_TIMEOUT)
    context.report.lost += _unanswered(pressed, snapshots, ephemerals)
    context.report.lost += _wrong_answers(pressed, snapshots, ephemerals)


def _unanswered(
    pressed: list[Pressed], snapshots: dict[str, ApprovalSnapshot], ephemerals: dict[str, list[str]]
) -> list[str]:
    """Return, as sentences, whose press neither counted nor was answered in private.

    A sentence answers one press; where a duplicate has it said twice, it is there once too often.
    """
    left = {person: Counter(map(_without_number, said)) for person, said in ephemerals.items()}
    missing = []
    for one in pressed:
        snapshot = snapshots[one.order_id]
        counted = _closer(snapshot) == one.person
        wanted = notices.confirmed(Verdict.REJECT, ENGLISH) if counted else _refusal(snapshot)
        if one.verdict is Verdict.REJECT and one.form == "":
            continue
        if one.form is None:  # the bot was too slow for Slack, and says so
            wanted = INTERNAL_ERROR
        if (one.form and wanted in one.form) or (counted and one.verdict is Verdict.APPROVE):
            continue
        said = left.get(one.person, Counter())
        if said[wanted]:
            said[wanted] -= 1
        else:
            missing.append(f"{one} was not told: {wanted} (but {list(+said)})")
    return missing


def _wrong_answers(
    pressed: list[Pressed], snapshots: dict[str, ApprovalSnapshot], ephemerals: dict[str, list[str]]
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
            right.add(INTERNAL_ERROR)
        said = set(map(_without_number, ephemerals.get(person, ())))
        wrong += [f"{person} was told: {one}" for one in said - right]
    for one in pressed:
        snapshot = snapshots[one.order_id]
        if _closer(snapshot) == one.person and _refusal(snapshot) in (one.form or ""):
            wrong.append(f"{one} counted, and its form says that it did not")
    return wrong


def _without_number(said: str) -> str:
    return INTERNAL_ERROR if said.startswith(INTERNAL_ERROR) else said


async def _ephemerals(context: TrialContext, since: str) -> dict[str, list[str]]:
    """Return what each person alone was told in the channel after this instant."""
    state = await context.workspace.slack.state()
    return {
        one["user"]: [said["text"] for said in one["messages"] if said["ts"] > since]
        for one in state["ephemerals"]
        if one["channel"] == APPROVALS
    }


async def _approval(context: TrialContext, order_id: str) -> ApprovalSnapshot:
    snapshot = await ledgers.recorded_snapshot(context, approval_id(order_id))
    assert isinstance(snapshot, ApprovalSnapshot)
    return snapshot


def _closer(snapshot: ApprovalSnapshot) -> str:
    return snapshot.closed_by.person if snapshot.closed_by else ""


def _refusal(snapshot: ApprovalSnapshot) -> str:
    """Return what everybody is told whose press came after the one that closed it."""
    data = {"status": snapshot.status.value, "person": _closer(snapshot)}
    return notices.refusal(RequestClosedError.code, data, ENGLISH)


async def _compare_effects(context: TrialContext, orders: list[str]) -> None:
    """Check that each order has one decision, one end and one shipment, and refusals that are true."""
    trail, report = AuditTrail(context.workspace.database), context.report
    for order_id in orders:
        facts = [*await trail.facts(order_id), *await trail.facts(approval_id(order_id))]
        for kind in (Fact.DECISION_RECORDED, Fact.ORDER_ENDED):
            times = sum(fact.kind is kind for fact in facts)
            if times != 1:
                (report.doubled if times else report.lost).append(f"{order_id} has {times} {kind}")
        snapshot = await ledgers.recorded_snapshot(context, order_id)
        if isinstance(snapshot, OrderSnapshot):
            done = snapshot.status is OrderStatus.COMPLETED
            wanted = {line.sku: line.quantity for line in snapshot.order.lines} if done else {}
            balance = await context.workspace.balance(order_id)
            if balance.shipped != wanted or balance.held:
                report.doubled.append(f"{order_id} is {snapshot.status}: {balance}")
        await _compare_refusals(context, approval_id(order_id), await _approval(context, order_id))


async def _compare_refusals(
    context: TrialContext, request_id: str, snapshot: ApprovalSnapshot
) -> None:
    """Check that whoever decided is not among the refused, and who pressed once was refused once.

    A press that reached both bots was refused twice, and is written down as that.
    """
    refused: Counter[str] = Counter()
    async for one in Refusals(context.workspace.database).all(request_id):
        refused[one.refusal.actor.person] += one.times
    if _closer(snapshot) in refused:
        context.report.doubled.append(f"{_closer(snapshot)} decided {request_id} and was refused")
    context.report.doubled += [
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
