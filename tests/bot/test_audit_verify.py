"""`audit verify --all` checks a few trails at a time, reports them in order, and reads no further ahead."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.actions.audit_verification import Checked
from bot.cli.audit_verify import CONCURRENT_CHECKS, _in_order

IDS = [f"REQ-{number}" for number in range(3 * CONCURRENT_CHECKS)]


async def test_results_come_in_order_and_few_trails_are_read_ahead() -> None:
    read: list[str] = []
    reported: list[str] = []
    most_ahead = 0

    async def ids() -> AsyncIterator[str]:
        for request_id in IDS:
            read.append(request_id)
            yield request_id

    async def check(request_id: str) -> Checked:
        nonlocal most_ahead
        most_ahead = max(most_ahead, len(read) - len(reported))
        for _ in range(IDS.index(request_id) % 3):  # later trails may be done before earlier ones
            await asyncio.sleep(0)
        return Checked(request_id=request_id, facts=1)

    async for checked in _in_order(ids(), check):
        await asyncio.sleep(0)  # a check that runs ahead would read on now
        reported.append(checked.request_id)

    assert reported == IDS
    assert 1 < most_ahead <= CONCURRENT_CHECKS + 1


async def test_an_error_ends_the_checks_that_are_under_way() -> None:
    started: list[asyncio.Task[object]] = []

    async def ids() -> AsyncIterator[str]:
        for request_id in IDS:
            yield request_id

    async def check(request_id: str) -> Checked:
        task = asyncio.current_task()
        assert task is not None
        started.append(task)
        if request_id == IDS[0]:
            raise OSError("the database is gone")
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(OSError, match="the database is gone"):
        async for _ in _in_order(ids(), check):
            pass
    await asyncio.wait(started)

    assert all(task.done() for task in started)
