"""Modals and the App Home, driven by a real Bolt app."""

import asyncio
import contextlib
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from emulator.client import StandInClient, block_of
from emulator.server import RunningStandIn
from tests.emulator.block_kit import actions, button, home, modal, plain, section, text_input
from tests.emulator.raw_socket import open_socket

Json = dict[str, Any]
COMMAND = "/order"


def _open_on_command(app: AsyncApp, view: Json) -> list[Json]:
    """Open this view on the slash command; return a list that collects the command's bodies."""
    bodies: list[Json] = []

    async def open_it(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        bodies.append(body)
        # Bolt sends no ack if a listener raises immediately; the journal records the error.
        with contextlib.suppress(SlackApiError):
            await client.views_open(trigger_id=body["trigger_id"], view=view)

    app.command(COMMAND)(open_it)
    return bodies


def _record_submissions(app: AsyncApp, **ack_with: Any) -> list[Json]:
    bodies: list[Json] = []

    async def submitted(ack: Any, body: Json) -> None:
        bodies.append(body)
        await ack(**ack_with)

    app.view("form")(submitted)
    return bodies


async def _open_modal(slack: StandInClient, user: str = "U0ANA", tab: str = "main") -> Json:
    await slack.act(user, "message", tab=tab, channel="C0GENERAL", text=COMMAND)
    return await slack.wait_for_modal(user, tab=tab)


async def test_a_modal_opens_for_the_requesting_user_and_tab(
    app: AsyncApp, slack: StandInClient
) -> None:
    _open_on_command(app, modal())

    view = await _open_modal(slack, tab="left")

    assert view["title"]["text"] == "A form"
    assert await slack.modals("U0ANA", tab="right") == []
    assert await slack.modals("U0BORIS", tab="left") == []


async def test_a_trigger_can_be_used_once(
    app: AsyncApp, slack: StandInClient, web: AsyncWebClient
) -> None:
    bodies = _open_on_command(app, modal())
    await _open_modal(slack)

    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await web.views_open(trigger_id=bodies[0]["trigger_id"], view=modal())


async def test_a_trigger_expires_after_three_seconds(
    app: AsyncApp, slack: StandInClient, web: AsyncWebClient
) -> None:
    triggers: list[str] = []

    async def only_ack(ack: Any, body: Json) -> None:
        triggers.append(body["trigger_id"])
        await ack()

    app.command(COMMAND)(only_ack)
    await slack.say("U0ANA", "C0GENERAL", COMMAND)
    await slack.advance(3.1)

    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await web.views_open(trigger_id=triggers[0], view=modal())


async def test_an_unknown_trigger_is_invalid(web: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await web.views_open(trigger_id="1.2.3", view=modal())


async def test_a_rejected_view_does_not_use_the_trigger(
    app: AsyncApp, slack: StandInClient
) -> None:
    async def open_invalid_then_valid(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        with pytest.raises(SlackApiError, match="invalid_arguments"):
            await client.views_open(
                trigger_id=body["trigger_id"], view=modal(title=plain("t" * 25))
            )
        await client.views_open(trigger_id=body["trigger_id"], view=modal())

    app.command(COMMAND)(open_invalid_then_valid)

    assert (await _open_modal(slack))["type"] == "modal"


async def test_a_submission_includes_all_input_values_and_closes_the_modal(
    app: AsyncApp, slack: StandInClient
) -> None:
    _open_on_command(app, modal(text_input("a", "A"), text_input("b", "B", initial_value="kept"),
                      {**text_input("c", "C"), "optional": True}))  # fmt: skip
    bodies = _record_submissions(app)
    view = await _open_modal(slack)

    answer = await slack.submit("U0ANA", view, {"a": "typed"})

    values = bodies[0]["view"]["state"]["values"]
    assert answer == {"ok": True, "acked": True}
    assert values["A"]["a"] == {"type": "plain_text_input", "value": "typed"}
    assert values["B"]["b"]["value"] == "kept"
    assert values["C"]["c"]["value"] is None
    assert await slack.modals("U0ANA") == []


async def test_required_fields_are_checked_before_the_app_receives_the_submission(
    app: AsyncApp, slack: StandInClient
) -> None:
    _open_on_command(app, modal(text_input("a", "A", min_length=3, max_length=5)))
    bodies = _record_submissions(app)
    view = await _open_modal(slack)

    for typed in ("", "ab", "abcdef"):
        assert "A" in (await slack.submit("U0ANA", view, {"a": typed}))["errors"]
    assert bodies == []
    assert await slack.modals("U0ANA") != []


@pytest.mark.parametrize(
    ("typed", "fits"), [("7", True), ("7.5", False), ("x", False), ("99", False)]
)
async def test_a_number_input_accepts_only_valid_numbers(
    app: AsyncApp, slack: StandInClient, typed: str, *, fits: bool
) -> None:
    element = {
        "type": "number_input",
        "action_id": "n",
        "is_decimal_allowed": False,
        "max_value": "10",
    }
    _open_on_command(
        app, modal({"type": "input", "block_id": "N", "label": plain("n"), "element": element})
    )
    _record_submissions(app)
    view = await _open_modal(slack)

    assert ("errors" not in await slack.submit("U0ANA", view, {"n": typed})) == fits


async def test_errors_stay_on_their_block_and_the_modal_stays_open(
    app: AsyncApp, slack: StandInClient
) -> None:
    _open_on_command(app, modal())
    _record_submissions(app, response_action="errors", errors={"b": "Not that."})
    view = await _open_modal(slack)

    answer = await slack.submit("U0ANA", view, {"what": "x"})

    assert answer["errors"] == {"b": "Not that."}
    assert len(await slack.modals("U0ANA")) == 1


@pytest.mark.parametrize(
    "ack_with",
    [
        {"response_action": "errors", "errors": {"nowhere": "x"}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "explode"},
        {"response_action": "update", "view": {"type": "modal"}},
        {"response_action": "push", "view": home()},
    ],
    ids=["unknown block", "no errors", "unknown action", "broken view", "a home as modal"],
)
async def test_an_invalid_ack_shows_a_warning_and_keeps_the_modal_open(
    running: RunningStandIn, slack: StandInClient, web: AsyncWebClient, ack_with: Json
) -> None:
    async with open_socket(running) as socket:
        sending = asyncio.ensure_future(slack.say("U0ANA", "C0GENERAL", COMMAND))
        frame = await socket.frame()
        await socket.ack(frame)
        await sending
        trigger = frame["payload"]["trigger_id"]
        view = (await web.views_open(trigger_id=trigger, view=modal()))["view"]
        submitting = asyncio.ensure_future(slack.submit("U0ANA", view, {"what": "x"}))
        await socket.ack(await socket.frame(), ack_with)
        answer = await submitting

    assert answer["acked"] is False
    assert "trouble" in answer["warning"]
    assert len(await slack.modals("U0ANA")) == 1
    assert await slack.journal(kind="ack_rejected")


async def test_an_update_in_the_ack_keeps_the_id_and_changes_the_hash(
    app: AsyncApp, slack: StandInClient
) -> None:
    _open_on_command(app, modal())
    _record_submissions(app, response_action="update", view=modal(section("Working"), submit=None))
    view = await _open_modal(slack)

    await slack.submit("U0ANA", view, {"what": "x"})

    (after,) = await slack.modals("U0ANA")
    assert after["id"] == view["id"]
    assert after["hash"] != view["hash"]
    assert after["blocks"][0]["text"]["text"] == "Working"


async def test_a_pushed_modal_is_on_top_and_closing_it_shows_the_modal_below(
    app: AsyncApp, slack: StandInClient
) -> None:
    _open_on_command(app, modal())
    _record_submissions(app, response_action="push", view=modal(section("More"), submit=None))
    view = await _open_modal(slack)
    await slack.submit("U0ANA", view, {"what": "x"})

    below, above = await slack.modals("U0ANA")
    assert above["previous_view_id"] == above["root_view_id"] == below["id"]
    await slack.act("U0ANA", "view_close", view_id=above["id"])
    assert [v["id"] for v in await slack.modals("U0ANA")] == [view["id"]]


async def test_a_stack_has_at_most_three_modals(app: AsyncApp, slack: StandInClient) -> None:
    async def push(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        with contextlib.suppress(SlackApiError):
            await client.views_push(trigger_id=body["trigger_id"], view=layer)

    layer = modal(actions(button("deeper")), submit=None)
    _open_on_command(app, layer)
    app.action("deeper")(push)
    top = await _open_modal(slack)
    for _ in range(2):
        await slack.click_in_view("U0ANA", top, "deeper")
        top = await slack.wait_for_modal("U0ANA", lambda v, below=top: v["id"] != below["id"])  # type: ignore[misc]
    await slack.click_in_view("U0ANA", top, "deeper")
    refused = await slack.wait_for_journal(lambda e: not e["response"]["ok"], method="views.push")

    assert refused["response"]["error"] == "push_limit_reached"
    assert len(await slack.modals("U0ANA")) == 3


async def test_an_old_hash_is_a_conflict_and_typed_values_survive_an_update(
    app: AsyncApp, slack: StandInClient, web: AsyncWebClient
) -> None:
    _open_on_command(app, modal(text_input("what", "b"), actions(button("add"))))

    async def only_ack(ack: Any) -> None:
        await ack()

    app.action("add")(only_ack)
    view = await _open_modal(slack)
    block_id = block_of(view["blocks"], "add")
    state = {"b": {"what": {"value": "half typed"}}}
    click = {"view_id": view["id"], "block_id": block_id, "action_id": "add", "element_state": {}}
    await slack.act("U0ANA", "block_action", **click, state=state)

    new = modal(text_input("what", "b"), text_input("more", "c"))
    first = await web.views_update(view_id=view["id"], hash=view["hash"], view=new)
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await web.views_update(view_id=view["id"], hash=view["hash"], view=new)

    assert first["view"]["state"]["values"]["b"]["what"]["value"] == "half typed"


async def test_a_view_can_be_updated_by_its_unique_external_id(
    app: AsyncApp, slack: StandInClient, web: AsyncWebClient
) -> None:
    bodies = _open_on_command(app, modal(external_id="one"))
    await _open_modal(slack)
    await web.views_update(external_id="one", view=modal(section("New"), external_id="one"))
    with pytest.raises(SlackApiError, match="not_found"):
        await web.views_update(external_id="two", view=modal())
    await slack.say("U0BORIS", "C0GENERAL", COMMAND)
    entry = await slack.wait_for_journal(lambda e: not e["response"]["ok"], method="views.open")

    assert (await slack.modals("U0ANA"))[0]["blocks"][0]["text"]["text"] == "New"
    assert entry["response"]["error"] == "duplicate_external_id"
    assert len(bodies) == 2


async def test_a_closed_view_is_not_found(
    app: AsyncApp, slack: StandInClient, web: AsyncWebClient
) -> None:
    _open_on_command(app, modal())
    view = await _open_modal(slack)
    await slack.act("U0ANA", "view_close", view_id=view["id"])

    with pytest.raises(SlackApiError, match="not_found"):
        await web.views_update(view_id=view["id"], view=modal())
    assert (await slack.submit("U0ANA", view))["error"] == "view_not_found"


@pytest.mark.parametrize("clear", [False, True])
async def test_view_closed_is_sent_with_notify_on_close(
    app: AsyncApp, slack: StandInClient, *, clear: bool
) -> None:
    closed: list[Json] = []

    async def view_closed(ack: Any, body: Json) -> None:
        closed.append(body)
        await ack()

    app.view_closed("form")(view_closed)
    _open_on_command(app, modal(notify_on_close=True))
    view = await _open_modal(slack)

    await slack.act("U0ANA", "view_close", view_id=view["id"], is_cleared=clear)
    await slack.wait_for_journal(kind="ack", what="view_closed")

    assert closed[0]["is_cleared"] is clear


async def test_view_closed_is_not_sent_without_notify_on_close(
    app: AsyncApp, slack: StandInClient
) -> None:
    _open_on_command(app, modal())
    view = await _open_modal(slack)

    await slack.act("U0ANA", "view_close", view_id=view["id"])

    assert await slack.journal(what="view_closed") == []


async def test_clear_in_the_ack_closes_the_whole_stack(app: AsyncApp, slack: StandInClient) -> None:
    _open_on_command(app, modal())
    _record_submissions(app, response_action="clear")
    view = await _open_modal(slack)

    await slack.submit("U0ANA", view, {"what": "x"})

    assert await slack.modals("U0ANA") == []


async def test_a_push_opens_in_the_tab_of_its_modal(app: AsyncApp, slack: StandInClient) -> None:
    async def push(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_push(trigger_id=body["trigger_id"], view=modal())

    _open_on_command(app, modal(actions(button("deeper")), submit=None))
    app.action("deeper")(push)
    view = await _open_modal(slack, tab="left")
    await slack.click_in_view("U0ANA", view, "deeper", tab="right")
    top = await slack.wait_for_modal("U0ANA", lambda v: v["id"] != view["id"], tab="left")

    assert top["previous_view_id"] == view["id"]
    assert await slack.modals("U0ANA", tab="right") == []


async def test_a_user_cannot_submit_another_users_modal(
    app: AsyncApp, slack: StandInClient
) -> None:
    _open_on_command(app, modal())
    view = await _open_modal(slack)

    assert (await slack.submit("U0BORIS", view, {"what": "x"}))["error"] == "view_not_found"


async def test_input_changes_are_sent_only_with_dispatch_action(
    app: AsyncApp, slack: StandInClient
) -> None:
    received: list[str] = []

    async def changed(ack: Any, action: Json) -> None:
        received.append(action["action_id"])
        await ack()

    app.action("loud")(changed)
    _open_on_command(
        app, modal(text_input("quiet"), {**text_input("loud"), "dispatch_action": True})
    )
    view = await _open_modal(slack)

    await slack.click_in_view("U0ANA", view, "quiet", value="x")
    await slack.click_in_view("U0ANA", view, "loud", value="y")

    assert received == ["loud"]


async def test_a_home_tab_can_be_published_and_clicked_and_checks_its_hash(
    app: AsyncApp, slack: StandInClient, web: AsyncWebClient
) -> None:
    clicked: list[Json] = []

    async def on_click(ack: Any, body: Json) -> None:
        clicked.append(body)
        await ack()

    app.action("refresh")(on_click)
    first = (await web.views_publish(user_id="U0ANA", view=home(actions(button("refresh")))))[
        "view"
    ]
    await slack.click_in_view("U0ANA", first, "refresh")
    second = (await web.views_publish(user_id="U0ANA", view=home(), hash=first["hash"]))["view"]

    assert clicked[0]["container"] == {"type": "view", "view_id": first["id"]}
    assert "response_url" not in clicked[0]
    assert second["id"] == first["id"]
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await web.views_publish(user_id="U0ANA", view=home(), hash=first["hash"])
    assert await slack.home("U0BORIS") is None
