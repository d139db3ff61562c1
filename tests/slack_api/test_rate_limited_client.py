"""Retry-After: when Slack limits one call, every later call of the same kind waits too."""

from collections.abc import Callable

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from emulator.client import StandInClient
from slack_api.errors import SlackProblem, classify
from slack_api.rate_limited_client import ROUTINE_LATER
from slack_api.urgency import routine

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
    """The problem of a post to #approvals that Slack limited for two seconds."""
    fault = {"target": "chat.postMessage", "effect": "ratelimited", "retry_after": 2}
    await slack.faults(fault)
    problem = await problem_of(web, APPROVALS)
    assert problem is not None
    return problem


async def test_no_call_is_sent_before_the_wait_is_over(
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


async def test_a_limited_method_is_limited_for_all_arguments(
    slack: StandInClient, web: AsyncWebClient
) -> None:
    await slack.faults({"target": "users.info", "effect": "ratelimited", "retry_after": 9})
    for person in ("U0ANA", "U0BORIS"):
        with pytest.raises(SlackApiError):
            await web.users_info(user=person)

    assert await calls(slack, "users.info") == 1


async def test_after_the_wait_calls_are_sent_again(
    web: AsyncWebClient, limited: SlackProblem, pass_retry_after: Callable[[float], None]
) -> None:
    assert limited.retry_after is not None
    pass_retry_after(limited.retry_after.total_seconds() - 0.5)
    early = await problem_of(web, APPROVALS)
    pass_retry_after(0.5)

    assert early is not None
    assert await problem_of(web, APPROVALS) is None


async def test_after_the_wait_urgent_calls_come_first(
    web: AsyncWebClient, limited: SlackProblem, pass_retry_after: Callable[[float], None]
) -> None:
    assert limited.retry_after is not None
    pass_retry_after(limited.retry_after.total_seconds())
    with routine():
        early = await problem_of(web, APPROVALS)
    urgent = await problem_of(web, APPROVALS)
    pass_retry_after(ROUTINE_LATER)
    with routine():
        later = await problem_of(web, APPROVALS)

    assert early is not None
    assert (urgent, later) == (None, None)


async def test_without_a_limit_a_routine_call_waits_for_nothing(web: AsyncWebClient) -> None:
    with routine():
        assert await problem_of(web, APPROVALS) is None
