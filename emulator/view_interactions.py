"""User actions in a modal or the App Home: use an element, submit, close."""

from dataclasses import replace
from typing import Any

from emulator import app_responses, blocks, forms, payloads
from emulator.errors import ActError, Json, SlackError
from emulator.interaction_request import (
    ACKED,
    CONNECTION_TROUBLE,
    ack_result,
    deliver_interaction,
    element_state,
    rejected_ack_result,
    text_field,
)
from emulator.modals import OpenView
from emulator.payloads import Actor


async def view_action(actor: Actor, body: Json) -> Json:
    """Use a button or input.

    The app receives changes of an input block only with ``dispatch_action``.
    """
    stand_in, view_id = actor.stand_in, text_field(body, "view_id")
    home = stand_in.workspace.homes.get(actor.user.id)
    block_id, action_id = text_field(body, "block_id"), text_field(body, "action_id")
    if home is not None and home["id"] == view_id:
        view = home
    else:
        opened = _own_modal(actor, view_id)
        actor, view = replace(actor, tab=opened.tab), opened.view
    element = blocks.find_element(view["blocks"], block_id, action_id)
    if element is None:
        raise ActError("element_not_found", "This view has no such button or input.")
    state = element_state(body)
    given: Json = body["state"] if isinstance(body.get("state"), dict) else {}
    known = {**view["state"]["values"], **given}
    if element["type"] in blocks.VALUES:
        known[block_id] = {**_mapping(known.get(block_id)), action_id: state}
    view["state"] = {"values": blocks.state_values(view["blocks"], known)}
    if _suppresses_action(view, block_id):
        return dict(ACKED)
    action = payloads.action(element, block_id, state, stand_in.clock.ts())
    return ack_result(
        await deliver_interaction(actor, payloads.view_actions(actor, view, actions=[action]))
    )


def _mapping(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _suppresses_action(view: Json, block_id: str) -> bool:
    """Return whether the element is in an input block without ``dispatch_action`` (docs: input block)."""
    block = next(b for b in view["blocks"] if b["block_id"] == block_id)
    return block["type"] == "input" and not block.get("dispatch_action")


def _own_modal(actor: Actor, view_id: str) -> OpenView:
    try:
        opened = actor.stand_in.modals.find(view_id)
    except SlackError as error:
        raise ActError("view_not_found", "This modal is closed.") from error
    if opened.user != actor.user.id:
        raise ActError("view_not_found", "This modal belongs to another user.")
    return opened


async def view_submit(actor: Actor, body: Json) -> Json:
    """Submit a modal, after the client-side checks that Slack's client makes."""
    opened = _own_modal(actor, text_field(body, "view_id"))
    actor = replace(actor, tab=opened.tab)
    actor.stand_in.modals.update_state(opened, body.get("state"))
    if errors := forms.form_errors(opened.view):
        return {**ACKED, "errors": errors}
    payload = payloads.view_submission(actor, opened)
    ack = await deliver_interaction(actor, payload, accepts_response=True)
    if not ack.arrived:
        return ack_result(ack, CONNECTION_TROUBLE)
    try:
        return {**ACKED, **app_responses.apply_submission_ack(actor, opened, ack)}
    except SlackError as error:
        return rejected_ack_result(actor, error)


async def view_close(actor: Actor, body: Json) -> Json:
    """Close the topmost modal, or the whole stack with ``is_cleared``."""
    opened = _own_modal(actor, text_field(body, "view_id"))
    modals = actor.stand_in.modals
    is_cleared = bool(body.get("is_cleared")) or opened.view["clear_on_close"]
    if is_cleared:
        closed = modals.clear(opened.user, opened.tab)
    else:
        closed = [opened]
        modals.pop(opened)
    app_responses.notify_closed(actor, closed, is_cleared=is_cleared)
    return dict(ACKED)
