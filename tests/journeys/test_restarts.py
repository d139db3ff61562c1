"""Power cuts: processes are killed with SIGKILL, started again, and nothing is lost or done twice."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from emulator.errors import Json
from tests.journeys.house import NAMES, House
from tests.journeys.office import BORIS, CLARA, Office
from tests.journeys.programs import until
from workflows.rules.audit import Fact
from workflows.rules.order import OrderStatus, StepName

STALLING_WORKER = Path(__file__).with_name("stalling_worker.py")


@dataclass(frozen=True, kw_only=True)
class PowerCut:
    """What happened to whom. The cards are those from before."""

    pending: str
    pressed_while_dead: str
    reserved: str
    unpayable: str
    unpaid: str
    paid: str
    card: Json
    pressed_card: Json


@pytest.fixture(scope="module")
async def power_cut(built_house: House) -> AsyncIterator[tuple[Office, PowerCut]]:
    """Kill the worker once, in the middle of six orders, and start it again.

    Two of them wait for a yes; one of these is pressed while there is no worker. The others are
    between their steps: after a reservation of which Temporal has not heard, before a charge, and
    after a charge of which Temporal has not heard.
    """
    async with built_house.office() as office:
        await built_house.kill("worker")
        await built_house.start("worker", worker=STALLING_WORKER)
        pending, pressed = await office.order("1500.00"), await office.order("1500.00")
        card, pressed_card = [await office.card(one, buttons=True) for one in (pending, pressed)]
        reserved = await office.order("900.00", customer="stalls after reserve")
        unpayable = await office.order(
            "901.00", customer="stalls after reserve", card_expiry="12/23"
        )
        unpaid = await office.order("902.00", customer="stalls before charge")
        paid = await office.order("903.00", customer="stalls after charge")
        await until_held(office, reserved, unpayable, unpaid)
        await office.fact(unpaid, Fact.STEP_STARTED, step=StepName.PAY)
        await until_charged(office, paid)
        await built_house.kill("worker")
        await office.press(BORIS, pressed_card, "approve")
        await office.sentence(BORIS, "Not confirmed yet", since=pressed_card["ts"])
        await built_house.start("worker")
        yield (
            office,
            PowerCut(
                pending=pending,
                pressed_while_dead=pressed,
                reserved=reserved,
                unpayable=unpayable,
                unpaid=unpaid,
                paid=paid,
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
    await office.sentence(BORIS, "Your approval counts", since=cut.pressed_card["ts"])
    await office.paid_once(cut.pressed_while_dead)

    decisions = await office.facts(approval)
    assert [fact.kind for fact in decisions].count(Fact.DECISION_RECORDED) == 1


async def test_the_worker_dies_between_the_steps_of_an_order(power_cut: Cut) -> None:
    """It goes on where it was, every step is done once, stock and ledger agree."""
    office, cut = power_cut
    for order_id in (cut.reserved, cut.unpaid, cut.paid):
        await office.paid_once(order_id)

    await office.everything_adds_up(cut.reserved, cut.unpaid, cut.paid)


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


async def until_held(office: Office, *order_ids: str) -> None:
    """Wait until pieces are set aside for each of these orders."""

    async def look() -> bool | None:
        return all([(await office.balance(one)).held for one in order_ids]) or None

    await until(look, what="the reservations")


async def until_charged(office: Office, order_id: str) -> None:
    """Wait until the order's money was taken."""

    async def look() -> bool | None:
        return (await office.balance(order_id)).charged > 0 or None

    await until(look, what="the charge")
