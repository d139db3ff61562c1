"""The `countersign order` commands; test_orders_docs.py runs the documented examples too."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest

from records.reservations import Reservations
from records.shipments import Shipments
from tests.bot.cli_driver import ANA, BORIS, FAY, GUS, cli_actor
from tests.bot.order_cli import OrderCli
from tests.bot.order_driver import TIMEOUT
from tests.time_skipping import ANY
from workflows.rules.approvals.verbs import Verb
from workflows.rules.orders.order import Order, OrderStatus
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.ids import approval_id

CANNOT, REJECTED, ENDED, REFUSED = 2, 3, 4, 6
NOTHING = Decimal(0)


async def test_a_large_order_waits_for_its_approval(order_cli: OrderCli) -> None:
    order_id = await order_cli.start("--total", "1500")
    needed = await order_cli.run("requires-approval", order_id)
    before = [await order_cli.run(verb, order_id) for verb in ("status", "approval-message")]

    done = await order_cli.run(
        *("decide", order_id, "approve", "--as", BORIS, "--reason", "Within budget")
    )
    shown = await order_cli.run("show", order_id, "--wait")
    after = [await order_cli.run(verb, order_id) for verb in ("status", "approval-message")]

    assert needed.out == "yes\n"
    assert [result.out for result in before] == ["awaiting_approval\n", "none\n"]
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Done.\n{approval_id(order_id)} · approved\n")
    assert shown.code == 0
    assert "Approval: approved · U0BORIS approved, " in shown.out
    assert after[0].out == "completed\n"
    shipped = re.search(r"tracking (TRK-[0-9A-F]{10})\n", shown.out)
    assert shipped
    assert shipped[1] in await order_cli.card(order_id, "Completed")
    assert re.fullmatch(r"U0BORIS approved, .* UTC: “Within budget”\n", after[1].out)
    decided = await order_cli.cli.fact(approval_id(order_id), Fact.DECISION_RECORDED)
    assert (decided.actor, decided.reason) == (cli_actor(BORIS), "Within budget")


async def test_a_price_far_below_list_price_needs_an_approval(order_cli: OrderCli) -> None:
    order_id = await order_cli.start("--line", "DESK-OAK:1:1.00")

    assert (await order_cli.run("requires-approval", order_id)).out == "yes\n"


async def test_a_rejected_order_ends_without_a_charge(order_cli: OrderCli) -> None:
    order_id = await order_cli.start("--total", "1000.01")
    no = await order_cli.run("decide", order_id, "reject", "--as", BORIS, "--reason", "Too much")
    result = await order_cli.start_again(order_id, "--total", "1000.01")

    assert no.code == 0
    assert result.code == REJECTED
    assert "Status: rejected\n" in result.out
    assert "“Too much”" in result.out
    assert (await order_cli.balance(result.out.split()[0])).charged == NOTHING


async def test_an_ineligible_person_is_refused_with_one_sentence(order_cli: OrderCli) -> None:
    large, small = await order_cli.start("--total", "1500"), await order_cli.start("--total", "250")

    own = await order_cli.run("decide", large, "approve", "--as", ANA)
    uninvolved = await order_cli.run("decide", large, "reject", "--as", GUS, "--reason", "No")
    without_actor = await order_cli.run("decide", large, "approve")
    not_needed = await order_cli.run("decide", small, "approve", "--as", BORIS)

    assert [result.code for result in (own, uninvolved, without_actor, not_needed)] == [
        REFUSED,
        REFUSED,
        2,
        2,
    ]
    assert without_actor.err == "Use --as to name the person who acts, such as --as U0ANA.\n"
    assert not_needed.err == f"{small} needs no approval, so there is nothing to decide.\n"
    assert await order_cli.cli.refusals_of(approval_id(large)) == [
        (cli_actor(ANA), "approve", "own_request"),
        (cli_actor(GUS), "reject", "not_an_approver"),
    ]


async def test_an_unavailable_inventory_is_retried_and_then_fails_the_order(
    order_cli: OrderCli,
) -> None:
    down = ("--total", "1500", "--simulate", "inventory-down")
    order_id, why = await order_cli.start(*down), "The inventory isn't responding (simulated)."
    assert (await order_cli.run("decide", order_id, "approve", "--as", BORIS)).code == 0
    await order_cli.until(order_id, OrderStatus.PROCESSING)
    await order_cli.skip_time()
    result = await order_cli.start_again(order_id, *down)

    assert result.code == ENDED
    assert "Status: failed\n" in result.out
    assert f"Why: {why}\n" in result.out
    assert why in await order_cli.card(order_id, "couldn't be fulfilled")
    balance = await order_cli.balance(order_id)
    assert (balance.charged, balance.held) == (NOTHING, {})
    tries = [
        event.activity_task_started_event_attributes.attempt
        for event in await order_cli.order_driver.history(order_id)
        if event.HasField("activity_task_started_event_attributes")
    ]
    assert max(tries) == 5


async def test_an_external_payment_completes_the_order_and_a_second_is_rejected(
    order_cli: OrderCli,
) -> None:
    order_id = await order_cli.start("--total", "500", "--await-payment")
    await order_cli.until(order_id, OrderStatus.AWAITING_PAYMENT)
    waiting = await order_cli.run("show", order_id)

    paid = await order_cli.run("pay", order_id, "--key", "once", "--json")
    again = await order_cli.run("pay", order_id, "--key", "once")
    shown = await order_cli.run("show", order_id, "--wait")
    more = await order_cli.run("pay", order_id)

    assert "the customer pays elsewhere, until " in waiting.out
    assert waiting.err == f"Waiting for payment. Run `countersign order pay {order_id}`.\n"
    assert (paid.code, paid.json["verdict"]) == (0, "wanted")
    assert (again.code, again.out) == (0, f"Paid: 500.00 USD for {order_id}.\n")
    assert "Status: completed\n" in shown.out
    assert more.code == REFUSED
    assert more.err.startswith(f"{order_id} accepts no payment")
    assert (await order_cli.balance(order_id)).paid == Decimal(500)


async def test_an_unpaid_order_expires(order_cli: OrderCli) -> None:
    words = ("--total", "500", "--await-payment", "--pay-within", "10s")
    result = await order_cli.run_to_end(*words)

    order_id = result.out.split()[0]
    snapshot = await order_cli.until(order_id, OrderStatus.EXPIRED)
    assert snapshot.payment_due is not None
    assert snapshot.payment_due - snapshot.received_at < timedelta(seconds=20)
    assert (result.code, "Status: expired\n" in result.out) == (ENDED, True)
    await order_cli.notice(order_id, "wasn't paid in time")
    assert (await order_cli.balance(order_id)).held == {}


async def test_an_order_is_cancelled_while_its_approval_waits(order_cli: OrderCli) -> None:
    order_id = await order_cli.start("--total", "1500", "--expire-after", "90s")
    await order_cli.until(order_id, OrderStatus.AWAITING_APPROVAL)
    await order_cli.cli.until(approval_id(order_id), BORIS, Verb.APPROVE)
    menu = await order_cli.order_driver.workflows.menu(approval_id(order_id), BORIS)
    assert menu is not None
    assert menu.face.levels[-1].expires_at is not None
    assert menu.face.levels[-1].expires_at - menu.face.submitted_at < timedelta(seconds=100)

    cancel = ("cancel", order_id, "--reason", "Too late", "--key", "once")
    done = [await order_cli.run(*cancel) for _ in range(2)]
    await order_cli.until(order_id, OrderStatus.CANCELLED)
    done.append(
        await order_cli.run(*cancel)
    )  # the same key is the same command, even after the end
    result = await order_cli.start_again(order_id, "--total", "1500")

    assert [(result.code, result.out[:6]) for result in done] == [(0, "Done.\n")] * 3

    assert result.code == ENDED
    assert "Status: cancelled\n" in result.out
    assert re.search(r"Cancelled: U0ANA \(command line: .+\), .*: “Too late”\n", result.out)
    await order_cli.notice(order_id, "was cancelled")
    balance = await order_cli.balance(order_id)
    assert (balance.paid, balance.held, balance.shipped) == (NOTHING, {}, {})
    fact = await order_cli.cli.fact(order_id, Fact.ORDER_CANCELLED)
    assert (fact.actor, fact.reason) == (cli_actor(ANA), "Too late")


@pytest.fixture
async def order_in_delivery(
    order_cli: OrderCli, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    """An order that is being shipped until the test ends."""
    coming, arrived, deliver = asyncio.Event(), asyncio.Event(), Shipments.deliver

    async def slow(shipments: Shipments, key: str, order: Order) -> str:
        coming.set()
        await arrived.wait()
        return await deliver(shipments, key, order)

    monkeypatch.setattr(Shipments, "deliver", slow)
    order_id = await order_cli.start("--total", "500")
    async with asyncio.timeout(TIMEOUT):
        await coming.wait()
    yield order_id
    arrived.set()
    await order_cli.until(order_id, OrderStatus.COMPLETED)


async def test_a_shipped_order_cannot_be_cancelled(
    order_cli: OrderCli, order_in_delivery: str
) -> None:
    late = await order_cli.run("cancel", order_in_delivery, "--as", FAY)

    assert (late.code, late.out) == (REFUSED, "")
    assert late.err == "This order has already shipped, so you can't cancel it.\n"
    assert await order_cli.cli.refusals_of(order_in_delivery) == [
        (cli_actor(FAY), "cancel", "already_shipped")
    ]


async def test_a_failed_compensation_is_shown_and_resumed(
    order_cli: OrderCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stuck(*_: object) -> None:
        raise RuntimeError("the shelf is jammed")

    order_id = await order_cli.start("--total", "500", "--await-payment")
    await order_cli.until(order_id, OrderStatus.AWAITING_PAYMENT)
    with monkeypatch.context() as broken:
        broken.setattr(Reservations, "release", stuck)
        await order_cli.run("cancel", order_id)
        await order_cli.order_driver.skip(order_id, timedelta(minutes=5), timers=ANY)
        await order_cli.until(order_id, OrderStatus.NEEDS_ATTENTION)
        shown = await order_cli.run("show", order_id)

    resumed = await order_cli.run("resume", order_id)
    await order_cli.until(order_id, OrderStatus.CANCELLED)

    assert "Could not be undone: Reserve stock, " in shown.out
    assert f"`countersign order resume {order_id}`" in shown.err
    assert (resumed.code, resumed.out[:6]) == (0, "Done.\n"), resumed.err
    assert (await order_cli.balance(order_id)).held == {}
    assert (await order_cli.cli.fact(order_id, Fact.COMPENSATION_RESUMED)).actor == cli_actor(ANA)
