"""The interaction payloads the app receives, with the same keys as Slack's recorded payloads."""

from dataclasses import dataclass
from typing import Any

from emulator.errors import Json
from emulator.modals import OpenView
from emulator.people import User
from emulator.stand_in import StandIn
from emulator.workspace import APP_ID, VERIFICATION_TOKEN, Channel

# Keys of a clicked element that are copied to ``actions[]``, before its state is added.
_COPIED_KEYS = (
    "text",
    "value",
    "style",
    "url",
    "confirm",
    "placeholder",
    "initial_option",
    "initial_options",
    "initial_user",
    "initial_users",
    "initial_conversation",
    "initial_channel",
    "initial_date",
    "initial_time",
    "initial_date_time",
    "accessibility_label",
)


@dataclass(frozen=True)
class Actor:
    """The user who performs an action, and their browser tab."""

    stand_in: StandIn
    user: User
    tab: str

    def trigger(self, view_id: str = "") -> str:
        """Issue a trigger id for the user's current action."""
        return self.stand_in.triggers.issue(self.user.id, self.tab, view_id)

    def response_url(self, family: str, channel: str, ts: str = "") -> str:
        """Issue a response URL for the user's current action."""
        team = self.stand_in.workspace.team_id
        urls = self.stand_in.response_urls
        return urls.issue(family, team, channel=channel, user=self.user.id, ts=ts)


def user_part(actor: Actor) -> Json:
    """Build the ``user`` of an interaction, with handles instead of display names."""
    user = actor.user
    team = user.team_id or actor.stand_in.workspace.team_id
    return {"id": user.id, "username": user.name, "name": user.name, "team_id": team}


def _common(actor: Actor, kind: str) -> Json:
    team = actor.stand_in.workspace.team
    return {
        "type": kind,
        "team": {"id": team["id"], "domain": team["domain"]},
        "user": user_part(actor),
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def action(element: Json, block_id: str, state: Json, action_ts: str) -> Json:
    """Build one entry of ``actions``: the element and the user's choice."""
    chosen = {key: value for key, value in state.items() if key not in ("type", "action_id")}
    copied = {key: element[key] for key in _COPIED_KEYS if key in element}
    if element["type"] == "button":
        # A button's value comes from the app, whatever the page sends.
        chosen = {}
    return {
        **copied,
        **chosen,
        "action_id": element["action_id"],
        "block_id": block_id,
        "type": element["type"],
        "action_ts": action_ts,
    }


def message_actions(
    actor: Actor, channel: Channel, message: Json, *, actions: list[Json], state: Json
) -> Json:
    """Build block_actions for a message; ``message`` is omitted for ephemeral messages."""
    ephemeral = bool(message.get("is_ephemeral"))
    container: Json = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    }
    if "thread_ts" in message:
        container["thread_ts"] = message["thread_ts"]
    payload: Json = {
        **_common(actor, "block_actions"),
        "container": container,
        "trigger_id": actor.trigger(),
        "channel": {"id": channel.id, "name": channel.payload_name},
        "state": {"values": state},
        "response_url": actor.response_url("actions", channel.id, message["ts"]),
        "actions": actions,
    }
    if not ephemeral:
        payload["message"] = message
    return payload


def view_actions(actor: Actor, view: Json, *, actions: list[Json]) -> Json:
    """Build block_actions for a modal or the App Home: no channel, no response_url."""
    modal_id = view["id"] if view["type"] == "modal" else ""
    return {
        **_common(actor, "block_actions"),
        "container": {"type": "view", "view_id": view["id"]},
        "trigger_id": actor.trigger(modal_id),
        "view": view,
        "actions": actions,
    }


def view_submission(actor: Actor, opened: OpenView) -> Json:
    """Build view_submission; ``response_urls`` only for selects with response_url_enabled."""
    return {
        **_common(actor, "view_submission"),
        "trigger_id": actor.trigger(opened.id),
        "view": opened.view,
        "response_urls": _response_urls(actor, opened.view),
    }


def _response_urls(actor: Actor, view: Json) -> list[Json]:
    urls: list[Json] = []
    for block in view["blocks"]:
        element: Any = block.get("element")
        if not isinstance(element, dict) or not element.get("response_url_enabled"):
            continue
        block_id, action_id = block["block_id"], element["action_id"]
        entry = view["state"]["values"][block_id][action_id]
        channel = entry.get("selected_conversation") or entry.get("selected_channel")
        if channel:
            url = actor.response_url("app", channel)
            ids = {"block_id": block_id, "action_id": action_id, "channel_id": channel}
            urls.append({**ids, "response_url": url})
    return urls


def view_closed(actor: Actor, view: Json, *, is_cleared: bool) -> Json:
    """Build view_closed, sent only for views with ``notify_on_close``."""
    common = _common(actor, "view_closed")
    return {**common, "view": view, "is_cleared": is_cleared}


def global_shortcut(actor: Actor, callback_id: str) -> Json:
    """Build the payload of a global shortcut: no channel, no response_url."""
    return {
        **_common(actor, "shortcut"),
        "callback_id": callback_id,
        "action_ts": f"{actor.stand_in.clock.stamp():.6f}",
        "trigger_id": actor.trigger(),
    }


def message_shortcut(actor: Actor, channel: Channel, message: Json, callback_id: str) -> Json:
    """Build the payload of a message shortcut."""
    return {
        **_common(actor, "message_action"),
        "callback_id": callback_id,
        "action_ts": f"{actor.stand_in.clock.stamp():.6f}",
        "trigger_id": actor.trigger(),
        "channel": {"id": channel.id, "name": channel.payload_name},
        "message_ts": message["ts"],
        "message": message,
        "response_url": actor.response_url("app", channel.id, message["ts"]),
    }


def slash_command(actor: Actor, channel: Channel, command: str, text: str) -> Json:
    """Build a slash command: a flat object of strings, as sent in a form."""
    team = actor.stand_in.workspace.team
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": team["id"],
        "team_domain": team["domain"],
        "channel_id": channel.id,
        "channel_name": channel.payload_name,
        "user_id": actor.user.id,
        "user_name": actor.user.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": actor.response_url("commands", channel.id),
        "trigger_id": actor.trigger(),
    }
