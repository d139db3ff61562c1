"""User actions: messages, commands, clicks and shortcuts; each returns when the app has acked."""

from collections.abc import Awaitable, Callable

from emulator import app_responses, blocks, messages, payloads, user_messages
from emulator.delivery import Envelope
from emulator.errors import ActError, Json, SlackError
from emulator.interaction_request import (
    ACKED,
    ack_result,
    channel_of,
    deliver_interaction,
    element_state,
    rejected_ack_result,
    text_field,
    texts_field,
)
from emulator.payloads import Actor
from emulator.stand_in import StandIn
from emulator.view_interactions import view_action, view_close, view_submit
from emulator.workspace import BOT_USER, Channel

_MAX_TEXT = 12_000


async def act(stand_in: StandIn, body: Json) -> Json:
    """Perform one user action (README: page routes); errors are returned, never raised."""
    try:
        answer = await _handler(text_field(body, "kind"))(_actor(stand_in, body), body)
    except ActError as error:
        answer = {"ok": False, "error": error.code, "message": error.message}
    except SlackError as error:
        answer = {
            "ok": False,
            "error": error.code,
            "message": f"Slack returns the error {error.code}.",
        }
    stand_in.journal.write("act", what=str(body.get("kind")), body=body, answer=answer)
    return answer


def _handler(kind: str) -> Callable[[Actor, Json], Awaitable[Json]]:
    handler = _HANDLERS.get(kind)
    if handler is None:
        raise ActError(
            "unknown_kind", f"Unknown kind {kind!r}; it must be one of: {', '.join(_HANDLERS)}."
        )
    return handler


def _actor(stand_in: StandIn, body: Json) -> Actor:
    user = stand_in.workspace.users.get(text_field(body, "user"))
    if user is None:
        raise ActError("user_not_found", "There is no user with this id.")
    if not user.can_act():
        raise ActError("user_cannot_act", f"{user.real_name} is a bot or has been deactivated.")
    return Actor(stand_in, user, text_field(body, "tab", "main"))


async def _message(actor: Actor, body: Json) -> Json:
    channel, text = channel_of(actor, body), text_field(body, "text")
    thread_ts, files = text_field(body, "thread_ts", ""), texts_field(body, "files")
    if not (text.strip() or files) or len(text) > _MAX_TEXT:
        raise ActError("invalid_text", f"A message must have 1 to {_MAX_TEXT} characters.")
    if channel.is_archived:
        raise ActError("is_archived", f"#{channel.name} is archived.")
    manifest = actor.stand_in.manifest
    if channel.kind == "im" and (not manifest.messages_tab or manifest.messages_read_only):
        raise ActError("messages_tab_disabled", "Sending messages to this app has been turned off.")
    is_me = text.startswith("/me ")
    if text.startswith("/") and not is_me:
        return await _slash_command(actor, channel, text, thread_ts)
    if actor.user.id not in channel.members:
        raise ActError("not_in_channel", f"{actor.user.real_name} is not in #{channel.name}.")
    typed = user_messages.Typed(
        user=actor.user,
        text=text.removeprefix("/me ") if is_me else text,
        thread_ts=thread_ts,
        files=files,
        is_me=is_me,
        broadcast=body.get("broadcast") is True,
    )
    message = user_messages.post(actor.stand_in, channel, typed)
    _mark_read(actor, channel)
    return {**ACKED, "ts": message["ts"]}


async def _slash_command(actor: Actor, channel: Channel, text: str, thread_ts: str) -> Json:
    command, _, arguments = text.partition(" ")
    if actor.stand_in.manifest.command(command) is None:
        message = f"{command} is not a valid command. The manifest must declare it."
        raise ActError("unknown_command", message)
    if thread_ts:
        raise ActError("no_command_in_thread", f"{command} is not supported in threads. Sorry!")
    payload = payloads.slash_command(actor, channel, command, arguments.strip())
    ack = await actor.stand_in.dispatcher.deliver(Envelope(kind="slash_commands", payload=payload))
    if not ack.arrived:
        reason = "operation_timeout" if ack.status is None else "dispatch_failed"
        return ack_result(ack, f'{command} failed with the error "{reason}"')
    try:
        app_responses.apply_slash_ack(actor, channel, ack)
    except SlackError as error:
        return rejected_ack_result(actor, error)
    return dict(ACKED)


