"""One decision, one effect: a crowd clicks every button at once, and many clicks are delivered twice.

Each order ends with one decision and is charged and shipped once if it was approved. Everyone gets
the result of their click: the person who decided on the card or in the form, everyone else in an
ephemeral message that names who decided.

This trial fails if the age of an answer is not checked (a late copy of a click leaves an old card) and
if a form-opening click that is delivered twice is not recognized (people get an error message).
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
"""The share of clicks that are delivered twice. The copy often goes to the other bot."""
DELIVERIES = 2
INTERNAL_ERROR = notices.internal_error("", ENGLISH).strip(" .")
REJECT_SHARE = 0.15
"""The share of clicks that reject."""
CONCURRENT_PRESSES = 300
"""The number of concurrent clicks, all on cards that still have their buttons."""
EARLY_SHARE = 0.2
"""The share of orders decided by a single person before the crowd clicks. This click is delivered again ..."""
LATE_COPY_DELAY = 600.0
"""... after this many seconds, when Temporal still returns the answer of the first delivery."""
END_TIMEOUT = 90.0
PENDING_TEXTS = (ENGLISH("verb.working"), notices.unconfirmed(ENGLISH))
"""The texts of a submitted form before it shows the result."""
ANSWER_TIMEOUT = 30.0
"""Seconds within which every click of the crowd must get its answer."""


@dataclass(frozen=True, kw_only=True)
class Click:
    """One click: the person, the order, the verdict, and the final text of the form.

    `form` is empty if no form was needed or filled in, and None if no form opened in time.
    """

    person: str
    order_id: str
    verdict: Verdict
    form: str | None = ""


async def run(context: TrialContext) -> None:
    """Place the orders, have everyone click on all of them, and check the answers and the effects."""
    slack, rng = context.workspace.slack, context.rng
    orders: list[str] = []
    clicks: list[Click] = []
    started = (await slack.state())["clock"]["now"]
    wave = max(1, CONCURRENT_PRESSES // context.size.people)
    for number in range(0, context.size.requests, wave):
        count = min(wave, context.size.requests - number)
        placed = await context.orders(["1500.00"] * count)
        cards = {
            order_id: await context.workspace.card(order_id, buttons=True, seconds=END_TIMEOUT)
            for order_id in placed
        }
        early = [
            (rng.choice(context.crowd), order_id)
            for order_id in placed
            if rng.random() < EARLY_SHARE
        ]
        early = early or [(rng.choice(context.crowd), placed[0])] * (not number)
        await slack.deliveries(duplicate_share=1, duplicate_late=LATE_COPY_DELAY)
        clicks += await _all_click(context, dict.fromkeys(early, Verdict.APPROVE), cards)
        verdicts = {
            (person, order_id): Verdict.REJECT if rng.random() < REJECT_SHARE else Verdict.APPROVE
            for person in context.crowd
            for order_id in placed
            if (person, order_id) not in early
        }
        seed = rng.randrange(1_000_000)
        await slack.deliveries(duplicate_share=DUPLICATE_SHARE, duplicate_late=0, seed=seed)
        clicks += await _all_click(context, verdicts, cards)
        await slack.deliveries(duplicate_share=0)
        orders += placed
    await ledgers.ended(context, orders, END_TIMEOUT)
    await _late_copies_arrive(context)
    await _check_answers(context, clicks, since=f"{started:.6f}")
    await ledgers.compare_orders(context, orders)
    await _compare_effects(context, orders)


async def _all_click(
    context: TrialContext, verdicts: Mapping[tuple[str, str], Verdict], cards: dict[str, Json]
) -> list[Click]:
    """Have these people click at once, in random order. A click on a missing button does not count."""
    presses = list(verdicts)
    context.rng.shuffle(presses)

    async def click(person: str, order_id: str) -> Click | None:
        verdict = verdicts[person, order_id]
        tab = await context.press(person, cards[order_id], verdict)
        if not tab:
            return None
        form = await _form(context, person, tab) if verdict is Verdict.REJECT else ""
        return Click(person=person, order_id=order_id, verdict=verdict, form=form)

    results = await asyncio.gather(*(click(*key) for key in presses))
    return [result for result in results if result is not None]


async def _late_copies_arrive(context: TrialContext) -> None:
    """Advance the clock so that the early clicks are delivered again."""
    slack = context.workspace.slack
    mark = await slack.journal_mark()
    await slack.advance(LATE_COPY_DELAY)
    await slack.wait_for_journal(after=mark, kind="ack", what="block_actions")


async def _form(context: TrialContext, person: str, tab: str) -> str | None:
    """Return the final text of a submitted form, or None if none has opened.

    Returns an empty string if the form opened too late to be filled in: then nothing was submitted.
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
    return "" if _has_inputs(views[-1]) else text_of(views[-1])


def _has_inputs(view: Json) -> bool:
    return any(block["type"] == "input" for block in view["blocks"])


def _is_open(view: Json) -> bool:
    return _has_inputs(view) or any(text in text_of(view) for text in PENDING_TEXTS)


async def _check_answers(context: TrialContext, clicks: list[Click], *, since: str) -> None:
    """Wait until every click has its answer, and check that no answer was wrong."""
    orders = {click.order_id for click in clicks}
    snapshots = {order_id: await _approval(context, order_id) for order_id in orders}
    ephemerals: dict[str, list[str]] = {}

    async def all_answered() -> bool | None:
        ephemerals.update(await _ephemerals(context, since))
        return None if _unanswered(clicks, snapshots, ephemerals) else True

    with suppress(TimeoutError):
        await until(all_answered, ANSWER_TIMEOUT)
    context.report.lost += _unanswered(clicks, snapshots, ephemerals)
    context.report.lost += _wrong_answers(clicks, snapshots, ephemerals)


