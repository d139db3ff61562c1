"""Running calls at the same time."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

Result = TypeVar("Result")


async def run_concurrently(calls: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """Await all calls. If one fails, cancel the others and raise its exception."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
