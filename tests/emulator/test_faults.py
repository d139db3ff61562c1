"""Planned faults of the Web API and of response_url."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from emulator.client import StandInClient, StandInClientError
from emulator.server import RunningStandIn
from tests.emulator.block_kit import actions, button
from tests.emulator.raw_socket import open_socket

Json = dict[str, Any]
POST = "chat.postMessage"


@pytest.fixture
async def http(running: RunningStandIn) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": "Bearer xoxb-local"}
    async with aiohttp.ClientSession(running.api_url, headers=headers) as session:
        yield session


async def _post(http: aiohttp.ClientSession, text: str = "x", channel: str = "C0GENERAL") -> Json:
    async with http.post(POST, json={"channel": channel, "text": text}) as answer:
        body: Json = await answer.json()
        return {**body, "status": answer.status, "after": answer.headers.get("Retry-After")}


async def _texts(slack: StandInClient) -> list[str]:
    return [m["text"] for m in await slack.messages("C0GENERAL", "U0ANA")]


async def test_an_error_is_returned_and_the_call_is_not_executed(
    http: aiohttp.ClientSession, slack: StandInClient
) -> None:
    await slack.faults({"target": POST, "effect": "error", "error": "fatal_error", "times": 2})

    errors = [(await _post(http)).get("error") for _ in range(3)]

    assert errors == ["fatal_error", "fatal_error", None]
    assert len(await _texts(slack)) == 1


async def test_planned_429_and_500_responses(
    http: aiohttp.ClientSession, slack: StandInClient
) -> None:
    await slack.faults(
        {"target": POST, "effect": "ratelimited", "retry_after": 7},
        {"target": "*", "effect": "http_500"},
    )

    limited, broken = await _post(http), await _post(http)

    assert (limited["status"], limited["error"], limited["after"]) == (429, "ratelimited", "7")
    assert broken["status"] == 500


async def test_the_sdks_rate_limit_handler_waits_and_succeeds(
    web: AsyncWebClient, slack: StandInClient
) -> None:
    web.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    await slack.faults({"target": POST, "effect": "ratelimited", "retry_after": 1})

    assert (await web.chat_postMessage(channel="C0GENERAL", text="x"))["ok"]


async def test_a_lost_reply_means_the_call_was_executed(
    http: aiohttp.ClientSession, slack: StandInClient
) -> None:
    await slack.faults({"target": POST, "effect": "reply_lost"})

    with pytest.raises(aiohttp.ClientError):
        await _post(http, "done in silence")

    assert await _texts(slack) == ["done in silence"]
    assert (await slack.journal(method=POST))[0]["reply_lost"] is True


async def test_a_late_call_is_executed_when_its_time_has_passed(
    http: aiohttp.ClientSession, slack: StandInClient
) -> None:
    await slack.faults({"target": POST, "effect": "late", "seconds": 60})

    with pytest.raises(aiohttp.ClientError):
        await _post(http, "late")
    before = await _texts(slack)
    await slack.advance(60)
    await slack.wait_for_journal(kind="applied_late")

    assert before == []
    assert await _texts(slack) == ["late"]


async def test_a_hanging_call_gets_no_response_and_is_not_executed(
    http: aiohttp.ClientSession, slack: StandInClient
) -> None:
    await slack.faults({"target": POST, "effect": "hang"})

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(_post(http), 0.2)

    assert await _texts(slack) == []
    assert (await _post(http))["ok"]


async def test_a_fault_can_be_limited_to_some_calls(
    http: aiohttp.ClientSession, slack: StandInClient
) -> None:
    where = {"channel": "C0APPROVALS"}
    await slack.faults({"target": POST, "effect": "error", "error": "x", "where": where})

    assert (await _post(http))["ok"]
    assert (await _post(http, channel="C0APPROVALS"))["error"] == "x"


async def test_a_seeded_probability_hits_the_same_calls_each_time(
    http: aiohttp.ClientSession, slack: StandInClient
) -> None:
    async def pattern() -> list[bool]:
        fault = {"target": POST, "effect": "error", "times": 99, "probability": 0.5, "seed": 7}
        await slack.faults(fault)
        hits = [not (await _post(http))["ok"] for _ in range(10)]
        await slack.clear_faults()
        return hits

    first = await pattern()

    assert await pattern() == first
    assert 0 < sum(first) < 10


async def test_faults_can_be_listed_and_removed(slack: StandInClient) -> None:
    await slack.faults({"target": POST, "effect": "hang", "times": 3})
    shown = await slack.get("/_control/faults")
    await slack.clear_faults()

    assert shown["faults"][0]["times"] == 3
    assert (await slack.get("/_control/faults"))["faults"] == []


@pytest.mark.parametrize(
    "fault",
    [
        "x",
        {"target": POST},
        {"target": POST, "effect": "melt"},
        {"target": POST, "effect": "error", "times": "many"},
        {"target": 7, "effect": "error"},
        {"target": POST, "effect": "error", "colour": "red"},
    ],
)
async def test_an_invalid_fault_is_rejected(slack: StandInClient, fault: Any) -> None:
    with pytest.raises(StandInClientError, match="invalid_fault"):
        await slack.faults(fault)


@pytest.fixture
async def card_url(running: RunningStandIn, slack: StandInClient, web: AsyncWebClient) -> str:
    """Post a card in #general, click its button and return the click's response_url."""
    posted = await web.chat_postMessage(
        channel="C0GENERAL", text="card", blocks=[actions(button("go"))]
    )
    async with open_socket(running) as socket:
        clicking = asyncio.ensure_future(slack.click("U0ANA", "C0GENERAL", posted["message"], "go"))
        frame = await socket.frame()
        await socket.ack(frame)
        await clicking
    url: str = frame["payload"]["response_url"]
    return url


