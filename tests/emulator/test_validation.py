"""Block Kit limits: each limit at its bound and one step over it."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from emulator import validation
from tests.emulator.block_kit import actions, button, home, modal, plain, section, text_input

pytestmark = pytest.mark.filterwarnings("ignore:The top-level `text` argument:UserWarning")

Json = dict[str, Any]


def _select(count: int, text: int = 1, value: int = 1) -> Json:
    options = [{"text": plain("t" * text), "value": "v" * value} for _ in range(count)]
    return {"type": "static_select", "action_id": "s", "options": options}


def _choices(kind: str, count: int) -> Json:
    return {**_select(count), "type": kind, "action_id": "c"}


def _confirm(title: int = 1, text: int = 1, ok: int = 1, no: int = 1) -> Json:
    return {
        "title": plain("t" * title),
        "text": plain("x" * text),
        "confirm": plain("y" * ok),
        "deny": plain("n" * no),
    }


def _fields(count: int, length: int) -> Json:
    return {"type": "section", "fields": [plain("f" * length) for _ in range(count)]}


def _context(count: int) -> Json:
    return {"type": "context", "elements": [plain("c") for _ in range(count)]}


def _header(length: int) -> Json:
    return {"type": "header", "text": plain("h" * length)}


def _typed(length: int, **more: Any) -> Json:
    return text_input("t", max_length=length, **more)


def _divider(block_id: int) -> Json:
    return {"type": "divider", "block_id": "b" * block_id}


def _markdown(length: int) -> Json:
    return {"type": "markdown", "text": "m" * length}


def _many(count: int) -> list[Json]:
    return [{"type": "divider"} for _ in range(count)]


LIMITS: list[tuple[str, Any, Any, str]] = [
    ("50 blocks", _many(50), _many(51), "/blocks"),
    ("section text 3000", section("x" * 3000), section("x" * 3001), "/blocks/0/text/text"),
    ("section text 1", section("x"), section(""), "/blocks/0/text/text"),
    ("10 fields", _fields(10, 1), _fields(11, 1), "/blocks/0/fields"),
    ("field text 2000", _fields(1, 2000), _fields(1, 2001), "/blocks/0/fields/0/text"),
    ("header 150", _header(150), _header(151), "/blocks/0/text/text"),
    (
        "button text 75",
        actions(button("a" * 75)),
        actions(button("a" * 76)),
        "/blocks/0/elements/0/text/text",
    ),
    (
        "button value 2000",
        actions(button("a", "v" * 2000)),
        actions(button("a", "v" * 2001)),
        "/blocks/0/elements/0/value",
    ),
    (
        "button url 3000",
        actions(button("a", url="u" * 3000)),
        actions(button("a", url="u" * 3001)),
        "/blocks/0/elements/0/url",
    ),
    (
        "button style",
        actions(button("a", style="danger")),
        actions(button("a", style="loud")),
        "/blocks/0/elements/0/style",
    ),
    (
        "action_id 255",
        actions({**button("a"), "action_id": "a" * 255}),
        actions({**button("a"), "action_id": "a" * 256}),
        "/blocks/0/elements/0/action_id",
    ),
    ("block_id 255", _divider(255), _divider(256), "/blocks/0/block_id"),
    ("10 context elements", _context(10), _context(11), "/blocks/0/elements"),
    (
        "25 actions",
        actions(*(button(f"a{n}") for n in range(25))),
        actions(*(button(f"a{n}") for n in range(26))),
        "/blocks/0/elements",
    ),
    (
        "5 overflow options",
        actions(_choices("overflow", 5)),
        actions(_choices("overflow", 6)),
        "/blocks/0/elements/0/options",
    ),
    ("100 options", actions(_select(100)), actions(_select(101)), "/blocks/0/elements/0/options"),
    (
        "option text 75",
        actions(_select(1, 75)),
        actions(_select(1, 76)),
        "/blocks/0/elements/0/options/0/text/text",
    ),
    (
        "option value 150",
        actions(_select(1, 1, 150)),
        actions(_select(1, 1, 151)),
        "/blocks/0/elements/0/options/0/value",
    ),
    (
        "10 radio buttons",
        actions(_choices("radio_buttons", 10)),
        actions(_choices("radio_buttons", 11)),
        "/blocks/0/elements/0/options",
    ),
    (
        "10 checkboxes",
        actions(_choices("checkboxes", 10)),
        actions(_choices("checkboxes", 11)),
        "/blocks/0/elements/0/options",
    ),
    ("max_length 3000", _typed(3000), _typed(3001), "/blocks/0/element/max_length"),
    (
        "min below max",
        _typed(5, min_length=5),
        _typed(5, min_length=6),
        "/blocks/0/element/min_length",
    ),
    ("markdown 12000", _markdown(12_000), _markdown(12_001), "/blocks/0/text"),
    (
        "confirm title 100",
        actions(button("a", confirm=_confirm(title=100))),
        actions(button("a", confirm=_confirm(title=101))),
        "/blocks/0/elements/0/confirm/title/text",
    ),
    (
        "confirm text 300",
        actions(button("a", confirm=_confirm(text=300))),
        actions(button("a", confirm=_confirm(text=301))),
        "/blocks/0/elements/0/confirm/text/text",
    ),
    (
        "confirm yes 30",
        actions(button("a", confirm=_confirm(ok=30))),
        actions(button("a", confirm=_confirm(ok=31))),
        "/blocks/0/elements/0/confirm/confirm/text",
    ),
    (
        "confirm no 30",
        actions(button("a", confirm=_confirm(no=30))),
        actions(button("a", confirm=_confirm(no=31))),
        "/blocks/0/elements/0/confirm/deny/text",
    ),
]


@pytest.mark.parametrize(
    ("good", "bad", "place"), [row[1:] for row in LIMITS], ids=[r[0] for r in LIMITS]
)
def test_a_value_at_the_limit_is_valid_and_one_step_over_is_not(
    good: Any, bad: Any, place: str
) -> None:
    def pointers(blocks: Any) -> list[str]:
        listed = blocks if isinstance(blocks, list) else [blocks]
        return [p.pointer for p in validation.block_problems(listed, "message")]

    assert pointers(good) == []
    assert pointers(bad) == [place]


WRONG: list[tuple[str, list[Any], str]] = [
    ("no type", [{"text": "x"}], "missing required field: type"),
    ("an unknown block", [{"type": "sparkles"}], "unsupported type: sparkles"),
    ("no object", ["divider"], "must provide an object"),
    ("an empty section", [{"type": "section"}], "missing required field: text or fields"),
    ("an unknown field", [{"type": "divider", "x": 1}], "invalid additional property: x"),
    ("mrkdwn in a header", [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "plain_text"),
    ("a button as input", [{"type": "input", "label": plain("l"), "element": button("a")}], "unsupported type: button"),
    ("an input among actions", [actions({"type": "plain_text_input", "action_id": "a"})], "unsupported type"),
    ("input without label", [{"type": "input", "element": {"type": "plain_text_input"}}], "missing required field: label"),
    ("select without options", [actions({"type": "static_select"})], "options or option_groups"),
    ("an impossible date", [actions({"type": "datepicker", "initial_date": "2026-13-01"})], "pattern"),
    ("text where a number belongs", [text_input("a", max_length="9")], "must provide an integer"),
    ("two equal action ids", [actions(button("a"), button("a"))], "`action_id` already exists"),
    ("two equal block ids", [{"type": "divider", "block_id": "d"}] * 2, "`block_id` already exists"),
    ("alert in a message", [{"type": "alert", "text": plain("x")}], "unsupported type: alert"),
    ("a file input in a message", [{"type": "input", "label": plain("l"), "element": {"type": "file_input"}}], "file_input"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("blocks", "expected"), [row[1:] for row in WRONG], ids=[r[0] for r in WRONG]
)
async def test_invalid_blocks_are_rejected_with_a_json_pointer(
    web: AsyncWebClient, blocks: list[Any], expected: str
) -> None:
    with pytest.raises(SlackApiError) as raised:
        await web.chat_postMessage(channel="C0GENERAL", blocks=blocks)

    assert raised.value.response["error"] == "invalid_blocks"
    lines = raised.value.response["response_metadata"]["messages"]
    assert any(expected in line and "[json-pointer:/blocks/" in line for line in lines)


VIEWS: list[tuple[str, Json, str]] = [
    ("a long title", modal(title=plain("t" * 25)), "/view/title/text"),
    ("a long submit", modal(submit=plain("t" * 25)), "/view/submit/text"),
    ("a long close", modal(close=plain("t" * 25)), "/view/close/text"),
    ("long private_metadata", modal(private_metadata="p" * 3001), "/view/private_metadata"),
    ("a long callback_id", modal(callback_id="c" * 256), "/view/callback_id"),
    ("a long external_id", modal(external_id="e" * 256), "/view/external_id"),
    ("no submit", modal(submit=None), "missing required field: submit"),
    ("no title", modal(title=None), "missing required field: title"),
    ("an unknown field", modal(color="red"), "invalid additional property: color"),
    ("a strange type", modal(type="popup"), "/view/type"),
]


@pytest.mark.parametrize(
    ("view", "expected"), [row[1:] for row in VIEWS], ids=[r[0] for r in VIEWS]
)
def test_an_invalid_view_is_reported_with_a_json_pointer(view: Json, expected: str) -> None:
    own, inside = validation.view_problems(view)

    assert any(expected in p.line() for p in own)
    assert inside == []


def test_a_modal_allows_100_blocks_and_alerts_but_a_home_allows_no_alert() -> None:
    alert = {"type": "alert", "text": plain("careful")}

    assert validation.view_problems(modal(*_many(99), alert)) == ([], [])
    assert validation.view_problems(modal(*_many(101)))[1] != []
    assert validation.view_problems(home(alert))[1] != []


async def test_a_view_over_the_size_limit_is_too_large(web: AsyncWebClient) -> None:
    fat = [_fields(10, 1900) for _ in range(14)]
    with pytest.raises(SlackApiError, match="view_too_large"):
        await web.views_publish(user_id="U0ANA", view=home(*fat))


@pytest.mark.parametrize(
    ("given", "error", "pointer"),
    [
        ({"blocks": [_header(151)]}, "invalid_blocks", "/blocks/0/text/text"),
        ({"message": {"blocks": [_header(151)]}}, "invalid_message", "/message/blocks/0/text/text"),
        ({"view": modal(title=plain("t" * 25))}, "invalid_view", "/view/title/text"),
    ],
)
async def test_blocks_validate_reports_each_violated_constraint(
    web: AsyncWebClient, given: Json, error: str, pointer: str
) -> None:
    with pytest.raises(SlackApiError) as raised:
        await web.api_call("blocks.validate", json=given)

    assert raised.value.response["error"] == error
    first = raised.value.response["errors"][0]
    assert first["pointer"] == pointer
    assert first["code"] == "failed_constraint"
    assert first["constraint"]["name"] == "max_length"


async def test_blocks_validate_requires_exactly_one_valid_argument(
    web: AsyncWebClient,
) -> None:
    good = [section("x")]

    assert (await web.api_call("blocks.validate", json={"blocks": good}))["ok"]
    for given in ({}, {"blocks": good, "view": modal()}):
        with pytest.raises(SlackApiError, match="invalid_arguments"):
            await web.api_call("blocks.validate", json=given)
