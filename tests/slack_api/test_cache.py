"""The cache: concurrent loads, failures, expiry and eviction."""

import asyncio

import pytest

from slack_api import cache as module
from slack_api.cache import Cache


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "monotonic", clock)
    return clock


async def test_a_slow_load_does_not_replace_a_later_value(clock: Clock) -> None:
    cache: Cache[str, str] = Cache(30)
    started = asyncio.Event()

    async def slow() -> str:
        started.set()
        await asyncio.sleep(0.05)
        return "old"

    async def quick() -> str:
        return "new"

    loading = asyncio.create_task(cache.get_or_load("key", slow))
    await started.wait()
    clock.now += 1
    await cache.reload("key", quick)

    assert (await loading, cache.get("key")) == ("old", "new")


def test_the_oldest_value_is_evicted_when_the_cache_is_full(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_ENTRIES", 2)
    cache: Cache[str, str] = Cache(30)
    for key in ("a", "b", "c"):
        cache.put(key, key)

    assert [cache.get(key) for key in ("a", "b", "c")] == [None, "b", "c"]


def test_a_value_expires_after_its_ttl_or_when_invalidated(clock: Clock) -> None:
    cache: Cache[str, str] = Cache(30)
    cache.put("a", "1")
    cache.put("b", "2")
    cache.invalidate("b")

    clock.now += 29.9
    assert (cache.get("a"), cache.get("b")) == ("1", None)
    clock.now += 0.1
    assert cache.get("a") is None