async def _replace(url: str) -> int | None:
    """Use a response_url; return the HTTP status, or None if the connection is closed."""
    payload = {"replace_original": True, "text": "done"}
    try:
        async with aiohttp.ClientSession() as http, http.post(url, json=payload) as answer:
            return answer.status
    except aiohttp.ClientError:
        return None


@pytest.mark.parametrize(
    ("effect", "status", "text"),
    [
        ("error", 404, "card"),
        ("ratelimited", 429, "card"),
        ("http_500", 500, "card"),
        ("reply_lost", None, "done"),
    ],
)
async def test_faults_apply_to_response_urls(
    card_url: str, slack: StandInClient, effect: str, status: int | None, text: str
) -> None:
    await slack.faults({"target": "response_url", "effect": effect})

    assert await _replace(card_url) == status
    assert await _texts(slack) == [text]


async def test_a_late_fault_applies_to_response_urls(card_url: str, slack: StandInClient) -> None:
    await slack.faults({"target": "response_url", "effect": "late", "seconds": 60})

    assert await _replace(card_url) is None
    assert await _texts(slack) == ["card"]
    await slack.advance(60)
    await slack.wait_for_journal(kind="applied_late")
    assert await _texts(slack) == ["done"]


async def test_the_sdk_retries_a_post_after_a_lost_reply(
    web: AsyncWebClient, slack: StandInClient
) -> None:
    """Bots must handle this: slack_sdk retries once if the connection closes."""
    await slack.faults({"target": POST, "effect": "reply_lost"})

    await web.chat_postMessage(channel="C0GENERAL", text="twice")

    assert await _texts(slack) == ["twice", "twice"]


async def test_a_planned_error_looks_like_slacks_own(
    web: AsyncWebClient, slack: StandInClient
) -> None:
    await slack.faults(
        {"target": "users.info", "effect": "error", "error": "team_access_not_granted"}
    )

    with pytest.raises(SlackApiError, match="team_access_not_granted"):
        await web.users_info(user="U0ANA")
