"""auth.test, api.test, apps.connections.open, reactions.* and blocks.validate."""

from emulator import messages, validation
from emulator.errors import Json, SlackError
from emulator.methods.registry import Call, Token, method
from emulator.workspace import APP_ID, BOT_ID, BOT_USER, Channel


@method("api.test", token=Token.NONE, optional={"error": "str", "foo": "str"})
def api_test(call: Call) -> Json:
    """Echo the arguments, or fail with the given error."""
    if call.text("error"):
        raise SlackError(call.text("error"), args=call.arguments)
    return {"args": call.arguments}


@method("auth.test")
def auth_test(call: Call) -> Json:
    """Describe the owner of the token."""
    workspace = call.stand_in.workspace
    return {
        "url": f"{call.stand_in.base_url}/",
        "team": workspace.team["name"],
        "user": workspace.users[BOT_USER].name,
        "team_id": workspace.team_id,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
        "app_id": APP_ID,
        "app_name": call.stand_in.manifest.name,
    }


@method("apps.connections.open", token=Token.APP)
def open_connection(call: Call) -> Json:
    """Return a one-time WebSocket URL; requires an app-level token."""
    stand_in = call.stand_in
    if not stand_in.uses_sockets:
        raise SlackError("socket_mode_not_enabled")
    host = stand_in.base_url.removeprefix("http://")
    ticket = stand_in.socket_mode.issue_ticket()
    return {"url": f"ws://{host}/link/?ticket={ticket}&app_id={APP_ID}"}


_REACTION = {"channel": "str", "timestamp": "str", "name": "str"}


def _reaction_target(call: Call) -> tuple[Channel, Json]:
    channel = call.stand_in.workspace.channel(call.text("channel"))
    if BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    message = messages.find(call.stand_in, channel, call.text("timestamp"))
    return channel, message


@method("reactions.add", scopes=("reactions:write",), required=_REACTION)
def add_reaction(call: Call) -> Json:
    """Add the app's reaction to a message."""
    channel, message = _reaction_target(call)
    name = call.text("name").strip(":")
    reactions = message.setdefault("reactions", [])
    entry = next((r for r in reactions if r["name"] == name), None)
    if entry is None:
        entry = {"name": name, "users": [], "count": 0}
        reactions.append(entry)
    if BOT_USER in entry["users"]:
        raise SlackError("already_reacted")
    entry["users"].append(BOT_USER)
    entry["count"] += 1
    call.stand_in.changes.publish("messages", channel=channel.id, ts=message["ts"])
    return {}


@method("reactions.remove", scopes=("reactions:write",), required=_REACTION)
def remove_reaction(call: Call) -> Json:
    """Remove the app's reaction."""
    channel, message = _reaction_target(call)
    name = call.text("name").strip(":")
    reactions = message.get("reactions", [])
    entry = next((r for r in reactions if r["name"] == name and BOT_USER in r["users"]), None)
    if entry is None:
        raise SlackError("no_reaction")
    entry["users"].remove(BOT_USER)
    entry["count"] -= 1
    message["reactions"] = [r for r in reactions if r["count"]]
    call.stand_in.changes.publish("messages", channel=channel.id, ts=message["ts"])
    return {}


@method("blocks.validate", optional={"blocks": "json", "message": "json", "view": "json"})
def validate_blocks(call: Call) -> Json:
    """Check blocks, a message or a view; return all violated constraints with their pointers."""
    given = [name for name in ("blocks", "message", "view") if name in call.arguments]
    if len(given) != 1:
        line = "[ERROR] provide exactly one of blocks, message, view"
        raise SlackError("invalid_arguments", messages=(line,))
    kind, value = given[0], call.arguments[given[0]]
    if kind == "blocks":
        problems = validation.block_problems(value, "message")
    elif kind == "view":
        view_errors, block_errors = validation.view_problems(value)
        problems = view_errors + block_errors
    elif isinstance(value, dict):
        problems = validation.block_problems(value.get("blocks", []), "message", "/message/blocks")
    else:
        raise SlackError("invalid_arguments")
    if problems:
        errors = [
            {
                "pointer": p.pointer,
                "code": "failed_constraint",
                "message": p.message,
                "constraint": p.constraint,
            }
            for p in problems
        ]
        raise SlackError(f"invalid_{kind}", errors=errors)
    return {}
