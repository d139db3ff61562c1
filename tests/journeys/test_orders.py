"""An order in Slack, from the command to the outcome, in the demo."""

import asyncio
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle

from emulator.client import text_of
from records.refusals import Refusals
from tests.journeys.demos import RunningDemo
from tests.journeys.programs import EVENT_TIMEOUT, until
from tests.journeys.workspace import ANA, APPROVALS, BORIS, GUS, Workspace, has_buttons
from workflows.rules.approvals.request import Status
from workflows.rules.orders.order import OrderStatus
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.saga import StepStatus


@pytest.fixture
def workspace(demo_workspace: Workspace) -> Workspace:
    return demo_workspace


async def test_an_order_is_approved_by_a_click(workspace: Workspace) -> None:
    """The click updates the card at once, then the steps appear with their ids, then the outcome.

    /order-status shows the same text as the card.
    """
    order_id = await workspace.order("1500.00", customer="Grace Hopper")
    card = await workspace.card(order_id, "Waiting for approval", "1,500.00 USD", buttons=True)
    before = await workspace.slack.journal_mark()
    await workspace.press(BORIS, card, "approve")
    inline = await workspace.slack.wait_for_journal(after=before, kind="response_url")
    done = await workspace.card(order_id, "Completed", "RES-", "TXN-", "TRK-", buttons=False)
    await workspace.slack.say(ANA, APPROVALS, f"/order-status {order_id.lower()}")
    status = await workspace.ephemeral(ANA, order_id)

    assert "<@U0BORIS>" in card["text"]
    assert "<@U0CLARA>" in card["text"]
    assert inline["arguments"]["replace_original"] is True
    assert "Approved" in text_of(inline["arguments"])
    assert not has_buttons(inline["arguments"])
    assert await _writes(workspace, card["ts"], after=before, before=inline["n"]) == []
    assert done["ts"] == card["ts"]
    assert len(await workspace.cards(order_id)) == 1
    assert text_of(status) == text_of(done)
    references = {step.reference for step in (await workspace.ended(order_id)).steps}
    assert all(reference in text_of(done) for reference in references)
    assert "completed" in await workspace.outcome(order_id)
    await workspace.charged_and_shipped_once(order_id)
    await workspace.stock_and_trails_are_consistent(order_id, f"{order_id}.approval")


async def test_a_rejection_shows_who_when_and_why(workspace: Workspace) -> None:
    """Nothing is reserved or charged, and the requester gets the reason."""
    order_id = await workspace.order("1500.00", customer="Mary Shelley")
    card = await workspace.card(order_id, buttons=True)
    await workspace.press(BORIS, card, "reject")
    view = await workspace.slack.wait_for_modal(BORIS, timeout=EVENT_TIMEOUT)
    without = await workspace.slack.submit(BORIS, view, {"reason": " "})
    answer = await workspace.slack.submit(BORIS, view, {"reason": "The budget is spent"})
    closed = await workspace.card(order_id, "Rejected", buttons=False)
    ended = await workspace.ended(order_id)
    final = await workspace.card(order_id, "Nothing was reserved, charged or shipped")

    assert without["errors"]
    assert answer["acked"]
    assert "<@U0BORIS>" in text_of(closed)
    assert "<!date^" in text_of(closed)
    assert "The budget is spent" in text_of(closed)
    assert "The budget is spent" in text_of(final)
    assert ended.status is OrderStatus.REJECTED
    assert {step.status for step in ended.steps} == {StepStatus.WAITING}
    outcome = await workspace.outcome(order_id)
    assert "<@U0BORIS>" in outcome
    assert "The budget is spent" in outcome
    await workspace.nothing_charged_or_held(order_id)


