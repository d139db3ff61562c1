"""HR requests and the inbox in a real browser, on the demo: each person's view, and the records."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.journeys.browser import Tab, tab_of
from tests.journeys.demos import RunningDemo
from tests.journeys.hr_workspace import HR, HrWorkspace, next_year
from tests.journeys.workspace import ANA, BORIS, CLARA, GUS, Workspace
from workflows.rules.approvals.request import Status, Verdict
from workflows.rules.hr.snapshot import Provisioning
from workflows.rules.shared.audit import Fact

pytestmark = pytest.mark.browser

DINA, FAY, HANA, LEO = "U0DINA", "U0FAY", "W0HANA", "U0LEO"
SIZE = (1280, 1100)
NARROW, PHONE = (1000, 860), (390, 844)


class People:
    """The pages of several people."""

    def __init__(self, browser: Browser, slack_url: str, stack: AsyncExitStack) -> None:
        self._browser, self._url, self._stack = browser, slack_url, stack

    async def see(self, *persons: str, size: tuple[int, int] = SIZE) -> list[Tab]:
        """Open the pages of these people at #hr-requests."""
        return await asyncio.gather(*(self._see(person, size) for person in persons))

    async def _see(self, person: str, size: tuple[int, int]) -> Tab:
        tab = await self._stack.enter_async_context(
            tab_of(person, self._browser, self._url, size, channel=HR)
        )
        await tab.page.get_by_test_id("how-to-close").click()
        return tab


@pytest.fixture
async def people(browser: Browser, demo: RunningDemo) -> AsyncIterator[People]:
    """Yield the pages of the journey."""
    async with AsyncExitStack() as stack:
        yield People(browser, demo.slack_url, stack)


@pytest.fixture
async def hr(demo_workspace: Workspace) -> HrWorkspace:
    """Return the demo's HR requests."""
    return HrWorkspace(workspace=demo_workspace)


async def test_time_off_passes_two_levels_in_one_thread(
    people: People, hr: HrWorkspace, pictures: Path
) -> None:
    """Submitted in the form, approved by manager and HR, nothing private in the channel, days booked."""
    ana, fay, dina = await people.see(ANA, FAY, DINA)
    year, secret = next_year(), "My sister marries in Sarajevo."
    await _type(ana, "/request")
    await ana.field("hr_type").select_option("expense")
    await expect(ana.field("amount")).to_be_visible()
    await ana.field("hr_type").select_option("time_off")
    await ana.field("starts").fill(f"{year}-06-10")
    await ana.field("ends").fill(f"{year}-06-07")
    await ana.field("title").fill("A wedding")
    await ana.field("description").fill(secret)
    await ana.submit()
    await expect(ana.modal.get_by_test_id("field-error")).to_contain_text("before the first")
    await ana.field("ends").fill(f"{year}-06-14")
    await ana.picture(pictures / "hr-form.png")
    request_id = await _submit(ana)

    await fay.open_thread(request_id)
    await expect(fay.thread).to_contain_text("Step 1 of 2: manager · ● open")
    await fay.picture_of_thread(pictures / "hr-thread-manager.png")
    await fay.thread.locator('[data-action-id="details"]').last.click()
    await expect(fay.modal).to_contain_text(secret)
    await fay.picture(pictures / "hr-details.png")
    await _close(fay)
    await dina.press(request_id, "details")  # her level is not open yet
    await expect(dina.modal).to_contain_text("Only the requester, the approvers and admins")
    await expect(dina.modal).not_to_contain_text(secret)
    await _close(dina)
    await fay.page.get_by_test_id("thread-composer").fill("ok")
    await fay.page.get_by_test_id("thread-composer").press("Enter")
    await expect(fay.thread).to_contain_text("Saved as a comment")
    assert await hr.decisions(request_id) == []

    await fay.thread.locator('[data-action-id="approve"]').click()
    await fay.agree()
    await dina.open_thread(request_id)
    await expect(dina.thread).to_contain_text("Step 1 of 2: manager · ✓ approved")
    await expect(dina.thread).to_contain_text("Step 2 of 2: hr · ● open")
    await dina.picture_of_thread(pictures / "hr-thread-hr.png")
    await dina.thread.locator('[data-action-id="approve"]').click()
    await dina.agree()
    snapshot = await hr.ended(request_id)
    await expect(dina.card(request_id)).to_contain_text("✓ Book days off: done")
    await expect(dina.thread.locator("[data-action-id]")).to_have_count(1)  # *View Details*
    await dina.picture_of_thread(pictures / "hr-thread-done.png")

    assert (snapshot.status, snapshot.provisioning) == (Status.APPROVED, Provisioning.DONE)
    assert [decision.actor.person for decision in await hr.decisions(request_id)] == [FAY, DINA]
    assert await hr.days_booked(ANA, year) == 5
    assert secret not in await dina.page.inner_text("body")
    await hr.trails_are_whole(request_id)


