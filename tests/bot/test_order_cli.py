"""Orders from the command line: decided, refused, failed, paid, cancelled; see also the document."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest

from records.reservations import Reservations
from records.shipments import Shipments
from tests.bot.command_line import ANA, BORIS, FAY, GUS, by
from tests.bot.desk import PATIENCE
from tests.bot.till import Till
from workflows.rules.approvals.verbs import Verb
from workflows.rules.orders.order import Order, OrderStatus
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.ids import approval_id

CANNOT, REJECTED, ENDED, REFUSED = 2, 3, 4, 6
NOTHING = Decimal(0)


async def test_a_large_order_waits_for_a_yes_and_then_goes_on(till: Till) -> None:
    order_id = await till.start("--total", "1500")
    needed = await till.type("requires-approval", order_id)
    before = [await till.type(verb, order_id) for verb in ("status", "approval-message")]

    done = await till.type(
        *("decide", order_id, "approve", "--as", BORIS, "--reason", "Within budget")
    )
    shown = await till.type("show", order_id, "--wait")
    after = [await till.type(verb, order_id) for verb in ("status", "approval-message")]

    assert needed.out == "yes\n"
    assert [one.out for one in before] == ["awaiting_approval\n", "none\n"]
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Done.\n{approval_id(order_id)} · approved\n")
    assert shown.code == 0
    assert "Approval: approved · U0BORIS approved, " in shown.out
    assert after[0].out == "completed\n"
    shipped = re.search(r"tracking (TRK-[0-9A-F]{10})\n", shown.out)
    assert shipped
    assert shipped[1] in await till.card(order_id, "Completed")
    assert re.fullmatch(r"U0BORIS approved, .* UTC: “Within budget”\n", after[1].out)
    decided = await till.shell.fact(approval_id(order_id), Fact.DECISION_RECORDED)
    assert (decided.actor, decided.reason) == (by(BORIS), "Within budget")


async def test_a_rejected_order_ends_with_nothing_charged(till: Till) -> None:
    order_id = await till.start("--total", "1000.01")
    no = await till.type("decide", order_id, "reject", "--as", BORIS, "--reason", "Too much")
    said = await till.again(order_id, "--total", "1000.01")

    assert no.code == 0
    assert said.code == REJECTED
    assert "Status: rejected\n" in said.out
    assert "“Too much”" in said.out
    assert (await till.balance(said.out.split()[0])).charged == NOTHING


async def test_who_may_not_decide_is_refused_in_one_sentence(till: Till) -> None:
    large, small = await till.start("--total", "1500"), await till.start("--total", "5")

    own = await till.type("decide", large, "approve", "--as", ANA)
    stranger = await till.type("decide", large, "reject", "--as", GUS, "--reason", "No")
    nobody = await till.type("decide", large, "approve")
    needless = await till.type("decide", small, "approve", "--as", BORIS)

    assert [one.code for one in (own, stranger, nobody, needless)] == [REFUSED, REFUSED, 2, 2]
    assert nobody.err == "Use --as to name the person who acts, such as --as U0ANA.\n"
    assert needless.err == f"{small} needs no approval, so there is nothing to decide.\n"
    assert await till.shell.refused(approval_id(large)) == [
        (by(ANA), "approve", "own_request"),
        (by(GUS), "reject", "not_an_approver"),
    ]


async def test_with_the_inventory_down_it_is_tried_again_and_then_fails_with_that_error(
    till: Till,
) -> None:
    down = ("--total", "1500", "--simulate", "inventory-down")
    order_id, why = await till.start(*down), "The inventory isn't responding (simulated)."
    assert (await till.type("decide", order_id, "approve", "--as", BORIS)).code == 0
    await till.until(order_id, OrderStatus.PROCESSING)
    await till.let_pass()
    said = await till.again(order_id, *down)

    assert said.code == ENDED
    assert "Status: failed\n" in said.out
    assert f"Why: {why}\n" in said.out
    assert why in await till.card(order_id, "couldn't be fulfilled")
    balance = await till.balance(order_id)
    assert (balance.charged, balance.held) == (NOTHING, {})
    tries = [
        event.activity_task_started_event_attributes.attempt
        for event in await till.shop.history(order_id)
        if event.HasField("activity_task_started_event_attributes")
    ]
    assert max(tries) == 5


async def test_a_payment_made_elsewhere_completes_the_order_and_a_second_goes_back(
    till: Till,
) -> None:
    order_id = await till.start("--total", "500", "--await-payment")
    await till.until(order_id, OrderStatus.AWAITING_PAYMENT)
    waiting = await till.type("show", order_id)

    paid = await till.type("pay", order_id, "--key", "once", "--json")
    again = await till.type("pay", order_id, "--key", "once")
    shown = await till.type("show", order_id, "--wait")
    more = await till.type("pay", order_id)

    assert "the customer pays elsewhere, until " in waiting.out
    assert waiting.err == f"Waiting for payment. Run `countersign order pay {order_id}`.\n"
    assert (paid.code, paid.json["verdict"]) == (0, "wanted")
    assert (again.code, again.out) == (0, f"Paid: 500.00 USD for {order_id}.\n")
    assert "Status: completed\n" in shown.out
    assert more.code == REFUSED
    assert more.err.startswith(f"{order_id} accepts no payment")
    assert (await till.balance(order_id)).paid == Decimal(500)


async def test_an_order_that_nobody_pays_expires(till: Till) -> None:
    words = ("--total", "500", "--await-payment", "--pay-within", "10s")
    said = await till.see_through(*words)

    order_id = said.out.split()[0]
    snapshot = await till.until(order_id, OrderStatus.EXPIRED)
    assert snapshot.payment_due is not None
    assert snapshot.payment_due - snapshot.received_at < timedelta(seconds=20)
    assert (said.code, "Status: expired\n" in said.out) == (ENDED, True)
    await till.told(order_id, "wasn't paid in time")
    assert (await till.balance(order_id)).held == {}


async def test_an_order_is_cancelled_while_its_approval_waits(till: Till) -> None:
    order_id = await till.start("--total", "1500", "--expire-after", "90s")
    await till.until(order_id, OrderStatus.AWAITING_APPROVAL)
    await till.shell.until(approval_id(order_id), BORIS, Verb.APPROVE)
    menu = await till.shop.workflows.menu(approval_id(order_id), BORIS)
    assert menu is not None
    assert menu.face.levels[-1].expires_at is not None
    assert menu.face.levels[-1].expires_at - menu.face.submitted_at < timedelta(seconds=100)

    cancel = ("cancel", order_id, "--reason", "Too late", "--key", "once")
    done = [await till.type(*cancel) for _ in range(2)]
    await till.until(order_id, OrderStatus.CANCELLED)
    done.append(await till.type(*cancel))  # the same key is the same command, also after the end
    said = await till.again(order_id, "--total", "1500")

    assert [(one.code, one.out[:6]) for one in done] == [(0, "Done.\n")] * 3

    assert said.code == ENDED
    assert "Status: cancelled\n" in said.out
    assert re.search(r"Cancelled: U0ANA \(command line: .+\), .*: “Too late”\n", said.out)
    await till.told(order_id, "was cancelled")
    balance = await till.balance(order_id)
    assert (balance.paid, balance.held, balance.shipped) == (NOTHING, {}, {})
    fact = await till.shell.fact(order_id, Fact.ORDER_CANCELLED)
    assert (fact.actor, fact.reason) == (by(ANA), "Too late")


@pytest.fixture
async def on_its_way(till: Till, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """An order whose parcel is on its way, for as long as the test lasts."""
    coming, arrived, deliver = asyncio.Event(), asyncio.Event(), Shipments.deliver

    async def slow(shipments: Shipments, key: str, order: Order) -> str:
        coming.set()
        await arrived.wait()
        return await deliver(shipments, key, order)

    monkeypatch.setattr(Shipments, "deliver", slow)
    order_id = await till.start("--total", "500")
    async with asyncio.timeout(PATIENCE):
        await coming.wait()
    yield order_id
    arrived.set()
    await till.until(order_id, OrderStatus.COMPLETED)


async def test_what_is_on_its_way_cannot_be_cancelled(till: Till, on_its_way: str) -> None:
    late = await till.type("cancel", on_its_way, "--as", FAY)

    assert (late.code, late.out) == (REFUSED, "")
    assert late.err == "This order has already shipped, so you can't cancel it.\n"
    assert await till.shell.refused(on_its_way) == [(by(FAY), "cancel", "already_shipped")]


async def test_what_could_not_be_undone_is_told_and_resumed(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stuck(*_: object) -> None:
        raise RuntimeError("the shelf is jammed")

    order_id = await till.start("--total", "500", "--await-payment")
    await till.until(order_id, OrderStatus.AWAITING_PAYMENT)
    with monkeypatch.context() as broken:
        broken.setattr(Reservations, "release", stuck)
        await till.type("cancel", order_id)
        await till.shop.pass_time(order_id, timedelta(minutes=5))
        await till.until(order_id, OrderStatus.NEEDS_ATTENTION)
        shown = await till.type("show", order_id)

    resumed = await till.type("resume", order_id)
    await till.until(order_id, OrderStatus.CANCELLED)

    assert "Could not be undone: Reserve stock, " in shown.out
    assert f"`countersign order resume {order_id}`" in shown.err
    assert (resumed.code, resumed.out[:6]) == (0, "Done.\n"), resumed.err
    assert (await till.balance(order_id)).held == {}
    assert (await till.shell.fact(order_id, Fact.COMPENSATION_RESUMED)).actor == by(ANA)
