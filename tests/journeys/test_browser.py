"""Order approval in a real browser: approve, reject, keyboard, phone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.journeys.browser import Tab, tab_of
from tests.journeys.installation import Installation
from tests.journeys.workspace import ANA, BORIS, good_until

pytestmark = pytest.mark.browser


@pytest.fixture
async def ana(browser: Browser, installation: Installation) -> AsyncIterator[Tab]:
    """Yield the page of Ana, the requester."""
    async with tab_of(ANA, browser, installation.slack_url) as tab:
        yield tab


@pytest.fixture
async def boris(browser: Browser, installation: Installation) -> AsyncIterator[Tab]:
    """Yield the page of Boris, an approver."""
    async with tab_of(BORIS, browser, installation.slack_url) as tab:
        yield tab


async def test_an_order_is_approved_by_a_click_in_the_browser(
    ana: Tab, boris: Tab, pictures: Path
) -> None:
    """Ana orders for 1,500.00; Boris approves; the card shows it at once, and then each step."""
    order_id = await _order(ana, "Northwind Trading", pictures)
    card = boris.card(order_id)
    await expect(card.get_by_text("Boris Lang")).not_to_have_count(0)
    await expect(card.get_by_text("Clara Diaz")).not_to_have_count(0)
    await boris.picture(pictures / "card-awaiting-approval.png")
    await boris.press(order_id, "approve")
    await expect(boris.confirm).to_contain_text("1,500.00 USD")
    await boris.picture(pictures / "confirm.png")
    await boris.agree()
    await expect(card).to_contain_text("✓ Approved")
    await expect(card.locator("[data-action-id]")).to_have_count(0)
    await boris.picture(pictures / "approved-at-once.png")
    for text in ("✓ Completed", "RES-", "TXN-", "TRK-"):
        await expect(card).to_contain_text(text)
    await boris.page.get_by_test_id("conversation-title").click()  # off the card
    await boris.picture(pictures / "order-completed.png")
    await expect(ana.card(order_id)).to_contain_text("✓ Completed")
    await ana.page.locator('nav [data-channel="DU0ANA"]').click()
    notice = ana.page.locator('article[data-channel="DU0ANA"]').filter(has_text=order_id)
    await expect(notice).to_contain_text("is completed")
    await ana.picture(pictures / "outcome.png")


async def test_a_rejection_in_the_browser_needs_a_reason(
    ana: Tab, boris: Tab, pictures: Path
) -> None:
    """The form requires a reason. Then the card shows who rejected and why."""
    order_id = await _order(ana, "Contoso Research", pictures)
    await boris.press(order_id, "reject")
    await expect(boris.modal).to_contain_text("Contoso Research")
    await boris.submit()
    await expect(boris.modal.get_by_test_id("field-error")).to_be_visible()
    await boris.picture(pictures / "reject-without-reason.png")
    await boris.field("reason").fill("The budget of this quarter is spent.")
    await boris.submit()
    await expect(boris.modal).to_contain_text("Rejected.")
    await boris.picture(pictures / "reject-confirmed.png")
    await boris.page.keyboard.press("Escape")
    await expect(boris.modal).to_be_hidden()
    card = boris.card(order_id)
    for text in ("✗ Rejected", "Boris Lang", "The budget of this quarter is spent."):
        await expect(card).to_contain_text(text)
    await expect(card.locator("[data-action-id]")).to_have_count(0)
    await expect(card).to_contain_text("Nothing was reserved, charged or shipped")
    await boris.picture(pictures / "order-rejected.png")


async def test_the_requesters_own_click_gets_an_ephemeral_refusal(
    ana: Tab, boris: Tab, pictures: Path
) -> None:
    """Only she sees the message, and the card stays pending."""
    order_id = await _order(ana, "Fabrikam", pictures)
    await ana.press(order_id, "approve")
    await ana.agree()
    await expect(ana.ephemeral).to_contain_text("You can't approve your own request")
    await ana.picture(pictures / "own-click.png")

    await expect(boris.card(order_id)).to_contain_text("Waiting for approval")
    await expect(boris.page.get_by_text("You can't approve your own request")).to_have_count(0)


async def test_an_order_can_be_placed_by_keyboard_alone(ana: Tab, pictures: Path) -> None:
    """Escape closes a form, and the focus returns to the composer."""
    keyboard = ana.page.keyboard
    await ana.composer.focus()
    await keyboard.type("/ord")
    await expect(ana.page.get_by_test_id("suggestions").first).to_contain_text("/order-status")
    await ana.picture(pictures / "suggestions.png")
    await keyboard.press("Tab")
    await expect(ana.composer).to_have_value("/order ")
    await keyboard.press("Enter")
    await expect(ana.field("customer")).to_be_focused()
    await keyboard.press("Escape")
    await expect(ana.modal).to_be_hidden()
    await expect(ana.composer).to_be_focused()
    await keyboard.type("/order")
    await keyboard.press("Enter")
    await expect(ana.field("customer")).to_be_focused()
    order_id = await ana.order_id()
    await keyboard.type("Adventure Works")
    await keyboard.press("Tab")
    await keyboard.type("LED")
    for action_id, text in (("quantity", "2"), ("unit_price", "39.90")):
        await keyboard.press("Tab")
        await expect(ana.field(action_id)).to_be_focused()
        await keyboard.type(text)
    await keyboard.press("Tab")
    await expect(ana.field("add_line")).to_be_focused()
    await keyboard.press("Tab")  # how it is paid
    await keyboard.press("Tab")
    await expect(ana.field("card_expiry")).to_be_focused()
    await keyboard.type(good_until())
    await ana.picture(pictures / "form-by-keyboard.png")
    await keyboard.press("Control+Enter")
    await expect(ana.modal).to_contain_text(f"Order {order_id} was placed")
    await ana.picture(pictures / "received.png")
    await keyboard.press("Escape")
    await expect(ana.modal).to_be_hidden()
    await expect(ana.composer).to_be_focused()
    await keyboard.type(f"/order-status {order_id}")
    await keyboard.press("Enter")

    await expect(ana.ephemeral).to_contain_text("79.80 USD")
    await ana.picture(pictures / "order-status.png")


async def test_the_composer_has_the_focus_after_a_form_is_closed(ana: Tab) -> None:
    """No click is needed between closing a form and the next command."""
    await ana.composer.fill("/order")
    await ana.composer.press("Enter")
    await expect(ana.field("customer")).to_be_focused()
    await ana.page.keyboard.press("Escape")
    await expect(ana.modal).to_be_hidden()
    await expect(ana.composer).to_be_focused()
    await ana.page.keyboard.type("hello")

    assert await ana.composer.input_value() == "hello"


async def test_the_card_is_readable_on_a_phone(
    ana: Tab, browser: Browser, installation: Installation, pictures: Path
) -> None:
    """At phone width nothing overflows horizontally, and the buttons are visible."""
    order_id = await _order(ana, "Phone Ltd", pictures)
    async with tab_of(BORIS, browser, installation.slack_url, size=(390, 844)) as phone:
        approve = phone.card(order_id).locator('[data-action-id="approve"]')
        await approve.scroll_into_view_if_needed()
        await phone.picture(pictures / "phone.png")
        wide = await phone.page.evaluate("document.documentElement.scrollWidth > innerWidth")

        assert wide is False
        await expect(approve).to_be_in_viewport()


async def _order(tab: Tab, customer: str, pictures: Path) -> str:
    """Place an order for 1,500.00 in this tab; return the order's id."""
    await tab.composer.fill("/order")
    await tab.composer.press("Enter")
    order_id = await tab.order_id()
    await tab.field("customer").fill(customer)
    await tab.field("sku").select_option("DESK-OAK")
    await tab.field("quantity").fill("3")
    await tab.field("unit_price").fill("500.00")
    await tab.field("card_expiry").fill(good_until())
    await tab.picture(pictures / "order-form.png")
    await tab.submit()
    await expect(tab.modal).to_contain_text(f"Order {order_id} was placed")
    await tab.page.get_by_test_id("modal-close").click()
    await expect(tab.modal).to_be_hidden()
    return order_id