async def test_a_promotion_rejected_at_level_two_can_be_copied(
    people: People, hr: HrWorkspace, pictures: Path
) -> None:
    """Gus gets the reason in a direct message, the channel does not. His copy has the earlier values."""
    request_id = await hr.submit(GUS, "promotion", "Head of the warehouse", new_role="Head")
    dina, hana, gus = await people.see(DINA, HANA, GUS)
    await _to_decide(dina)
    await _row(dina, "approve", "Head of the warehouse").click()
    await dina.agree()
    await _to_decide(hana)
    await _row(hana, "reject", "Head of the warehouse").click()
    await hana.submit()
    await expect(hana.modal.get_by_test_id("field-error")).to_be_visible()
    await hana.field("reason").fill("The audit of the warehouse comes first.")
    await hana.submit()
    await expect(hana.modal).to_contain_text("Rejected.")
    snapshot = await hr.ended(request_id)
    await expect(gus.card(request_id)).to_contain_text("✗ Rejected")
    await expect(gus.card(request_id)).not_to_contain_text("audit of the warehouse")

    await gus.page.locator('nav [data-channel="DU0GUS"]').click()
    notice = gus.page.locator('article[data-channel="DU0GUS"]').filter(has_text=request_id)
    await expect(notice).to_contain_text("The audit of the warehouse comes first.")
    await gus.picture(pictures / "hr-rejected.png")
    await notice.locator('[data-action-id="copy"]').click()
    await expect(gus.field("title")).to_have_value("Head of the warehouse")
    await expect(gus.field("new_role")).to_have_value("Head")
    await expect(gus.modal).not_to_contain_text(request_id)  # the copy is a new request

    assert (snapshot.status, snapshot.provisioning) == (Status.REJECTED, Provisioning.NOT_NEEDED)
    rejected = (await hr.decisions(request_id))[-1]
    assert (rejected.actor.person, rejected.level) == (HANA, 2)
    assert rejected.data["verdict"] == Verdict.REJECT
    await hr.nothing_provisioned(GUS, request_id)


async def test_an_expense_is_withdrawn_from_a_phone(
    people: People, hr: HrWorkspace, pictures: Path
) -> None:
    """Everything is reachable on a narrow screen: the card, *More*, and *Withdraw*."""
    request_id = await hr.submit(ANA, "expense", "Train to Vienna", amount="86.40")
    (phone,), (fay,) = await people.see(ANA, size=PHONE), await people.see(FAY)
    card = phone.card(request_id)
    await expect(card.locator('[data-action-id="more"]')).to_be_visible()
    await phone.press(request_id, "more")
    choose = phone.modal.locator('[data-action-id="choose"][data-value="withdraw"]')
    await choose.scroll_into_view_if_needed()
    await phone.picture(pictures / "hr-phone.png")
    await choose.click()
    await phone.submit()
    await expect(phone.modal).to_contain_text("Request withdrawn")
    wide = await phone.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    snapshot = await hr.ended(request_id)
    await fay.open_thread(request_id)
    await expect(fay.card(request_id)).to_contain_text("↩ Withdrawn by")
    await expect(fay.thread.locator("[data-action-id]")).to_have_count(1)  # *View Details*
    await expect(fay.thread).not_to_contain_text("86.40")

    assert wide is False
    assert (snapshot.status, snapshot.provisioning) == (Status.WITHDRAWN, Provisioning.NOT_NEEDED)
    assert await hr.decisions(request_id) == []
    await hr.nothing_provisioned(ANA, request_id)


