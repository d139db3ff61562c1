"""Finding a browser, and the tab of one person in it."""

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, Playwright, expect

from tests.journeys.workspace import APPROVALS

FIX = "run `make browser` to install one, or set CHROMIUM to yours"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
WINDOW = (1280, 800)
SECONDS = 30
"""The number of seconds after which a missing element fails the journey."""

_ON_PATH = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def find_chromium(playwright: Playwright) -> str | None:
    """Return a Chromium or Chrome: $CHROMIUM, else on PATH, else the one Playwright downloaded."""
    if named := os.environ.get("CHROMIUM"):
        return shutil.which(named)
    installed = (shutil.which(name) for name in _ON_PATH)
    downloaded = playwright.chromium.executable_path
    return next(filter(None, installed), downloaded if Path(downloaded).exists() else None)


@dataclass(frozen=True, kw_only=True)
class Tab:
    """The Slack stand-in's page as one person sees it, in one channel."""

    page: Page
    channel: str = APPROVALS

    @property
    def composer(self) -> Locator:
        """The message composer."""
        return self.page.get_by_test_id("composer")

    @property
    def modal(self) -> Locator:
        """The open modal."""
        return self.page.get_by_test_id("modal")

    @property
    def confirm(self) -> Locator:
        """The confirmation dialog."""
        return self.page.get_by_test_id("confirm")

    @property
    def ephemeral(self) -> Locator:
        """The newest ephemeral message."""
        return self.page.locator(f'[data-channel="{self.channel}"][data-ephemeral="true"]').last

    @property
    def home(self) -> Locator:
        """The app's Home, when it is open."""
        return self.page.get_by_test_id("home")

    @property
    def thread(self) -> Locator:
        """The messages of the open thread."""
        return self.page.get_by_test_id("thread-messages")

    def card(self, order_id: str) -> Locator:
        """Return the card of an order or a request in the channel."""
        public = f'article[data-channel="{self.channel}"]:not([data-ephemeral])'
        listed = self.page.get_by_test_id("messages").locator(public)
        return listed.filter(has_text=order_id)

    def field(self, action_id: str) -> Locator:
        """Return an input of the open modal."""
        return self.modal.locator(f'[data-action-id="{action_id}"]')

    async def press(self, order_id: str, action_id: str) -> None:
        """Click a button of an order's card."""
        await self.card(order_id).locator(f'[data-action-id="{action_id}"]').click()

    async def agree(self) -> None:
        """Confirm in the confirmation dialog."""
        await self.page.get_by_test_id("confirm-ok").click()

    async def open_home(self) -> None:
        """Open the app's Home."""
        await self.page.locator('nav [data-kind="im"]').first.click()
        await self.page.get_by_test_id("tab-home").click()

    async def open_thread(self, order_id: str) -> None:
        """Open the thread of a card."""
        await self.card(order_id).get_by_test_id("open-thread").click()
        await expect(self.thread).to_be_visible()

    async def submit(self) -> None:
        """Submit the open modal."""
        await self.page.get_by_test_id("modal-submit").click()

    async def picture(self, path: Path) -> None:
        """Save a screenshot without hover effects."""
        await self.page.mouse.move(0, 0)
        await self.page.screenshot(path=path)

    async def picture_of_thread(self, path: Path) -> None:
        """Save a screenshot of the open thread, from its header to its last message."""
        await self.page.mouse.move(0, 0)
        pane = await self.page.locator('[data-part="thread"]').bounding_box()
        last = await self.thread.locator("article").last.bounding_box()
        assert pane
        assert last
        height = last["y"] + last["height"] - pane["y"]
        await self.page.screenshot(
            path=path, clip={**pane, "height": min(height + 12, pane["height"])}
        )

    async def order_id(self) -> str:
        """Return the order id shown in the open form."""
        label = self.modal.get_by_text(re.compile(r"Order ORD-"))
        found = re.search(r"ORD-\w{8}", await label.inner_text())
        assert found
        return found[0]


@asynccontextmanager
async def tab_of(
    person: str,
    browser: Browser,
    slack_url: str,
    size: tuple[int, int] = WINDOW,
    channel: str = APPROVALS,
) -> AsyncIterator[Tab]:
    """Open the page as this person, in a separate browser profile."""
    profile = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce"
    )
    try:
        profile.set_default_timeout(SECONDS * 1000)
        page = await profile.new_page()
        page_errors: list[str] = []
        page.on("pageerror", lambda error: page_errors.append(str(error)))
        await page.goto(f"{slack_url}/?user={person}&channel={channel}")
        await expect(page.get_by_test_id("acting-user")).to_have_value(person)
        yield Tab(page=page, channel=channel)
        assert page_errors == []
    finally:
        await profile.close()
