"""The cache: expiry and eviction."""

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


async def put(cache: Cache[str, str], key: str) -> None:
    async def load() -> str:
        return key

    await cache.get_or_load(key, load)


async def test_the_oldest_value_is_evicted_when_the_cache_is_full(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_ENTRIES", 2)
    cache: Cache[str, str] = Cache(30)
    for key in ("a", "b", "c"):
        await put(cache, key)

    assert [cache.get(key) for key in ("a", "b", "c")] == [None, "b", "c"]


async def test_a_value_expires_after_its_ttl(clock: Clock) -> None:
    cache: Cache[str, str] = Cache(30)
    await put(cache, "a")

    clock.now += 29.9
    assert cache.get("a") == "a"
    clock.now += 0.1
    assert cache.get("a") is None