def _unanswered(
    clicks: list[Click], snapshots: dict[str, ApprovalSnapshot], ephemerals: dict[str, list[str]]
) -> list[str]:
    """Return a sentence for each click that neither counted nor got an ephemeral answer.

    Each ephemeral message answers one click. A duplicated click may leave one more than needed.
    """
    left = {person: Counter(map(_without_number, texts)) for person, texts in ephemerals.items()}
    missing = []
    for click in clicks:
        snapshot = snapshots[click.order_id]
        counted = _closer(snapshot) == click.person
        wanted = notices.confirmed(Verdict.REJECT, ENGLISH) if counted else _refusal(snapshot)
        if click.verdict is Verdict.REJECT and click.form == "":
            continue
        if click.form is None:  # the bot was too slow for Slack and reports an error
            wanted = INTERNAL_ERROR
        if (click.form and wanted in click.form) or (counted and click.verdict is Verdict.APPROVE):
            continue
        received = left.get(click.person, Counter())
        if received[wanted]:
            received[wanted] -= 1
        else:
            missing.append(f"{click} did not get: {wanted} (but {list(+received)})")
    return missing


def _wrong_answers(
    clicks: list[Click], snapshots: dict[str, ApprovalSnapshot], ephemerals: dict[str, list[str]]
) -> list[str]:
    """Return a sentence for each wrong answer, such as a refusal for the person who decided."""
    wrong = []
    for person in {click.person for click in clicks}:
        right = {
            _refusal(snapshot) for snapshot in snapshots.values() if _closer(snapshot) != person
        }
        right |= {notices.unconfirmed(ENGLISH), notices.confirmed(Verdict.APPROVE, ENGLISH)}
        right |= {notices.confirmed(Verdict.REJECT, ENGLISH)}
        if any(click.person == person and click.form is None for click in clicks):
            right.add(INTERNAL_ERROR)
        received = set(map(_without_number, ephemerals.get(person, ())))
        wrong += [f"{person} got: {text}" for text in received - right]
    for click in clicks:
        snapshot = snapshots[click.order_id]
        if _closer(snapshot) == click.person and _refusal(snapshot) in (click.form or ""):
            wrong.append(f"{click} counted, but its form shows a refusal")
    return wrong


def _without_number(text: str) -> str:
    return INTERNAL_ERROR if text.startswith(INTERNAL_ERROR) else text


async def _ephemerals(context: TrialContext, since: str) -> dict[str, list[str]]:
    """Return the ephemeral messages of each person in the channel after this instant."""
    state = await context.workspace.slack.state()
    return {
        ephemeral["user"]: [
            message["text"] for message in ephemeral["messages"] if message["ts"] > since
        ]
        for ephemeral in state["ephemerals"]
        if ephemeral["channel"] == APPROVALS
    }


async def _approval(context: TrialContext, order_id: str) -> ApprovalSnapshot:
    snapshot = await ledgers.recorded_snapshot(context, approval_id(order_id))
    assert isinstance(snapshot, ApprovalSnapshot)
    return snapshot


def _closer(snapshot: ApprovalSnapshot) -> str:
    return snapshot.closed_by.person if snapshot.closed_by else ""


def _refusal(snapshot: ApprovalSnapshot) -> str:
    """Return the answer to every click that came after the request was closed."""
    data = {"status": snapshot.status.value, "person": _closer(snapshot)}
    return notices.refusal(RequestClosedError.code, data, ENGLISH)


async def _compare_effects(context: TrialContext, orders: list[str]) -> None:
    """Check that each order has one decision, one end and one shipment, and correct refusals."""
    trail, report = AuditTrail(context.workspace.database), context.report
    for order_id in orders:
        facts = [*await trail.facts(order_id), *await trail.facts(approval_id(order_id))]
        for kind in (Fact.DECISION_RECORDED, Fact.ORDER_ENDED):
            times = sum(fact.kind is kind for fact in facts)
            if times != 1:
                (report.doubled if times else report.lost).append(f"{order_id} has {times} {kind}")
        snapshot = await ledgers.recorded_snapshot(context, order_id)
        if isinstance(snapshot, OrderSnapshot):
            results = snapshot.status is OrderStatus.COMPLETED
            wanted = {line.sku: line.quantity for line in snapshot.order.lines} if results else {}
            balance = await context.workspace.balance(order_id)
            if balance.shipped != wanted or balance.held:
                report.doubled.append(f"{order_id} is {snapshot.status}: {balance}")
        await _compare_refusals(context, approval_id(order_id), await _approval(context, order_id))


async def _compare_refusals(
    context: TrialContext, request_id: str, snapshot: ApprovalSnapshot
) -> None:
    """Check that the person who decided was not refused, and others at most once per delivery.

    A click that reached both bots is recorded as two refusals.
    """
    refused: Counter[str] = Counter()
    async for refused_press in Refusals(context.workspace.database).all(request_id):
        refused[refused_press.refusal.actor.person] += refused_press.times
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
    short=Size(requests=5, people=40),
    long=Size(requests=50, people=200),
)
