"""Orders in a real browser, on the demo: lines and totals, a cancellation, an external payment."""

import json
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from bot.runtime.signing import sign
from tests.journeys.browser import Tab, tab_of
from tests.journeys.demos import RunningDemo
from tests.journeys.workspace import ANA, BORIS, Workspace, good_until
from workflows.rules.shared.audit import Fact

pytestmark = pytest.mark.browser


@pytest.fixture
async def ana(browser: Browser, demo: RunningDemo) -> AsyncIterator[Tab]:
    """Yield the page of Ana, the requester."""
    async with tab_of(ANA, browser, demo.slack_url, size=(1280, 1500)) as tab:
        yield tab


@pytest.fixture
async def boris(browser: Browser, demo: RunningDemo) -> AsyncIterator[Tab]:
    """Yield the page of Boris, an approver."""
    async with tab_of(BORIS, browser, demo.slack_url) as tab:
        yield tab


async def test_the_total_follows_added_and_removed_lines(ana: Tab, pictures: Path) -> None:
    """Two products, an invalid number, one product removed; the order has the remaining line."""
    order_id = await _open(ana)
    await ana.field("customer").fill("Contoso Research")
    await _line(ana, 0, "DESK-OAK", "3", "500")
    await expect(ana.modal).to_contain_text("Total: 1,500.00 USD")
    await ana.field("add_line").click()
    await _line(ana, 1, "LAMP-LED", "two", "39.90")
    await expect(ana.modal).to_contain_text("Enter a whole number")
    await expect(ana.modal).to_contain_text("Total so far: 1,500.00 USD")
    await ana.picture(pictures / "order-lines-wrong.png")
    await _line(ana, 1, "LAMP-LED", "2", "39.90")
    await expect(ana.modal).to_contain_text("Total: 1,579.80 USD")
    await ana.picture(pictures / "order-lines.png")
    await ana.modal.locator('[data-action-id="remove_line"]').first.click()
    await expect(ana.modal).to_contain_text("Total: 79.80 USD")
    await expect(ana.field("quantity")).to_have_value("2")
    await expect(ana.field("customer")).to_have_value("Contoso Research")
    await ana.picture(pictures / "order-line-removed.png")
    await ana.submit()  # without a payment card, which a charge needs
    await expect(ana.modal.get_by_test_id("field-error")).to_contain_text("MM/YY")
    await ana.field("card_expiry").fill(good_until())
    await ana.submit()
    await expect(ana.modal).to_contain_text(f"Order {order_id} was placed")
    await expect(ana.modal).to_contain_text("79.80 USD")
    await _close(ana)

    await _type(ana, f"/order-status {order_id}")
    await expect(ana.ephemeral).to_contain_text("LED lamp: 2 x 39.90 USD = 79.80 USD")


async def test_one_order_is_cancelled_from_its_card_and_another_is_paid_externally(
    ana: Tab, boris: Tab, demo: RunningDemo, pictures: Path
) -> None:
    """The cards show who cancelled, the compensations and each step; the threads have the notices."""
    unwanted, order_id = await _awaiting_payment(ana, boris, "Adventure Works", "Fabrikam")
    await ana.picture(pictures / "order-awaiting-payment.png")
    await ana.press(unwanted, "cancel")
    await expect(ana.confirm).to_contain_text("Cancel This Order?")
    await ana.picture(pictures / "order-cancel-sure.png")
    await ana.agree()

    assert await _pay(demo, order_id, "1500.00") == 200

    card = ana.card(unwanted)
    for text in ("Cancelled by", "Undone: stock reservation", "1 reply"):
        await expect(card).to_contain_text(text)
    await expect(card.locator("[data-action-id]")).to_have_count(0)
    await ana.picture(pictures / "order-cancelled.png")
    card = ana.card(order_id)
    for text in ("✓ Completed", "✓ Take payment: done", "✓ Deliver: done", "replies"):
        await expect(card).to_contain_text(text)
    await ana.picture(pictures / "order-paid.png")
    await card.get_by_text("replies").click()
    thread = ana.page.get_by_test_id("thread-messages")
    await expect(thread).to_contain_text("payment of 1,500.00 USD has arrived")
    await expect(thread).to_contain_text("Delivered")
    await ana.picture(pictures / "order-thread.png")
    await _type(ana, "/order-status")
    await expect(ana.ephemeral).to_contain_text("Your latest orders")
    await ana.picture(pictures / "order-list.png")
    await ana.ephemeral.locator('[data-action-id="show"]').first.click()
    await expect(ana.ephemeral).to_contain_text(order_id)
    await ana.picture(pictures / "order-shown.png")


