"""Classification of failed Slack calls, including responses that did not come from Slack."""

from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from slack_api.errors import (
    AMBIGUOUS,
    RATE_LIMITED,
    SLACK_FAILURES,
    TRANSIENT,
    UNREACHABLE,
    SlackProblem,
    classify,
)

ANSWERS = [
    (
        200,
        "application/json",
        '{"ok": false, "error": "is_archived"}',
        ("is_archived", True, False),
    ),
    (200, "application/json", '{"ok": false, "error": "no_idea"}', ("no_idea", True, False)),
    (
        200,
        "application/json",
        '{"ok": false, "error": "team_added_to_org"}',
        ("team_added_to_org", False, False),
    ),
    (
        200,
        "application/json",
        '{"ok": false, "error": "fatal_error"}',
        ("fatal_error", False, True),
    ),
    (200, "application/json", '{"ok": false}', ("server_error", False, True)),
    (200, "application/json", "not json", ("server_error", False, True)),
    (200, "application/json", "{}", ("server_error", False, True)),
    (502, "text/html", "<h1>Bad gateway</h1>", ("server_error", False, True)),
    (503, "text/plain", "come back later", ("server_error", False, True)),
    (500, "application/json", "[1]", ("server_error", False, True)),
    (404, "text/plain", "no such page", ("server_error", False, True)),
]


class FixedServer:
    """A server with one response to every request."""

    def __init__(self) -> None:
        self.status, self.kind, self.body = 200, "application/json", "{}"
        self.headers: dict[str, str] = {}
        self.port = 0

    async def serve(self, _: web.Request) -> web.Response:
        return web.Response(
            status=self.status, content_type=self.kind, text=self.body, headers=self.headers
        )

    def client(self) -> AsyncWebClient:
        url = f"http://127.0.0.1:{self.port}/api/"
        return AsyncWebClient(token="xoxb-x", base_url=url, retry_handlers=[])


@pytest.fixture
async def server() -> AsyncIterator[FixedServer]:
    server = FixedServer()
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", server.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.port = runner.addresses[0][1]
    yield server
    await runner.cleanup()


async def failure_of(server: FixedServer) -> SlackProblem:
    with pytest.raises(SLACK_FAILURES) as caught:
        await server.client().chat_postMessage(channel="C1", text="words")
    assert isinstance(caught.value, Exception)
    return classify(caught.value)


@pytest.mark.parametrize(("status", "kind", "body", "expected"), ANSWERS)
async def test_every_failed_response_is_classified(
    server: FixedServer, status: int, kind: str, body: str, expected: tuple[str, bool, bool]
) -> None:
    server.status, server.kind, server.body = status, kind, body

    problem = await failure_of(server)

    code, lasting, ambiguous = expected
    assert problem == SlackProblem(code=f"slack.{code}", lasting=lasting, ambiguous=ambiguous)


def refusal(code: str) -> SlackApiError:
    answer = {"ok": False, "error": code}
    return SlackApiError("refused", answer)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("code", sorted(TRANSIENT))
def test_a_transient_error_may_be_retried(code: str) -> None:
    problem = classify(refusal(code))

    assert (problem.lasting, problem.addressee_gone) == (False, False)


@pytest.mark.parametrize(
    "code",
    [
        "cannot_reply_to_message",
        "channel_is_archived",
        "channel_not_found",
        "enterprise_is_restricted",
        "invalid_arguments",
        "missing_scope",
        "thread_not_found",
        "a_code_that_slack_may_add_later",
    ],
)
def test_every_other_refusal_is_lasting(code: str) -> None:
    assert classify(refusal(code)) == SlackProblem(code=f"slack.{code}", lasting=True)


@pytest.mark.parametrize(
    "code", ["user_not_found", "user_disabled", "user_not_visible", "cannot_dm_bot"]
)
def test_an_addressee_who_receives_no_messages_is_marked_as_gone(code: str) -> None:
    assert classify(refusal(code)) == SlackProblem(
        code=f"slack.{code}", lasting=True, addressee_gone=True
    )


def test_no_code_is_both_transient_and_unreachable() -> None:
    assert not TRANSIENT & UNREACHABLE
    assert RATE_LIMITED | AMBIGUOUS <= TRANSIENT


@pytest.mark.parametrize(
    ("header", "seconds"), [("30", 30), ("0", 0), ("soon", 1), ("1.5", 1), (None, 1)]
)
async def test_an_unreadable_retry_after_counts_as_one_second(
    server: FixedServer, header: str | None, seconds: int
) -> None:
    server.status = 429
    server.headers = {"Retry-After": header} if header else {}

    problem = await failure_of(server)

    assert problem == SlackProblem(code="slack.ratelimited", retry_after=timedelta(seconds=seconds))


def test_without_a_response_the_outcome_is_unknown() -> None:
    assert classify(TimeoutError()).ambiguous
    assert classify(aiohttp.ServerDisconnectedError()).ambiguous
    odd = SlackApiError("odd", {"ok": False})  # type: ignore[no-untyped-call]
    assert classify(odd).ambiguous
