"""Three ledgers that must agree: what Slack shows, what the audit holds, what the workflows returned."""

import asyncio
from collections import Counter
from collections.abc import Iterable

from temporalio.client import WorkflowFailureError

from emulator.client import text_of
from emulator.errors import Json
from records.audit import AuditTrail
from records.balance import Balance
from records.requests import Requests
from records.snapshots import read_face
from tests.chaos.ground import Ground
from tests.journeys.office import has_buttons
from views import cards
from workflows.rules.approvals.request import OPEN, Verdict
from workflows.rules.approvals.snapshot import ApprovalFace
from workflows.rules.orders.order import OrderFace, OrderStatus, approval_id
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.card import CardCopy
from workflows.rules.snapshots import Face

DECIDED = {OrderStatus.COMPLETED: Verdict.APPROVE, OrderStatus.REJECTED: Verdict.REJECT}
"""The verdict without which no approval can have ended so."""


async def ended(ground: Ground, ids: Iterable[str], seconds: float) -> None:
    """Wait until each of these workflows has ended: it ends when Slack shows its last state.

    One that does not end in time, or fails, is lost.
    """

    async def end(workflow_id: str) -> None:
        try:
            async with asyncio.timeout(seconds):
                await ground.temporal.get_workflow_handle(workflow_id).result()
        except TimeoutError:
            ground.tally.lost.append(f"{workflow_id} has not ended after {seconds:.0f} s")
        except WorkflowFailureError as error:
            ground.tally.lost.append(f"{workflow_id} failed: {error.cause}")

    await asyncio.gather(*map(end, ids))


async def compare_orders(ground: Ground, ids: Iterable[str]) -> None:
    """Compare the three ledgers for these orders, which have ended; write down what differs."""
    state = await ground.office.slack.state()
    for order_id in ids:
        face = await face_of(ground, order_id)
        if not isinstance(face, OrderFace) or face.ended_at is None:
            ground.tally.lost.append(f"the records do not know the end of {order_id}")
            continue
        await _compare_outcome(ground, face)
        await compare_trail(ground, order_id)
        compare_cards(ground, face, state)
    unbalanced = [
        one for one in await Balance(ground.office.database).of_stock() if not one.balanced
    ]
    ground.tally.lost += [f"pieces do not add up: {one}" for one in unbalanced]


async def face_of(ground: Ground, request_id: str) -> Face | None:
    """Return the last state that the records hold."""
    record = await Requests(ground.office.database).get(request_id)
    return read_face(record.face) if record else None


async def compare_trail(ground: Ground, request_id: str) -> None:
    """Check that a trail is whole, and that nobody's decision stands in it twice."""
    trail = AuditTrail(ground.office.database)
    found = await trail.verify(request_id)
    if not found.intact:
        ground.tally.lost.append(f"the trail of {request_id}: {found.flaw} at {found.sequence}")
    decided = Counter(
        (fact.level, fact.content_revision, fact.actor.person)
        for fact in await trail.facts(request_id)
        if fact.kind is Fact.DECISION_RECORDED
    )
    for (level, _, person), times in decided.items():
        if times > 1:
            ground.tally.doubled.append(f"{person} decided {times} times at {request_id}/{level}")


async def _compare_outcome(ground: Ground, face: OrderFace) -> None:
    """Compare an order's end with its approval, with the workflow's own word, and with the money."""
    order_id, tally = face.order.order_id, ground.tally
    returned: OrderFace = await ground.temporal.get_workflow_handle(
        order_id, result_type=OrderFace
    ).result()
    if returned.status is not face.status:
        tally.stale.append(f"{order_id}: records {face.status}, workflow {returned.status}")
    charged = (await ground.office.balance(order_id)).paid
    wanted = face.order.total.amount if face.status is OrderStatus.COMPLETED else 0
    if charged > wanted:
        tally.doubled.append(f"{order_id} is {face.status} and was charged {charged}")
    if charged < wanted:
        tally.lost.append(f"{order_id} is {face.status} and was charged {charged}")
    if face.approval is None:
        return
    approval = approval_id(order_id)
    await compare_trail(ground, approval)
    known = await face_of(ground, approval)
    if not isinstance(known, ApprovalFace) or known.status in OPEN:
        tally.lost.append(f"the records do not know the end of {approval}")
        return
    verdicts = {said.verdict for level in known.levels for said in level.decisions}
    if face.status in DECIDED and DECIDED[face.status] not in verdicts:
        tally.lost.append(f"{order_id} is {face.status}, but {approval} holds {verdicts}")


def compare_cards(ground: Ground, face: ApprovalFace | OrderFace, state: Json) -> None:
    """Check that exactly one card stands in its channel, that it shows `face`, and no old button."""
    name = face.order.order_id if isinstance(face, OrderFace) else face.request_id
    shown = cards_of(state, name)
    if isinstance(face, OrderFace) and face.approval is None:
        return
    wanted = as_shown(face)
    if not shown:
        ground.tally.lost.append(f"{name} has no card")
    if len(shown) > 1:
        ground.tally.doubled.append(f"{name} has {len(shown)} cards")
    for card in shown:
        if text_of(card) != text_of(wanted):
            ground.tally.stale.append(f"{name}: its card says {text_of(card)[:200]!r}")
        if has_buttons(card) and not has_buttons(wanted):
            ground.tally.stale.append(f"{name}: its card can still be pressed")


def as_shown(face: Face) -> Json:
    """Return the message that Slack is to show for `face`."""
    message = cards.build(face, CardCopy(channel=face.channel, key=""))
    return {"text": message.text, "blocks": message.blocks}


def cards_of(state: Json, name: str) -> list[Json]:
    """Return the messages in channels, outside threads, that stand for this order or request."""
    return [
        message
        for channel, messages in state["messages"].items()
        for message in messages
        if not channel.startswith("D")
        and message.get("metadata")
        and message.get("thread_ts", message["ts"]) == message["ts"]
        and name in text_of(message)
    ]
