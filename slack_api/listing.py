"""Complete listings of people or channels: page by page, by one process at a time, resumed if interrupted."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from slack_sdk.errors import SlackApiError

from records.directory import Directory
from slack_api.errors import SLACK_FAILURES, slack_code

PAGE_SIZE = 1000
"""Entries per page: the most that Slack accepts. Both methods allow 20 pages a minute."""
LEASE = timedelta(seconds=15)
"""How long a process may take for one page. After that, another process continues."""
POLL_EVERY = 0.5
"""Seconds between two looks at a listing that another process continues."""
STALE_CURSOR = "invalid_cursor"


class Listing:
    """Lists everything of one `subject`. Many callers share one listing.

    `read_page` reads and stores the page at a cursor, and returns the next cursor, empty at the end.
    """

    def __init__(
        self,
        store: Directory,
        subject: str,
        read_page: Callable[[str], Awaitable[str]],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._subject = subject
        self._read_page = read_page
        self._now = now
        self._running: asyncio.Task[None] | None = None

    async def ensure(self, since: datetime) -> None:
        """Return when everything was listed by a listing that started at or after `since`.

        A caller that is cancelled does not stop the listing: its next try finds it further on. Raises
        one of `slack_api.errors.SLACK_FAILURES`; the next listing continues at the failed page.
        """
        while await self._store.listed_at(self._subject) < since:
            # A running listing may have been started for a caller that accepts older entries.
            if self._running is None or self._running.done():
                self._running = asyncio.create_task(self._run(since))
                self._running.add_done_callback(_retrieve)
            await asyncio.shield(self._running)

    async def _run(self, since: datetime) -> None:
        while await self._store.listed_at(self._subject) < since:
            cursor = await self._store.claim_list(
                self._subject, self._now(), since=since, lease=LEASE
            )
            if cursor is None:
                await asyncio.sleep(POLL_EVERY)
                continue
            try:
                following = await self._read_page(cursor)
            except SLACK_FAILURES as error:
                is_stale = isinstance(error, SlackApiError) and slack_code(error) == STALE_CURSOR
                await self._store.page_failed(self._subject, "" if is_stale else cursor)
                if not (is_stale and cursor):
                    raise
            else:
                await self._store.page_listed(self._subject, following)


def _retrieve(task: asyncio.Task[None]) -> None:
    """Mark a failure as seen: every caller may be gone by now."""
    if not task.cancelled():
        task.exception()
