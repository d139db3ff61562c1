"""Editing the order form: adding and removing lines, updated sums, and kept input."""

import asyncio
import json
from urllib.parse import urlencode

import pytest
from slack_bolt.async_app import AsyncApp

from emulator.client import StandInClient, block_of, text_of
from tests.bot.order_driver import ANA, APPROVALS, Json, listeners_finished
from tests.bot.order_form import open_form, order_id_of, state_of
from tests.bot.signed_clicks import SignedHttp

TYPED = {"customer": "Acme", "lines.0.quantity": "7", "lines.0.unit_price": "2.50", "note": "soon"}


async def click_button(
    slack: StandInClient, form: Json, action_id: str, typed: dict[str, str]
) -> Json:
    """Click a button of the form, with this input in its fields."""
    place = {"block_id": block_of(form["blocks"], action_id), "action_id": action_id}
    state = state_of(form, typed)
    return await slack.act(ANA, "block_action", view_id=form["id"], state=state, **place)


async def write(slack: StandInClient, form: Json, block_id: str, typed: dict[str, str]) -> Json:
    """Type into a field that sends an event for every change."""
    action_id = block_id.rpartition(".")[2]
    return await slack.act(
        ANA,
        "block_action",
        view_id=form["id"],
        block_id=block_id,
        action_id=action_id,
        element_state={"value": typed[block_id]},
        state=state_of(form, typed),
    )


async def shows(slack: StandInClient, *words: str) -> Json:
    """Wait until the form has all these words."""
    return await slack.wait_for_modal(ANA, lambda v: all(word in json.dumps(v) for word in words))


def written(form: Json) -> dict[str, str]:
    """Return the values of the text inputs."""
    values = form["state"]["values"]
    return {
        block_id: state["value"]
        for block_id, by_action in values.items()
        for state in by_action.values()
        if state.get("value")
    }


def total(form: Json) -> str:
    return next(text_of(block) for block in form["blocks"] if block["block_id"] == "total")


async def test_adding_a_line_keeps_the_input(slack: StandInClient, bot: AsyncApp) -> None:
    form = await open_form(slack)

    await click_button(slack, form, "add_line", TYPED)

    longer = await shows(slack, "lines.1.sku")
    assert written(longer) == TYPED
    assert order_id_of(longer) == order_id_of(form)


async def test_removing_a_line_keeps_the_input_of_the_others(
    slack: StandInClient, bot: AsyncApp
) -> None:
    form = await open_form(slack)
    await click_button(slack, form, "add_line", TYPED)
    longer = await shows(slack, "lines.1.sku")
    second = {"lines.1.quantity": "3", "lines.1.unit_price": "100"}

    await click_button(slack, longer, "remove_line", TYPED | second)  # the first line

    left = await slack.wait_for_modal(ANA, lambda v: "lines.0.sku" not in json.dumps(v))
    assert written(left) == {"customer": "Acme", "note": "soon"} | second
    assert "300.00 USD" in total(left)


@pytest.mark.parametrize("action_id", ["add_line", "remove_line"])
async def test_a_click_delivered_twice_counts_once(
    slack: StandInClient, bot: AsyncApp, action_id: str
) -> None:
    form = await open_form(slack)
    await click_button(slack, form, "add_line", {})
    form = await shows(slack, "lines.1.sku")
    await slack.deliveries(duplicate=1)
    mark = await slack.journal_mark()

    await click_button(slack, form, action_id, {})
    await slack.wait_for_journal(after=mark, kind="api", method="views.update")
    await listeners_finished()

    (view,) = await slack.modals(ANA)
    lines = [block for block in view["blocks"] if block["block_id"].endswith(".sku")]
    assert len(lines) == (3 if action_id == "add_line" else 1)
    assert len(await slack.journal(mark, kind="api", method="views.update")) == 1


async def test_the_sums_follow_the_input(slack: StandInClient, bot: AsyncApp) -> None:
    form = await open_form(slack)

    await write(slack, form, "lines.0.quantity", TYPED)

    counted = await shows(slack, "*Total: 17.50 USD*")
    assert written(counted) == TYPED


async def test_an_invalid_number_is_marked_and_kept(slack: StandInClient, bot: AsyncApp) -> None:
    form = await open_form(slack)
    typed = TYPED | {"lines.0.unit_price": "2,5,0"}

    await write(slack, form, "lines.0.unit_price", typed)

    counted = await shows(slack, "Enter the amount as a number")
    assert written(counted) == typed
    assert "not available yet" in total(counted)


async def test_typing_and_clicking_in_an_outdated_view_loses_no_input(
    slack: StandInClient, bot: AsyncApp
) -> None:
    """Three actions in the view as it was opened: its hash alone would reject all but the first."""
    form = await open_form(slack)
    first = TYPED | {"lines.0.quantity": "70"}

    await asyncio.gather(
        write(slack, form, "lines.0.quantity", TYPED),
        click_button(slack, form, "add_line", TYPED),
        write(slack, form, "lines.0.quantity", first),
    )
    await listeners_finished()
    await write(slack, form, "lines.0.quantity", first)

    longer = await shows(slack, "lines.1.sku", "*Total: 175.00 USD*")
    assert written(longer) == first


async def test_a_late_event_with_older_input_changes_no_sum(
    slack: StandInClient, http: SignedHttp
) -> None:
    mark = await slack.journal_mark()
    await slack.say(ANA, APPROVALS, "/order")
    (pending,) = await slack.journal(mark, kind="envelope", what="/order")
    await http.send(urlencode(pending["payload"]))
    form = await slack.wait_for_modal(ANA)
    payloads = []
    for typed in (TYPED, TYPED | {"lines.0.quantity": "70"}):
        mark = await slack.journal_mark()
        await write(slack, form, "lines.0.quantity", typed)
        (envelope,) = await slack.journal(mark, kind="envelope", what="block_actions")
        payloads.append(envelope["payload"])

    await http.interact(payloads[1])
    await shows(slack, "*Total: 175.00 USD*")
    mark = await slack.journal_mark()
    await http.interact(payloads[0])
    await listeners_finished()

    assert await slack.journal(mark, kind="api", method="views.update") == []
