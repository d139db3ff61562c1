"""Retry-After: what Slack told one call, the next one obeys too, whoever makes it."""

import asyncio

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from emulator.client import StandInClient
from slack_api.errors import SlackProblem, classify

APPROVALS, GENERAL = "C0APPROVALS", "C0GENERAL"


async def problem_of(web: AsyncWebClient, channel: str) -> SlackProblem | None:
    try:
        await web.chat_postMessage(channel=channel, text="words")
    except SlackApiError as error:
        return classify(error)
    return None


async def calls(slack: StandInClient, method: str) -> int:
    return len(await slack.journal(kind="api", method=method))


@pytest.fixture
async def limited(slack: StandInClient, web: AsyncWebClient) -> SlackProblem:
    """Have a post to #approvals be told to wait for two seconds."""
    fault = {"target": "chat.postMessage", "effect": "ratelimited", "retry_after": 2}
    await slack.faults(fault)
    problem = await problem_of(web, APPROVALS)
    assert problem is not None
    return problem


async def test_nobody_calls_before_the_wait_is_over(
    slack: StandInClient, web: AsyncWebClient, limited: SlackProblem
) -> None:
    again = await problem_of(web, APPROVALS)

    assert again == limited
    assert await calls(slack, "chat.postMessage") == 1


async def test_another_channel_and_another_method_need_not_wait(
    slack: StandInClient, web: AsyncWebClient, limited: SlackProblem
) -> None:
    elsewhere = await problem_of(web, GENERAL)
    await web.users_info(user="U0ANA")

    assert elsewhere is None


async def test_a_method_that_is_limited_is_limited_whatever_it_is_about(
    slack: StandInClient, web: AsyncWebClient
) -> None:
    await slack.faults({"target": "users.info", "effect": "ratelimited", "retry_after": 9})
    for person in ("U0ANA", "U0BORIS"):
        with pytest.raises(SlackApiError):
            await web.users_info(user=person)

    assert await calls(slack, "users.info") == 1


async def test_after_the_wait_it_is_asked_again(web: AsyncWebClient, limited: SlackProblem) -> None:
    assert limited.retry_after is not None
    await asyncio.sleep(limited.retry_after.total_seconds())

    assert await problem_of(web, APPROVALS) is None