@pytest.mark.parametrize(
    ("person", "message"),
    [(GUS, "You're not an approver for this request"), (ANA, "You can't approve your own request")],
    ids=["a stranger", "the requester"],
)
async def test_a_refused_click_gets_an_ephemeral_message_and_changes_nothing(
    workspace: Workspace, demo: RunningDemo, person: str, message: str
) -> None:
    """No fact, no history event, no other card; the refusal itself is recorded."""
    temporal = await Client.connect(demo.setting("TEMPORAL_ADDRESS"))
    order_id = await workspace.order("1500.00", customer=f"Refused {person}")
    card = await workspace.card(order_id, buttons=True)
    approval = temporal.get_workflow_handle(f"{order_id}.approval")
    facts = await workspace.facts(approval.id)
    events = await until(lambda: _idle_history_length(approval), what="an idle workflow")
    await workspace.press(person, card, "approve")
    await workspace.ephemeral(person, message, since=card["ts"])

    assert len((await approval.fetch_history()).events) == events
    assert await workspace.facts(approval.id) == facts
    assert await workspace.cards(order_id) == [card]
    refusals = await Refusals(workspace.database).of(approval.id)
    assert [refusal.actor.person for refusal in refusals] == [person]


async def test_a_second_click_is_not_a_second_decision(workspace: Workspace) -> None:
    """Of two clicks at the same time one counts, the other gets an ephemeral message."""
    order_id = await workspace.order("1500.00", customer="Pressed Twice")
    card = await workspace.card(order_id, buttons=True)
    await asyncio.gather(*(workspace.press(BORIS, card, "approve") for _ in range(2)))
    await workspace.ephemeral(BORIS, "already approved", "Approved.", since=card["ts"])
    await workspace.charged_and_shipped_once(order_id)

    facts = await workspace.facts(f"{order_id}.approval")
    assert [fact.kind for fact in facts].count(Fact.DECISION_RECORDED) == 1


async def test_an_order_of_exactly_one_thousand_needs_no_approval(workspace: Workspace) -> None:
    """There is no card, and the requester is notified of the outcome."""
    order_id = await workspace.order("1000.00")
    outcome = await workspace.outcome(order_id)

    assert "completed" in outcome
    await workspace.charged_and_shipped_once(order_id)
    assert await workspace.cards(order_id) == []


async def test_an_order_of_one_cent_more_needs_approval(workspace: Workspace) -> None:
    """It is pending, and no step runs before the approval."""
    order_id = await workspace.order("1000.01")
    await workspace.card(order_id, "1,000.01 USD", buttons=True)
    facts = [fact.kind for fact in await workspace.facts(order_id)]

    assert facts == [Fact.ORDER_RECEIVED]
    assert (await workspace.approval(order_id)).status is Status.PENDING


async def test_order_status_explains_invalid_arguments(workspace: Workspace) -> None:
    """Without an argument it lists orders; an unknown id and another word each get a message."""
    order_id = await workspace.order("40.00", customer="Listed")
    await workspace.ended(order_id)
    for text in ("/order-status", "/order-status ORD-00000000", "/order-status soon"):
        await workspace.slack.say(ANA, APPROVALS, text)

    # Another journey may have requested such a list before: wait for the list with this order.
    assert "Your latest orders" in text_of(await workspace.ephemeral(ANA, order_id))
    await workspace.ephemeral(ANA, "There is no order ORD-00000000")
    await workspace.ephemeral(ANA, "“soon” isn't an order number")


async def test_an_expired_payment_card_is_declined_and_the_stock_released(
    workspace: Workspace,
) -> None:
    """The card shows the failure and the compensation."""
    order_id = await workspace.order("1500.00", customer="Expired Card", card_expiry="12/23")
    await workspace.press(BORIS, await workspace.card(order_id, buttons=True), "approve")
    await workspace.card(order_id, "Failed", "The payment card has expired (12/23)")
    ended = await workspace.ended(order_id)

    assert ended.status is OrderStatus.FAILED
    await workspace.nothing_charged_or_held(order_id)
    await workspace.stock_and_trails_are_consistent(order_id)


async def _idle_history_length(workflow: WorkflowHandle[Any, Any]) -> int | None:
    """Return the number of events if no task or activity is running, otherwise None."""
    events = (await workflow.fetch_history()).events
    started = sum(
        event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED for event in events
    )
    ended = sum(
        event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED for event in events
    )
    is_idle = events[-1].event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    return len(events) if is_idle and started == ended else None


async def _writes(workspace: Workspace, ts: str, *, after: int, before: int) -> list[int]:
    """Return the durable writes of a message between two entries of the journal."""
    entries = await workspace.slack.journal(after, kind="api", method="chat.update")
    return [
        entry["n"]
        for entry in entries
        if entry["n"] < before and entry["arguments"].get("ts") == ts
    ]
