"""views.*: modals and the App Home."""

from emulator import validation
from emulator.errors import Json, SlackError
from emulator.methods.registry import Call, method

_TRIGGER_ARGUMENTS = {"trigger_id": "str", "interactivity_pointer": "str"}


@method("views.open", required={"view": "json"}, optional=_TRIGGER_ARGUMENTS)
def open_view(call: Call) -> Json:
    """Open a modal with a trigger."""
    return {"view": call.stand_in.modals.open(_trigger(call), call.arguments["view"]).view}


@method("views.push", required={"view": "json"}, optional=_TRIGGER_ARGUMENTS)
def push_view(call: Call) -> Json:
    """Push a modal on top of the modal the trigger came from."""
    return {"view": call.stand_in.modals.push(_trigger(call), call.arguments["view"]).view}


@method(
    "views.update",
    required={"view": "json"},
    optional={"view_id": "str", "external_id": "str", "hash": "str"},
)
def update_view(call: Call) -> Json:
    """Replace the content of an open modal."""
    if not call.text("view_id") and not call.text("external_id"):
        line = "[ERROR] missing required field: view_id or external_id"
        raise SlackError("invalid_arguments", messages=(line,))
    updated = call.stand_in.modals.update(
        call.arguments["view"],
        view_id=call.text("view_id"),
        external_id=call.text("external_id"),
        view_hash=call.text("hash"),
    )
    return {"view": updated.view}


@method(
    "views.publish",
    required={"user_id": "str", "view": "json"},
    optional={"hash": "str"},
)
def publish_view(call: Call) -> Json:
    """Publish a user's App Home; ``not_enabled`` if the manifest has no home tab."""
    stand_in = call.stand_in
    if not stand_in.manifest.home_tab:
        raise SlackError("not_enabled")
    user = stand_in.workspace.user(call.text("user_id"))
    old = stand_in.workspace.homes.get(user.id)
    if call.text("hash") and (old is None or old["hash"] != call.text("hash")):
        raise SlackError("hash_conflict")
    validation.check_view(call.arguments["view"], "home")
    home = stand_in.modals.build_view(call.arguments["view"], view_id=old["id"] if old else "")
    stand_in.workspace.homes[user.id] = home
    stand_in.changes.publish("home", user=user.id)
    return {"view": home}


def _trigger(call: Call) -> str | None:
    return call.text("trigger_id") or call.text("interactivity_pointer") or None