async def test_an_order_can_be_cancelled_from_its_ephemeral_status(
    ana: Tab, demo_workspace: Workspace, pictures: Path
) -> None:
    """An order without approval has no card: its requester cancels it in the answer to /order-status."""
    order_id = await _open(ana)
    await _fill(ana, "Tailspin", "1")
    await ana.submit()
    await expect(ana.modal).to_contain_text("It ships once it's paid")
    await ana.picture(pictures / "order-received-elsewhere.png")
    await _close(ana)
    await demo_workspace.fact(order_id, Fact.PAYMENT_AWAITED)
    await _type(ana, f"/order-status {order_id}")
    await expect(ana.ephemeral).to_contain_text("Waiting for payment")
    await ana.picture(pictures / "order-status-waits.png")
    await ana.ephemeral.locator('[data-action-id="cancel"]').click()
    await ana.agree()

    await expect(ana.ephemeral).to_contain_text("Cancelled by")
    await expect(ana.ephemeral.locator("[data-action-id]")).to_have_count(0)
    await ana.picture(pictures / "order-status-cancelled.png")


async def _open(tab: Tab) -> str:
    await _type(tab, "/order")
    return await tab.order_id()


async def _type(tab: Tab, text: str) -> None:
    await tab.composer.fill(text)
    await tab.composer.press("Enter")


async def _close(tab: Tab) -> None:
    await tab.page.get_by_test_id("modal-close").click()
    await expect(tab.modal).to_be_hidden()


async def _line(tab: Tab, at: int, sku: str, quantity: str, price: str) -> None:
    """Fill in the line at this position of the form."""
    await tab.field("sku").nth(at).select_option(sku)
    await tab.field("quantity").nth(at).fill(quantity)
    await tab.field("unit_price").nth(at).fill(price)


async def _fill(tab: Tab, customer: str, quantity: str) -> None:
    """Fill in an order that is paid externally."""
    await tab.field("customer").fill(customer)
    await _line(tab, 0, "DESK-OAK", quantity, "500")
    await tab.modal.get_by_text("Wait for the customer to pay separately").click()


async def _awaiting_payment(ana: Tab, boris: Tab, *customers: str) -> list[str]:
    """Have Ana place an externally paid order for 1,500.00 per customer, and Boris approve each."""
    orders = []
    for customer in customers:
        orders.append(order_id := await _open(ana))
        await _fill(ana, customer, "3")
        await ana.submit()
        await expect(ana.modal).to_contain_text(f"Order {order_id} was placed")
        await _close(ana)
        await boris.press(order_id, "approve")
        await boris.agree()
    for order_id in orders:
        await expect(ana.card(order_id)).to_contain_text("Waiting for payment")
    return orders


async def _pay(demo: RunningDemo, order_id: str, amount: str) -> int:
    """Send the gateway's webhook for a payment; return the response's status."""
    payment = {
        "event_id": f"evt-{order_id}",
        "order_id": order_id,
        "amount": str(Decimal(amount)),
        "currency": "USD",
        "paid_at": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
    }
    body = json.dumps(payment).encode()
    headers = sign(demo.setting("PAYMENT_WEBHOOK_SECRET"), int(time.time()), body)
    url = f"http://127.0.0.1:{demo.setting('WEB_PORT')}/webhooks/payments"
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            url, data=body, headers={**headers, "Content-Type": "application/json"}
        ) as answer,
    ):
        return answer.status
