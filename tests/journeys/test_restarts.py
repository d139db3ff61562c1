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
from tests.journeys.house import NAMES, House
from tests.journeys.office import BORIS, CLARA, Office
from tests.journeys.programs import until
from tests.journeys.stalling_worker import UNDELIVERED, stalled
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
"""All of them, as the ports have them: a new step is killed here too."""


@dataclass(frozen=True, kw_only=True)
class PowerCut:
    """What happened to whom. The cards are those from before."""

    pending: str
    pressed_while_dead: str
    unpayable: str
    stalled: dict[Boundary, str]
    card: Json
    pressed_card: Json


@pytest.fixture(scope="module")
async def power_cut(built_house: House) -> AsyncIterator[tuple[Office, PowerCut]]:
    """Kill the worker once, in the middle of many orders, and start it again.

    Two of them wait for a yes; one of these is pressed while there is no worker. The others are at
    every boundary of the saga: before an activity, and after one of which Temporal has not heard.
    """
    async with built_house.office() as office, built_house.front_door() as door:
        await built_house.kill("worker")
        await built_house.start("worker", worker=STALLING_WORKER)
        pending, pressed = await office.order(PRICE), await office.order(PRICE)
        card, pressed_card = [await office.card(one, buttons=True) for one in (pending, pressed)]
        unpayable = await office.order(
            "901.00", customer="stalls after reserve", card_expiry="12/23"
        )
        temporal = await Client.connect(built_house.temporal_address, data_converter=data_converter)
        ordered = await asyncio.gather(
            *(order_stalling(temporal, office, door, one) for one in BOUNDARIES)
        )
        at = dict(zip(BOUNDARIES, ordered, strict=True))
        await until_stalled(built_house, unpayable, *at.values())
        await built_house.kill("worker")
        await office.press(BORIS, pressed_card, "approve")
        await office.sentence(BORIS, "Not confirmed yet", since=pressed_card["ts"])
        await built_house.start("worker")
        yield (
            office,
            PowerCut(
                pending=pending,
                pressed_while_dead=pressed,
                unpayable=unpayable,
                stalled=at,
                card=card,
                pressed_card=pressed_card,
            ),
        )


Cut = tuple[Office, PowerCut]


async def test_the_worker_dies_while_a_request_is_pending(power_cut: Cut) -> None:
    """After its return the click works."""
    office, cut = power_cut
    await office.press(BORIS, cut.card, "approve")
    done = await office.card(cut.pending, "Completed", "TRK-", buttons=False)

    assert done["ts"] == cut.card["ts"]
    await office.paid_once(cut.pending)
    await office.everything_adds_up(cut.pending, f"{cut.pending}.approval")


async def test_a_click_while_the_worker_is_dead_counts_when_it_is_back(power_cut: Cut) -> None:
    """The person has read that it is not confirmed yet, and now reads that it counts."""
    office, cut = power_cut
    approval = f"{cut.pressed_while_dead}.approval"
    await office.sentence(BORIS, "Approved.", since=cut.pressed_card["ts"])
    await office.paid_once(cut.pressed_while_dead)

    decisions = await office.facts(approval)
    assert [fact.kind for fact in decisions].count(Fact.DECISION_RECORDED) == 1


@pytest.mark.parametrize("boundary", BOUNDARIES, ids=" ".join)
async def test_the_worker_dies_at_a_boundary_of_the_saga(
    power_cut: Cut, boundary: Boundary
) -> None:
    """The order goes on where it was; stock, ledger and its one card agree on how it ended."""
    office, cut = power_cut
    order_id = cut.stalled[boundary]
    ended = await office.ended(order_id)
    if boundary.is_undo:
        assert ended.status is OrderStatus.FAILED
        await office.nothing_taken(order_id)
        assert (await office.balance(order_id)).charged == ended.order.total.amount
    else:
        await office.paid_once(order_id)
    card = await office.card(order_id, "Failed" if boundary.is_undo else "Completed", buttons=False)

    assert all(step.reference in text_of(card) for step in ended.steps)
    assert len(await office.cards(order_id)) == 1
    await office.everything_adds_up(order_id, f"{order_id}.approval")


async def test_the_worker_dies_before_a_payment_is_declined(power_cut: Cut) -> None:
    """The reservation of which Temporal had not heard is given back all the same."""
    office, cut = power_cut
    ended = await office.ended(cut.unpayable)
    assert ended.status is OrderStatus.FAILED
    await office.nothing_taken(cut.unpayable)
    await office.everything_adds_up(cut.unpayable)


async def test_everything_dies_while_a_request_is_pending(
    house: House, house_office: Office
) -> None:
    """Temporal, Slack, worker and bot at once: the same card works after the restart."""
    order_id = await house_office.order("1500.00")
    card = await house_office.card(order_id, buttons=True)
    facts = await house_office.facts(f"{order_id}.approval")
    await house.slack_has_saved(card["ts"])
    await house.kill(*NAMES)
    await house.start(*NAMES)
    again = await house_office.card(order_id, buttons=True)
    await house_office.press(CLARA, again, "approve")

    await house_office.paid_once(order_id)
    assert again["ts"] == card["ts"]
    assert (await house_office.facts(f"{order_id}.approval"))[: len(facts)] == facts
    assert len(await house_office.cards(order_id)) == 1
    await house_office.everything_adds_up(order_id, f"{order_id}.approval")


async def order_stalling(
    temporal: Client, office: Office, door: HttpClient, boundary: Boundary
) -> str:
    """Order what will stall at this boundary, and have it approved; return the order's id.

    For that much it has a card.
    """
    is_awaited = boundary.activity == PaymentPort.receive.__name__
    where = f"stalls {boundary.moment} {boundary.activity}"
    wish = (AWAITED if is_awaited else ORDER) | {
        "customer": f"{UNDELIVERED if boundary.is_undo else ''}{where}",
        "lines": [LINE | {"unit_price": PRICE}],
    }
    created = await door.call(
        "POST", "/api/v1/orders", wish, Idempotency_Key=where.replace(" ", "-")
    )
    assert created.status == 201, created
    order_id = str(created.body["order_id"])
    await office.fact(approval_id(order_id), Fact.LEVEL_OPENED)
    yes = Decision(
        actor=Actor(person=BORIS, origin=Origin.CLI),
        verdict=Verdict.APPROVE,
        content_revision=1,
        level=1,
    )
    approval = temporal.get_workflow_handle(approval_id(order_id))
    await approval.execute_update(ApprovalWorkflow.decide, yes, id=order_id)
    if is_awaited:
        await office.fact(order_id, Fact.PAYMENT_AWAITED)
        await pay(door, order_id)
    return order_id


async def pay(door: HttpClient, order_id: str) -> None:
    """Have the gateway tell that an order was paid."""
    told = {
        "event_id": f"evt-{order_id}",
        "order_id": order_id,
        "amount": PRICE,
        "currency": "USD",
        "paid_at": door.now.isoformat(),
    }
    assert (await door.pay(told)).status == 200


async def until_stalled(house: House, *order_ids: str) -> None:
    """Wait until the worker stalls at each of these orders."""
    worker = house.programs["worker"]

    async def look() -> bool | None:
        return {stalled(one) for one in order_ids} <= set(worker.stdout.splitlines()) or None

    await until(look, what="the boundaries")
