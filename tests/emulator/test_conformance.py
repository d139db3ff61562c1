"""What we emit has every key, with the same JSON type, of what others recorded from Slack itself."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from emulator.client import StandInClient
from emulator.delivery import Envelope
from emulator.http_delivery import encode
from emulator.server import RunningStandIn
from tests.emulator.block_kit import actions, button, home, modal, plain, section, text_input
from tests.emulator.raw_socket import RawSocket, open_socket

Json = dict[str, Any]
RECORDED = Path(__file__).parents[3] / "shared" / "slack_payloads"
needs_recordings = pytest.mark.skipif(
    not RECORDED.is_dir(),
    reason="../shared/slack_payloads is not there: clone it beside the project to run these",
)
pytestmark = needs_recordings

# Keys that we leave out on purpose, wherever they stand, and why.
GRID = {"enterprise_id", "enterprise_name", "enterprise_user", "teams"}
LEGACY = {"authed_users", "authed_teams"}  # sent to apps made before 2021 only
FUNCTIONS = {"function_data", "bot_access_token", "interactivity"}  # a later issue
ATTACHED = {"attachment_id", "is_app_unfurl", "app_unfurl_url", "app_unfurl", "text"}
# These stand only in accounts of a kind: bots, guests, strangers, own pictures, asked locale.
SOME_ACCOUNTS = {
    "always_active", "api_app_id", "bot_id", "guest_channels", "guest_expiration_ts",
    "guest_invited_by", "has_files", "huddle_state", "huddle_state_expiration_ts", "image_1024",
    "image_original", "is_connector_bot", "is_custom_image", "is_invited_user", "is_stranger",
    "is_workflow_bot", "locale", "presence", "pronouns", "start_date", "status_emoji_url",
    "two_factor_type", "email",
}  # fmt: skip
FAILURES = {"error", "needed", "provided", "warning", "response_metadata", "expires_in"}
ALWAYS_LEFT_OUT = GRID | LEGACY


def recorded(name: str) -> Json:
    found: Json = json.loads((RECORDED / name).read_text(encoding="utf-8"))
    return found


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {dict: "object", list: "array", str: "string", int: "number", float: "number"}
    return names.get(type(value), "null")


def differences(theirs: Any, ours: Any, without: set[str], place: str = "") -> list[str]:
    """List the places where ``ours`` lacks a key of ``theirs`` or has another type (null fits all)."""
    if theirs is None or ours is None:
        return []
    if kind(theirs) != kind(ours):
        return [f"{place}: {kind(theirs)} recorded, {kind(ours)} emitted"]
    if isinstance(theirs, list):
        pairs = zip(theirs[:1], ours[:1], strict=False)
        below = f"{place}/*" if place.endswith("/values") else f"{place}/0"
        return [d for t, o in pairs for d in differences(t, o, without, below)]
    if not isinstance(theirs, dict):
        return []
    if place.endswith(("/values", "/values/*")):
        # Here the keys are the app's own block and action ids.
        theirs, ours = list(theirs.values()), list(ours.values())
        return differences(theirs[:1], ours[:1], without, place)
    found = [f"{place}/{key}: missing" for key in theirs if key not in ours and key not in without]
    for key in theirs.keys() & ours.keys():
        found += differences(theirs[key], ours[key], without, f"{place}/{key}")
    return found


def assert_conforms(name: str | Json, ours: Any, *without: set[str]) -> None:
    theirs = recorded(name) if isinstance(name, str) else name
    assert differences(theirs, ours, ALWAYS_LEFT_OUT.union(*without)) == []


@pytest.fixture
async def socket(running: RunningStandIn) -> AsyncIterator[RawSocket]:
    async with open_socket(running) as opened:
        yield opened


async def _next(socket: RawSocket, slack: StandInClient, user: str, **act: Any) -> Json:
    """Do something as a person and hand out the envelope that comes of it, acknowledged."""
    doing = asyncio.ensure_future(slack.act(user, **act))
    await socket.ack(frame := await socket.frame())
    while frame["type"] == "events_api":  # of the messages that came before
        await socket.ack(frame := await socket.frame())
    await doing
    return frame


async def _card(web: AsyncWebClient) -> Json:
    blocks = [actions(button("a", "underlying"), block_id="b"), section("x")]
    posted = await web.chat_postMessage(channel="C0APPROVALS", text="card", blocks=blocks)
    message: Json = posted["message"]
    return message


async def _click(socket: RawSocket, slack: StandInClient, web: AsyncWebClient) -> Json:
    place = {"channel": "C0APPROVALS", "ts": (await _card(web))["ts"]}
    return await _next(socket, slack, "U0ANA", kind="block_action", block_id="b", action_id="a",
                       element_state={}, **place)  # fmt: skip


async def _open_modal(socket: RawSocket, slack: StandInClient, web: AsyncWebClient) -> Json:
    command = await _next(
        socket, slack, "U0ANA", kind="message", channel="C0GENERAL", text="/order"
    )
    blocks = [
        text_input("what", "b"),
        {
            "type": "input",
            "label": plain("where"),
            "element": {
                "type": "conversations_select",
                "action_id": "where",
                "response_url_enabled": True,
                "initial_conversation": "C0GENERAL",
            },
        },
    ]
    opened = await web.views_open(
        trigger_id=command["payload"]["trigger_id"],
        view=modal(*blocks, notify_on_close=True, close=plain("Cancel")),
    )
    view: Json = opened["view"]
    return view


async def test_hello_is_as_recorded(socket: RawSocket) -> None:
    assert_conforms("socket_mode_envelope.json", socket.hello)


async def test_a_click_on_a_message_is_as_recorded(
    socket: RawSocket, slack: StandInClient, web: AsyncWebClient
) -> None:
    frame = await _click(socket, slack, web)

    assert_conforms("socket_mode_envelope.2.json", frame)
    assert_conforms("block_actions.docs_button.json", frame["payload"], ATTACHED)
    assert_conforms("function_scoped.2.json", frame["payload"], FUNCTIONS)
    # This structure is the union of all clicks there are: look at the parts ours has.
    union = recorded("structures/block_actions.structure.json")
    parts = ("enterprise", "team", "user", "container", "channel", "trigger_id", "response_url")
    assert_conforms(
        {key: union[key] for key in parts}, frame["payload"], ATTACHED, {"view_id", "thread_ts"}
    )
    missing = union.keys() - frame["payload"].keys()
    assert missing == FUNCTIONS | {"view", "app_unfurl"}


async def test_a_click_in_a_thread_names_the_thread(
    socket: RawSocket, slack: StandInClient, web: AsyncWebClient
) -> None:
    root = await _card(web)
    reply = await web.chat_postMessage(
        channel="C0APPROVALS",
        text="r",
        thread_ts=root["ts"],
        blocks=[actions(button("a"), block_id="b")],
    )
    frame = await _next(socket, slack, "U0ANA", kind="block_action", block_id="b", action_id="a",
                        channel="C0APPROVALS", ts=reply["ts"], element_state={})  # fmt: skip

    assert frame["payload"]["container"]["thread_ts"] == root["ts"]


async def test_a_click_in_the_app_home_is_as_recorded(
    socket: RawSocket, slack: StandInClient, web: AsyncWebClient
) -> None:
    blocks = [section("x"), actions(button("home_button_1", style="primary"), block_id="h")]
    view = (await web.views_publish(user_id="U0ANA", view=home(*blocks)))["view"]
    frame = await _next(socket, slack, "U0ANA", kind="block_action", view_id=view["id"], block_id="h",
                        action_id="home_button_1", element_state={})  # fmt: skip

    assert_conforms("block_actions.home_tab.real.json", frame["payload"])


@pytest.mark.parametrize(
    "name",
    [
        "view_submission.bolt.json",
        "view_submission.response_urls.json",
        "structures/view_submission.structure.json",
    ],
)
async def test_a_submission_is_as_recorded(
    socket: RawSocket, slack: StandInClient, web: AsyncWebClient, name: str
) -> None:
    view = await _open_modal(socket, slack, web)
    state = {"b": {"what": {"value": "test"}}}
    frame = await _next(socket, slack, "U0ANA", kind="view_submit", view_id=view["id"], state=state)

    assert frame["accepts_response_payload"] is True
    # is_cleared belongs to view_closed; Slack's own structure file merges the two.
    assert_conforms(name, frame["payload"], FUNCTIONS, {"is_cleared"})
    assert frame["payload"]["response_urls"][0]["channel_id"] == "C0GENERAL"


async def test_a_closed_view_is_as_recorded(
    socket: RawSocket, slack: StandInClient, web: AsyncWebClient
) -> None:
    view = await _open_modal(socket, slack, web)
    frame = await _next(socket, slack, "U0ANA", kind="view_close", view_id=view["id"])

    assert_conforms("structures/view_closed.structure.json", frame["payload"], FUNCTIONS)


async def test_shortcuts_are_as_recorded(socket: RawSocket, slack: StandInClient) -> None:
    typed = await _said(socket, slack)
    everywhere = await _next(
        socket, slack, "U0ANA", kind="global_shortcut", callback_id="new_order"
    )
    on_message = await _next(socket, slack, "U0ANA", kind="message_shortcut", ts=typed,
                             callback_id="approve_it", channel="C0GENERAL")  # fmt: skip
    union = recorded("structures/message_shortcut.structure.json")

    assert_conforms("shortcut.global.json", everywhere["payload"])
    assert_conforms("shortcut.message_action.json", on_message["payload"])
    del union["message"]  # the union of all messages there are
    assert_conforms(union, on_message["payload"])


async def _said(socket: RawSocket, slack: StandInClient) -> str:
    """Say something where the app listens; swallow its event."""
    ts: str = (await slack.say("U0ANA", "C0GENERAL", "<@W0HANA> test"))["ts"]
    await socket.ack(await socket.frame())
    return ts


async def test_a_slash_command_is_as_recorded_on_both_ways(
    socket: RawSocket, slack: StandInClient
) -> None:
    frame = await _next(
        socket, slack, "U0ANA", kind="message", channel="C0GENERAL", text="/order 1"
    )
    body, _ = encode(Envelope(kind="slash_commands", payload=frame["payload"]))
    form = (RECORDED / "slash_command.form.txt").read_text(encoding="utf-8")

    assert_conforms("socket_envelope.recorded.0.slash_commands.json", frame)
    assert_conforms("socket_mode_envelope.4.json", frame)
    assert_conforms(dict(parse_qsl(form)), dict(parse_qsl(body, keep_blank_values=True)))
    structure = recorded("structures/slash_command.structure.json")
    # The recording of the wire has this as text: SLACK.md, payload traps.
    assert frame["payload"]["is_enterprise_install"] == "false"
    del structure["is_enterprise_install"]
    assert_conforms(structure, frame["payload"])


async def test_a_message_event_and_a_mention_are_as_recorded(
    socket: RawSocket, slack: StandInClient
) -> None:
    await slack.say("U0ANA", "C0GENERAL", "<@U0LOCALBOT> hi")
    frames = [await socket.frame(), await socket.frame()]
    by_type = {frame["payload"]["event"]["type"]: frame for frame in frames}

    assert_conforms("socket_envelope.recorded.3.events_api.message.json", by_type["message"])
    assert_conforms("event.app_mention.json", by_type["app_mention"]["payload"])


async def test_a_new_member_is_as_recorded(socket: RawSocket, slack: StandInClient) -> None:
    user = {"id": "U0NEW", "name": "nia", "real_name": "Nia New", "email": "nia@example.com"}
    await slack.people("team_join", user=user)
    frame = await socket.frame()

    structure = recorded("structures/team_join.structure.json")
    profile = structure["event"]["user"].pop("profile")
    user = frame["payload"]["event"]["user"]
    assert_conforms(structure, frame["payload"], SOME_ACCOUNTS - {"api_app_id", "locale"})
    assert_conforms(profile, user["profile"], SOME_ACCOUNTS - {"email"})


async def test_an_opened_home_is_as_recorded(
    socket: RawSocket, slack: StandInClient, web: AsyncWebClient
) -> None:
    await web.views_publish(user_id="U0ANA", view=home())
    await slack.act("U0ANA", "open_home")

    frame = await socket.frame()

    assert_conforms("structures/app_home_opened.structure.json", frame["payload"])


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("auth.test", {}),
        ("chat.postEphemeral", {"channel": "C0GENERAL", "user": "U0ANA", "text": "x"}),
        ("dnd.info", {"user": "U0ANA"}),
        ("usergroups.users.list", {"usergroup": "S0SALES"}),
        ("users.info", {"user": "U0ANA"}),
        ("users.lookupByEmail", {"email": "ana@example.com"}),
    ],
)
async def test_an_answer_is_as_recorded(web: AsyncWebClient, method: str, arguments: Json) -> None:
    answer = await web.api_call(method, params=arguments)

    name = f"structures/api.{method}.structure.json"
    about_people = SOME_ACCOUNTS - {"email"} if method.startswith("users.") else set()
    assert_conforms(name, answer.data, FAILURES, about_people)


def test_the_comparison_itself_finds_what_is_missing_or_of_another_type() -> None:
    theirs = {"a": 1, "b": {"c": "x"}, "d": [{"e": True}], "n": None}
    ours = {"b": {"c": 5}, "d": [{}], "n": {}}

    assert sorted(differences(theirs, ours, set())) == [
        "/a: missing",
        "/b/c: string recorded, number emitted",
        "/d/0/e: missing",
    ]
