"""Requests in a real browser: every verb of approvers, requester and admin."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.journeys.browser import Tab, tab_of
from tests.journeys.installation import Installation
from tests.journeys.workspace import ANA, BORIS, CLARA

pytestmark = pytest.mark.browser

EMIL, FAY = "U0EMIL", "U0FAY"


@pytest.fixture
async def people(browser: Browser, installation: Installation) -> AsyncIterator[dict[str, Tab]]:
    """Yield the pages of the requester, two approvers, a delegate and an admin."""
    async with AsyncExitStack() as stack:
        yield {
            person: await stack.enter_async_context(tab_of(person, browser, installation.slack_url))
            for person in (ANA, BORIS, CLARA, EMIL, FAY)
        }


async def test_a_request_goes_through_every_verb(people: dict[str, Tab], pictures: Path) -> None:
    """Submitted, commented, changed, delegated, and approved by the delegate."""
    ana, boris, clara, emil = (people[person] for person in (ANA, BORIS, CLARA, EMIL))
    title = "Standing desks for room 7"
    await _start_request(ana, title, pictures)
    card = boris.card(title)
    await expect(card.locator('[data-action-id="more"]')).to_be_visible()

    await _choose(boris, title, "comment")
    await boris.field("reason").fill("Who assembles them?")
    await _submit(boris, "Comment added")
    await _choose(boris, title, "request_changes", pictures / "more.png")
    await boris.field("reason").fill("Please add the assembly.")
    await _submit(boris, "Sent back for changes")
    await expect(card).to_contain_text("Changes requested")

    await _choose(ana, title, "amend")
    await ana.field("text").fill("Four desks, assembled by the shop.")
    await ana.picture(pictures / "amend.png")
    await _submit(ana, "Request changed")
    await expect(card).to_contain_text("assembled by the shop")
    await expect(card).to_contain_text("was reset by this change")
    await expect(card.locator('[data-action-id="approve"]')).to_be_visible()
    await boris.picture(pictures / "amended.png")

    await _choose(boris, title, "delegate")
    await boris.field("delegate").select_option(EMIL)
    await _submit(boris, "Delegated")
    await expect(card).to_contain_text("can decide for")
    await emil.press(title, "approve")
    await emil.agree()
    await expect(card).to_contain_text("for")
    await clara.press(title, "approve")
    await clara.agree()

    await expect(card).to_contain_text("✓ Approved")
    await expect(card.locator("[data-action-id]")).to_have_count(0)
    await boris.picture(pictures / "approved-by-a-delegate.png")


async def test_an_admin_closes_a_request_with_a_reason(
    people: dict[str, Tab], pictures: Path
) -> None:
    """The card shows who closed it and why, and has no buttons."""
    ana, fay = people[ANA], people[FAY]
    title = "A sauna"
    await _start_request(ana, title, pictures)
    card = ana.card(title)
    await expect(card.locator('[data-action-id="more"]')).to_be_visible()

    await _choose(fay, title, "close", pictures / "admin.png")
    await fay.field("reason").fill("We move out in May.")
    await _submit(fay, "closed")

    await expect(card).to_contain_text("We move out in May.")
    await expect(card.locator("[data-action-id]")).to_have_count(0)
    await ana.picture(pictures / "closed-by-an-admin.png")


async def _start_request(tab: Tab, title: str, pictures: Path) -> None:
    await tab.composer.fill("/countersign new desk")
    await tab.composer.press("Enter")
    await tab.field("title").fill(title)
    await tab.field("answer_within").fill("1d")
    await tab.picture(pictures / "approval-form.png")
    await _submit(tab, "REQ-")


async def _choose(tab: Tab, title: str, verb: str, picture: Path | None = None) -> None:
    """Click *More* and choose a verb."""
    await tab.press(title, "more")
    button = tab.modal.locator(f'[data-action-id="choose"][data-value="{verb}"]')
    await expect(button).to_be_visible()
    if picture:
        await tab.picture(picture)
    await button.click()
    await expect(tab.page.get_by_test_id("modal-submit")).to_be_visible()


async def _submit(tab: Tab, text: str) -> None:
    """Submit the form, wait for this text, and close the modal."""
    await tab.submit()
    await expect(tab.modal).to_contain_text(text)
    await expect(tab.page.get_by_test_id("modal-submit")).to_have_count(0)
    await tab.page.keyboard.press("Escape")
    await expect(tab.modal).to_be_hidden()
