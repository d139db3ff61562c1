"""Power cuts: processes are killed with SIGKILL, started again, and nothing is lost or done twice."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest
from temporalio.client import Client

from emulator.client import text_of
from emulator.errors import Json
from tests.bot.http_client import AWAITED, LINE, ORDER, HttpClient
from tests.journeys.installation import NAMES, Installation
from tests.journeys.programs import RATE_SPEED, until
from tests.journeys.stalling_worker import UNDELIVERED, stalled
from tests.journeys.workspace import BORIS, CLARA, Workspace
from workflows.approval import ApprovalWorkflow
from workflows.payloads import data_converter
from workflows.ports.orders import InventoryPort, PaymentPort, ShippingPort
from workflows.rules.approvals.request import Decision, Verdict
from workflows.rules.orders.order import OrderStatus
from workflows.rules.orders.saga import COMPENSATIONS
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.ids import approval_id

STALLING_WORKER = Path(__file__).with_name("stalling_worker.py")
PRICE = "1500.00"


class Boundary(NamedTuple):
    """A moment before or after one of the saga's activities."""

    moment: str
    activity: str

    @property
    def is_undo(self) -> bool:
        """Whether the activity is a compensation."""
        return self.activity in COMPENSATIONS.values()


BOUNDARIES = tuple(
    Boundary(moment, name)
    for port in (InventoryPort, PaymentPort, ShippingPort)
    for name, _ in inspect.getmembers(port, inspect.isfunction)
    for moment in ("before", "after")
)
"""All boundaries of the ports' activities, so that a new step is included."""


@dataclass(frozen=True, kw_only=True)
class PowerCut:
    """The orders of the power cut. The cards are from before it."""

    pending: str
    pressed_while_dead: str
    unpayable: str
    stalled: dict[Boundary, str]
    card: Json
    pressed_card: Json


@pytest.fixture(scope="module")
async def power_cut(shared_installation: Installation) -> AsyncIterator[tuple[Workspace, PowerCut]]:
    """Kill the worker once, in the middle of many orders, and start it again.

    Two orders are pending, and one of them is clicked while there is no worker. The others are at every
    boundary of the saga: before an activity, or after an activity whose result Temporal has not received.
    """
    async with (
        shared_installation.workspace() as workspace,
        shared_installation.front_door() as door,
    ):
        await workspace.slack.limits(per_second=RATE_SPEED)
        await shared_installation.kill("worker")
        await shared_installation.start("worker", worker=STALLING_WORKER)
        pending, pressed = await workspace.order(PRICE), await workspace.order(PRICE)
        card, pressed_card = [
            await workspace.card(order_id, buttons=True) for order_id in (pending, pressed)
        ]
        unpayable = await workspace.order(
            "901.00", customer="stalls after reserve", card_expiry="12/23"
        )
        temporal = await Client.connect(
            shared_installation.temporal_address, data_converter=data_converter
        )
        ordered = await asyncio.gather(
            *(start_stalling_order(temporal, workspace, door, boundary) for boundary in BOUNDARIES)
        )
        at = dict(zip(BOUNDARIES, ordered, strict=True))
        await until_stalled(shared_installation, unpayable, *at.values())
        await shared_installation.kill("worker")
        await workspace.press(BORIS, pressed_card, "approve")
        await workspace.ephemeral(BORIS, "Not confirmed yet", since=pressed_card["ts"])
        await shared_installation.start("worker")
        yield (
            workspace,
            PowerCut(
                pending=pending,
                pressed_while_dead=pressed,
                unpayable=unpayable,
                stalled=at,
                card=card,
                pressed_card=pressed_card,
            ),
        )


Cut = tuple[Workspace, PowerCut]


async def test_the_worker_dies_while_a_request_is_pending(power_cut: Cut) -> None:
    """After the restart the click works."""
    workspace, cut = power_cut
    await workspace.press(BORIS, cut.card, "approve")
    done = await workspace.card(cut.pending, "Completed", "TRK-", buttons=False)

    assert done["ts"] == cut.card["ts"]
    await workspace.charged_and_shipped_once(cut.pending)
    await workspace.stock_and_trails_are_consistent(cut.pending, f"{cut.pending}.approval")


async def test_a_click_while_the_worker_is_dead_counts_when_it_is_back(power_cut: Cut) -> None:
    """After the message that the click is not confirmed yet, its confirmation arrives."""
    workspace, cut = power_cut
    approval = f"{cut.pressed_while_dead}.approval"
    await workspace.ephemeral(BORIS, "Approved.", since=cut.pressed_card["ts"])
    await workspace.charged_and_shipped_once(cut.pressed_while_dead)

    decisions = await workspace.facts(approval)
    assert [fact.kind for fact in decisions].count(Fact.DECISION_RECORDED) == 1


