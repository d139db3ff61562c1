"""What a failed call means, whoever it was that answered."""

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


class Answering:
    """A server that gives one answer to everything."""

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
async def answering() -> AsyncIterator[Answering]:
    answering = Answering()
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", answering.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    answering.port = runner.addresses[0][1]
    yield answering
    await runner.cleanup()


async def failure_of(answering: Answering) -> SlackProblem:
    with pytest.raises(SLACK_FAILURES) as caught:
        await answering.client().chat_postMessage(channel="C1", text="words")
    assert isinstance(caught.value, Exception)
    return classify(caught.value)


@pytest.mark.parametrize(("status", "kind", "body", "expected"), ANSWERS)
async def test_every_failed_answer_has_a_meaning(
    answering: Answering, status: int, kind: str, body: str, expected: tuple[str, bool, bool]
) -> None:
    answering.status, answering.kind, answering.body = status, kind, body

    problem = await failure_of(answering)

    code, lasting, ambiguous = expected
    assert problem == SlackProblem(code=f"slack.{code}", lasting=lasting, ambiguous=ambiguous)


def refusal(code: str) -> SlackApiError:
    answer = {"ok": False, "error": code}
    return SlackApiError("refused", answer)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("code", sorted(TRANSIENT))
def test_what_passes_by_itself_is_tried_again(code: str) -> None:
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
        "what_slack_may_invent_next",
    ],
)
def test_every_other_definite_refusal_needs_a_person(code: str) -> None:
    assert classify(refusal(code)) == SlackProblem(code=f"slack.{code}", lasting=True)


@pytest.mark.parametrize(
    "code", ["user_not_found", "user_disabled", "user_not_visible", "cannot_dm_bot"]
)
def test_who_gets_no_messages_at_all_is_told_apart(code: str) -> None:
    assert classify(refusal(code)) == SlackProblem(
        code=f"slack.{code}", lasting=True, addressee_gone=True
    )


def test_who_cannot_be_reached_is_never_a_matter_of_time() -> None:
    assert not TRANSIENT & UNREACHABLE
    assert RATE_LIMITED | AMBIGUOUS <= TRANSIENT


@pytest.mark.parametrize(
    ("written", "seconds"), [("30", 30), ("0", 0), ("soon", 1), ("1.5", 1), (None, 1)]
)
async def test_how_long_slack_asks_to_wait_is_read_with_care(
    answering: Answering, written: str | None, seconds: int
) -> None:
    answering.status = 429
    answering.headers = {"Retry-After": written} if written else {}

    problem = await failure_of(answering)

    assert problem == SlackProblem(code="slack.ratelimited", retry_after=timedelta(seconds=seconds))


def test_no_answer_at_all_leaves_the_outcome_open() -> None:
    assert classify(TimeoutError()).ambiguous
    assert classify(aiohttp.ServerDisconnectedError()).ambiguous
    odd = SlackApiError("odd", {"ok": False})  # type: ignore[no-untyped-call]
    assert classify(odd).ambiguous
