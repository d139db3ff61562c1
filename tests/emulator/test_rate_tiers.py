"""Rate tiers: Slack's published minimum per method and minute, and 429 with Retry-After beyond it."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from emulator.client import StandInClient
from emulator.methods.registry import METHODS
from emulator.rate_tiers import PER_MINUTE, SPECIAL, TIERS


async def limited(web: AsyncWebClient, method: str = "usergroups.list") -> int:
    """Call a method until Slack limits it; return the number of accepted calls."""
    accepted = 0

    async def call_without_end() -> None:
        nonlocal accepted
        while True:
            await web.api_call(method, params={"user": "U0ANA"})
            accepted += 1

    with pytest.raises(SlackApiError) as refusal:
        await call_without_end()
    response = refusal.value.response
    assert (response["error"], response.status_code) == ("ratelimited", 429)
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    return accepted


def test_each_method_has_a_tier_or_a_reason_to_have_none() -> None:
    assert set(TIERS) | set(SPECIAL) == set(METHODS)
    assert not set(TIERS) & set(SPECIAL)


@pytest.mark.parametrize(
    ("method", "tier"), [("usergroups.list", 2), ("dnd.info", 3), ("users.info", 4)]
)
async def test_a_method_accepts_the_calls_of_its_tier_in_a_minute(
    web: AsyncWebClient, method: str, tier: int
) -> None:
    assert await limited(web, method) == PER_MINUTE[tier]
    await web.users_list()  # each method counts on its own


async def test_the_calls_are_accepted_again_a_minute_later(
    web: AsyncWebClient, slack: StandInClient
) -> None:
    await limited(web)
    await slack.advance(60)

    assert await limited(web) == PER_MINUTE[2]


async def test_the_tiers_can_be_faster_other_or_off(
    web: AsyncWebClient, slack: StandInClient
) -> None:
    await slack.limits(per_minute={"2": 3}, speed=60)
    assert await limited(web) == 3
    await slack.advance(1)
    assert await limited(web) == 3

    await slack.limits(tiers=False)
    for _ in range(2 * PER_MINUTE[2]):
        await web.usergroups_list()
