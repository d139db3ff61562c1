"""The relay: whose home is behind what the records say gets it shown anew, by one bot at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from bot.home.board import HomeBoard
from records.database import DATABASE_FAILURES
from records.homes import Claim, Homes
from slack_api.errors import SLACK_FAILURES, classify
from workflows.rules.shared.card import retry_delay

EVERY = 1.0
"""Seconds between two looks into the outbox: one statement, along an index."""
REST = timedelta(seconds=2)
"""A home is shown no more often than this, however much changes."""
LEASE = timedelta(seconds=30)
"""How long a claimed home is in one bot's hands; after that, that bot is taken for dead."""
TOGETHER = 10
"""Homes taken at once. Slack takes about a hundred a minute (tier 4)."""

_log = structlog.get_logger("bot.home.relay")


async def _a_second() -> None:
    await asyncio.sleep(EVERY)


class HomeRelay:
    """Drains the outbox of homes. Any number of bots may run one: each home is claimed by one."""

    def __init__(
        self,
        homes: Homes,
        board: HomeBoard,
        now: Callable[[], datetime],
        breathe: Callable[[], Awaitable[None]] = _a_second,
    ) -> None:
        self._homes = homes
        self._board = board
        self._now = now
        self._breathe = breathe
        self._not_before: datetime | None = None

    async def keep_fresh(self) -> None:
        """Show what is behind, until cancelled. Nothing that fails once ends it."""
        while True:
            await self._breathe()
            try:
                await self.turn()
            except DATABASE_FAILURES as error:
                _log.warning("homes_not_read", error=type(error).__name__)

    async def turn(self) -> int:
        """Show anew what is behind and due now; return how many homes were shown."""
        now = self._now()
        if self._not_before is not None and now < self._not_before:
            return 0
        claims = await self._homes.claim(now, lease=LEASE, rest=REST, limit=TOGETHER)
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
        except Exception:  # noqa: BLE001 - one person's home is no reason to leave all others behind
            _log.exception("home_not_built", person=claim.person)
            await self._homes.failed(claim, self._now() + retry_delay(claim.tries))
            return False
        await self._homes.done(claim)
        return True

    async def _put_off(self, claim: Claim, error: Exception) -> None:
        """Leave the home in the outbox for later, or let go of it where nobody can see it."""
        problem, now = classify(error), self._now()
        if problem.addressee_gone:
            _log.info("home_forgotten", person=claim.person, why=problem.code)
            await self._homes.forget(claim.person)
            return
        _log.warning("home_not_shown", why=problem.code)
        if problem.retry_after is not None:  # Slack counts per method, not per person
            self._not_before = now + problem.retry_after
        await self._homes.failed(claim, now + retry_delay(claim.tries, problem.retry_after))