async def _block_action(actor: Actor, body: Json) -> Json:
    if "view_id" in body:
        return await view_action(actor, body)
    channel, ts = channel_of(actor, body), text_field(body, "ts")
    block_id, action_id = text_field(body, "block_id"), text_field(body, "action_id")
    versions = _versions(actor, channel, ts)
    for message in versions:
        element = blocks.find_element(message.get("blocks", []), block_id, action_id)
        if element is not None:
            break
    else:
        raise ActError("element_not_found", "This message has no such button or input.")
    state = element_state(body)
    values = _record_input(actor, channel, message, (block_id, action_id, state))
    action = payloads.action(element, block_id, state, actor.stand_in.clock.ts())
    payload = payloads.message_actions(actor, channel, message, actions=[action], state=values)
    return ack_result(await deliver_interaction(actor, payload))


def _versions(actor: Actor, channel: Channel, ts: str) -> list[Json]:
    workspace = actor.stand_in.workspace
    ephemeral = workspace.ephemerals.get((actor.user.id, channel.id), {}).get(ts)
    if ephemeral is not None:
        current = ephemeral
    elif actor.user.id not in channel.members:
        raise ActError("not_in_channel", f"{actor.user.real_name} is not in #{channel.name}.")
    else:
        current = messages.find(actor.stand_in, channel, ts)
    return [current, *messages.previous_versions(actor.stand_in, channel, ts)]


def _record_input(
    actor: Actor, channel: Channel, message: Json, change: tuple[str, str, Json]
) -> Json:
    """Record a change of a message input; Slack sends the state of all inputs with each click."""
    block_id, action_id, state = change
    key = (actor.user.id, channel.id, message["ts"])
    states = actor.stand_in.input_states
    states.setdefault(key, {}).setdefault(block_id, {})[action_id] = state
    known = states[key]
    while len(states) > messages.MAX_TRACKED_MESSAGES:
        states.pop(next(iter(states)))
    return blocks.state_values(message.get("blocks", []), known)


async def _global_shortcut(actor: Actor, body: Json) -> Json:
    callback_id = _declared_shortcut(actor, "global", body)
    return ack_result(
        await deliver_interaction(actor, payloads.global_shortcut(actor, callback_id))
    )


async def _message_shortcut(actor: Actor, body: Json) -> Json:
    callback_id, channel = _declared_shortcut(actor, "message", body), channel_of(actor, body)
    message = messages.find(actor.stand_in, channel, text_field(body, "ts"))
    payload = payloads.message_shortcut(actor, channel, message, callback_id)
    return ack_result(await deliver_interaction(actor, payload))


def _declared_shortcut(actor: Actor, kind: str, body: Json) -> str:
    callback_id = text_field(body, "callback_id")
    if actor.stand_in.manifest.shortcut(kind, callback_id) is None:
        raise ActError(
            "unknown_shortcut", f"The manifest declares no {kind} shortcut with this id."
        )
    return callback_id


async def _open_home(actor: Actor, body: Json) -> Json:
    stand_in, section = actor.stand_in, text_field(body, "section", "home")
    manifest = stand_in.manifest
    offered = {"home": manifest.home_tab, "messages": manifest.messages_tab}
    if not offered.get(section):
        raise ActError("tab_disabled", f"The manifest does not enable the {section} tab.")
    channel = stand_in.workspace.im_with(actor.user.id)
    event: Json = {
        "type": "app_home_opened",
        "user": actor.user.id,
        "channel": channel.id,
        "tab": section,
    }
    home = stand_in.workspace.homes.get(actor.user.id)
    if section == "home" and home is not None:
        event["view"] = home
    stand_in.emit("app_home_opened", event)
    return dict(ACKED)


async def _open_channel(actor: Actor, body: Json) -> Json:
    channel = channel_of(actor, body)
    _mark_read(actor, channel)
    actor.stand_in.changes.publish("channels", user=actor.user.id)
    return dict(ACKED)


def _mark_read(actor: Actor, channel: Channel) -> None:
    stored = actor.stand_in.workspace.sorted_messages(channel.id)
    if stored:
        actor.stand_in.workspace.last_read[f"{actor.user.id}:{channel.id}"] = stored[-1]["ts"]


async def _delete_message(actor: Actor, body: Json) -> Json:
    channel, ts = channel_of(actor, body), text_field(body, "ts")
    message = _versions(actor, channel, ts)[0]
    owners = (actor.user.id, BOT_USER)
    if message.get("user") not in owners and not actor.user.admin:
        raise ActError(
            "cant_delete_message", "Only its author or an admin can delete this message."
        )
    messages.delete(actor.stand_in, channel, message)
    return dict(ACKED)


_HANDLERS: dict[str, Callable[[Actor, Json], Awaitable[Json]]] = {
    "message": _message,
    "block_action": _block_action,
    "view_submit": view_submit,
    "view_close": view_close,
    "global_shortcut": _global_shortcut,
    "message_shortcut": _message_shortcut,
    "open_home": _open_home,
    "open_channel": _open_channel,
    "delete_message": _delete_message,
}
