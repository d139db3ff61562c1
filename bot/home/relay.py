"""Republishing App Homes whose records have changed, each by one bot at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from bot.home.board import HomeBoard
from records.database import DATABASE_FAILURES
from records.homes import Claim, Homes
from slack_api.errors import SLACK_FAILURES, classify
from workflows.rules.shared.card import retry_delay

POLL_EVERY = 1.0
"""Seconds between two polls of the outbox. A poll is one indexed statement."""
MIN_INTERVAL = timedelta(seconds=2)
"""The shortest time between two publishes of one home."""
LEASE = timedelta(seconds=30)
"""How long one bot may hold a claimed home. After that, another bot may claim it."""
BATCH = 10
"""Homes claimed at once. Slack accepts about a hundred publishes a minute (tier 4)."""

_log = structlog.get_logger("bot.home.relay")


async def _poll_interval() -> None:
    await asyncio.sleep(POLL_EVERY)


class HomeRelay:
    """Drains the outbox of homes. Any number of bots may run a relay: each home is claimed by one."""

    def __init__(
        self,
        homes: Homes,
        board: HomeBoard,
        now: Callable[[], datetime],
        wait: Callable[[], Awaitable[None]] = _poll_interval,
    ) -> None:
        self._homes = homes
        self._board = board
        self._now = now
        self._wait = wait
        self._not_before: datetime | None = None

    async def keep_fresh(self) -> None:
        """Republish outdated homes until cancelled. A failure does not end the loop."""
        while True:
            await self._wait()
            try:
                await self.turn()
            except DATABASE_FAILURES as error:
                _log.warning("homes_not_read", error=type(error).__name__)

    async def turn(self) -> int:
        """Republish the homes that are outdated and due; return how many were published."""
        now = self._now()
        if self._not_before is not None and now < self._not_before:
            return 0
        claims = await self._homes.claim(now, lease=LEASE, rest=MIN_INTERVAL, limit=BATCH)
        shown = 0
        for claim in claims:
            shown += await self._show(claim)
        return shown

    async def _show(self, claim: Claim) -> bool:
        now = self._now()
        if self._not_before is not None and now < self._not_before:
            await self._homes.failed(claim, self._not_before)
            return False
        try:
            await self._board.publish(claim.person)
        except SLACK_FAILURES as error:
            await self._put_off(claim, error)
            return False
        except DATABASE_FAILURES:
            raise
        except Exception:  # noqa: BLE001 - one broken home must not hold up the others
            _log.exception("home_not_built", person=claim.person)
            await self._homes.failed(claim, self._now() + retry_delay(claim.tries))
            return False
        await self._homes.done(claim)
        return True

    async def _put_off(self, claim: Claim, error: Exception) -> None:
        """Retry the home later, or forget it if its owner's account is gone."""
        problem, now = classify(error), self._now()
        if problem.addressee_gone:
            _log.info("home_forgotten", person=claim.person, why=problem.code)
            await self._homes.forget(claim.person)
            return
        _log.warning("home_not_shown", why=problem.code)
        if problem.retry_after is not None:  # Slack limits the method, not the person
            self._not_before = now + problem.retry_after
        await self._homes.failed(claim, now + retry_delay(claim.tries, problem.retry_after))