async def test_a_delegate_decides_while_the_manager_is_away(
    people: People, hr: HrWorkspace, pictures: Path
) -> None:
    """Leo sets Boris as his delegate on his Home. Fay's request to Leo appears on Boris's Home."""
    leo, boris = await people.see(LEO, BORIS)
    await leo.open_home()
    await leo.home.locator('[data-action-id="home_away"]').click()
    await leo.home.locator('[data-action-id="set_away"]').click()
    await expect(leo.field("delegate")).to_be_visible()
    now = datetime.now(ZoneInfo("Europe/London"))  # the time zone of Leo's page
    await leo.field("starts").fill(f"{now:%Y-%m-%dT%H:%M}")
    await leo.field("ends").fill(f"{now + timedelta(days=3):%Y-%m-%dT%H:%M}")
    await leo.field("delegate").select_option(BORIS)
    await leo.submit()
    await expect(leo.modal.get_by_test_id("modal-submit")).to_have_count(0)
    await _close(leo)
    await _to_decide(boris)

    request_id = await hr.submit(FAY, "equipment", "A dock for the road", item="DOCK-USBC")
    row = _row(boris, "approve", "A dock for the road")
    await expect(row).to_be_visible()
    await expect(boris.home).to_contain_text("You can decide for")
    await boris.picture(pictures / "hr-stand-in.png")
    await row.click()
    await boris.agree()
    await expect(boris.home).not_to_contain_text("A dock for the road")

    passed = await hr.fact(request_id, Fact.LEVEL_PASSED)
    (decided,) = await hr.decisions(request_id)
    assert passed.level == 1
    assert (decided.actor.person, decided.data["on_behalf_of"]) == (BORIS, LEO)
    await boris.home.locator('[data-action-id="home_history"]').click()
    await expect(boris.home).to_contain_text("You approved for @Leo Marsh")


async def test_a_bulk_decision_of_five_reports_one_refusal(
    people: People, hr: HrWorkspace, pictures: Path
) -> None:
    """Clara withdraws one request while Boris has the form open: four count, the fifth is refused."""
    items = {
        "A lamp": "LAMP-LED",
        "A desk": "DESK-OAK",
        "A chair": "CHAIR-ERGO",
        "A screen": "MONITOR-27",
        "A dock": "DOCK-USBC",
    }
    submissions = (
        hr.submit(CLARA, "equipment", f"{name} for the fair", item=items[name]) for name in items
    )
    request_ids = dict(zip(items, await asyncio.gather(*submissions), strict=True))
    (boris,) = await people.see(BORIS, size=NARROW)
    await _to_decide(boris)
    await boris.home.locator('[data-action-id="home_kind"]').select_option("hr")
    await expect(boris.home.locator('[data-action-id="approve"]')).to_have_count(5)
    await boris.picture(pictures / "hr-inbox.png")
    await boris.home.locator('[data-action-id="bulk"]').click()
    boxes = boris.modal.locator('input[data-action-id="chosen"]')
    await expect(boxes).to_have_count(5)
    for box in await boxes.all():
        await box.check()
    await boris.picture(pictures / "hr-bulk.png")
    await hr.withdraw(CLARA, request_ids["A chair"])
    await boris.submit()
    await expect(boris.modal).to_contain_text("4 decided")
    await boris.picture(pictures / "hr-bulk-results.png")
    result = await boris.modal.inner_text()
    await _close(boris)
    await expect(boris.home.locator('[data-action-id="approve"]')).to_have_count(0)

    (refused,) = [line for line in result.splitlines() if "✗" in line]
    assert "A chair for the fair" in refused
    for name, request_id in request_ids.items():
        decided = [
            (decision.actor.person, decision.level) for decision in await hr.decisions(request_id)
        ]
        assert decided == ([] if name == "A chair" else [(BORIS, 1)])
    await hr.trails_are_whole(*request_ids.values())


async def _type(tab: Tab, text: str) -> None:
    await tab.composer.fill(text)
    await tab.composer.press("Enter")


async def _submit(tab: Tab) -> str:
    """Submit the form and close it; return the request's id."""
    await tab.submit()
    await expect(tab.modal).to_contain_text("was sent")
    found = re.search(r"HR-\w{8}", await tab.modal.inner_text())
    assert found
    await _close(tab)
    return found[0]


async def _close(tab: Tab) -> None:
    await tab.page.get_by_test_id("modal-close").click()
    await expect(tab.modal).to_be_hidden()


async def _to_decide(tab: Tab) -> None:
    """Open the Home and its list *To decide*. The Home opens at the list last used."""
    await tab.open_home()
    await tab.home.locator('[data-action-id="home_decide"]').click()
    await expect(tab.home.get_by_role("heading", name="To decide")).to_be_visible()


def _row(tab: Tab, action_id: str, title: str) -> Locator:
    """Return a button of the Home by the title of its request."""
    return tab.home.locator(f'[data-action-id="{action_id}"][data-value*="{title}"]')