@pytest.mark.parametrize("boundary", BOUNDARIES, ids=" ".join)
async def test_the_worker_dies_at_a_boundary_of_the_saga(
    power_cut: Cut, boundary: Boundary
) -> None:
    """The order continues; stock, ledger and its one card agree on the outcome."""
    workspace, cut = power_cut
    order_id = cut.stalled[boundary]
    ended = await workspace.ended(order_id)
    if boundary.is_undo:
        assert ended.status is OrderStatus.FAILED
        await workspace.nothing_charged_or_held(order_id)
        assert (await workspace.balance(order_id)).charged == ended.order.total.amount
    else:
        await workspace.charged_and_shipped_once(order_id)
    card = await workspace.card(
        order_id, "Failed" if boundary.is_undo else "Completed", buttons=False
    )

    assert all(step.reference in text_of(card) for step in ended.steps)
    assert len(await workspace.cards(order_id)) == 1
    await workspace.stock_and_trails_are_consistent(order_id, f"{order_id}.approval")


async def test_the_worker_dies_before_a_payment_is_declined(power_cut: Cut) -> None:
    """The reservation is released although Temporal has not received its result."""
    workspace, cut = power_cut
    ended = await workspace.ended(cut.unpayable)
    assert ended.status is OrderStatus.FAILED
    await workspace.nothing_charged_or_held(cut.unpayable)
    await workspace.stock_and_trails_are_consistent(cut.unpayable)


async def test_everything_dies_while_a_request_is_pending(
    installation: Installation, workspace: Workspace
) -> None:
    """Temporal, Slack, worker and bot at once: the same card works after the restart."""
    order_id = await workspace.order("1500.00")
    card = await workspace.card(order_id, buttons=True)
    facts = await workspace.facts(f"{order_id}.approval")
    await installation.slack_has_saved(card["ts"])
    await installation.kill(*NAMES)
    await installation.start(*NAMES)
    again = await workspace.card(order_id, buttons=True)
    await workspace.press(CLARA, again, "approve")

    await workspace.charged_and_shipped_once(order_id)
    assert again["ts"] == card["ts"]
    assert (await workspace.facts(f"{order_id}.approval"))[: len(facts)] == facts
    assert len(await workspace.cards(order_id)) == 1
    await workspace.stock_and_trails_are_consistent(order_id, f"{order_id}.approval")


async def start_stalling_order(
    temporal: Client, workspace: Workspace, door: HttpClient, boundary: Boundary
) -> str:
    """Place an order that will stall at this boundary, and have it approved; return the order's id.

    The amount needs approval, so the order has a card.
    """
    is_awaited = boundary.activity == PaymentPort.receive.__name__
    where = f"stalls {boundary.moment} {boundary.activity}"
    request = (AWAITED if is_awaited else ORDER) | {
        "customer": f"{UNDELIVERED if boundary.is_undo else ''}{where}",
        "lines": [LINE | {"unit_price": PRICE}],
    }
    created = await door.call(
        "POST", "/api/v1/orders", request, Idempotency_Key=where.replace(" ", "-")
    )
    assert created.status == 201, created
    order_id = str(created.body["order_id"])
    await workspace.fact(approval_id(order_id), Fact.LEVEL_OPENED)
    approve = Decision(
        actor=Actor(person=BORIS, origin=Origin.CLI),
        verdict=Verdict.APPROVE,
        content_revision=1,
        level=1,
    )
    approval = temporal.get_workflow_handle(approval_id(order_id))
    await approval.execute_update(ApprovalWorkflow.decide, approve, id=order_id)
    if is_awaited:
        await workspace.fact(order_id, Fact.PAYMENT_AWAITED)
        await pay(door, order_id)
    return order_id


async def pay(door: HttpClient, order_id: str) -> None:
    """Send the gateway's webhook for the payment of an order."""
    payment = {
        "event_id": f"evt-{order_id}",
        "order_id": order_id,
        "amount": PRICE,
        "currency": "USD",
        "paid_at": door.now.isoformat(),
    }
    assert (await door.pay(payment)).status == 200


async def until_stalled(installation: Installation, *order_ids: str) -> None:
    """Wait until the worker stalls at each of these orders."""
    worker = installation.programs["worker"]

    async def look() -> bool | None:
        return {stalled(order_id) for order_id in order_ids} <= set(
            worker.stdout.splitlines()
        ) or None

    await until(look, what="the boundaries")
