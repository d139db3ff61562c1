"""users.*, usergroups.*, dnd.*, bots.* and team.*: the workspace directory."""

from emulator.errors import Json, SlackError
from emulator.methods.pagination import page
from emulator.methods.registry import Call, method
from emulator.people import MANAGER_FIELD, User
from emulator.workspace import APP_ID, BOT_ID, BOT_USER


def describe(call: Call, user: User) -> Json:
    """Build a user object; the email address requires the scope users:read.email."""
    answer = user.slack_object(
        call.stand_in.workspace.team_id,
        email="users:read.email" in call.stand_in.manifest.scopes,
        bot_id=BOT_ID,
        app_id=APP_ID,
    )
    if call.flag("include_locale"):
        answer["locale"] = user.locale
    return answer


@method(
    "users.info",
    scopes=("users:read",),
    required={"user": "str"},
    optional={"include_locale": "bool"},
)
def info(call: Call) -> Json:
    """Describe one user."""
    return {"user": describe(call, call.stand_in.workspace.user(call.text("user")))}


@method(
    "users.list",
    scopes=("users:read",),
    optional={"limit": "int", "cursor": "str", "include_locale": "bool"},
)
def list_users(call: Call) -> Json:
    """List all users, including bots and deactivated users."""
    part, metadata = page(call, list(call.stand_in.workspace.users.values()), 1000)
    members = [describe(call, user) for user in part]
    return {"members": members, "cache_ts": int(call.stand_in.clock.now()), **metadata}


@method("users.lookupByEmail", scopes=("users:read.email",), required={"email": "str"})
def lookup_by_email(call: Call) -> Json:
    """Find an active user by email; ``users_not_found`` otherwise."""
    email = call.text("email").lower()
    for user in call.stand_in.workspace.users.values():
        if user.email and user.email.lower() == email and not user.deleted:
            return {"user": describe(call, user)}
    raise SlackError("users_not_found")


@method(
    "users.profile.get",
    scopes=("users.profile:read",),
    optional={"user": "str", "include_labels": "bool"},
)
def profile(call: Call) -> Json:
    """Return a profile with its custom field *Manager*, whose value is a user id."""
    user = call.stand_in.workspace.user(call.text("user", BOT_USER))
    answer: Json = describe(call, user)["profile"]
    entry: Json = {"value": user.manager, "alt": ""}
    if call.flag("include_labels"):
        entry["label"] = "Manager"
    answer["fields"] = {MANAGER_FIELD: entry} if user.manager else {}
    return {"profile": answer}


@method("team.profile.get", scopes=("users.profile:read",), optional={"visibility": "str"})
def profile_fields(call: Call) -> Json:
    """List the custom profile fields: only *Manager*, of type user."""
    if call.text("visibility", "all") not in ("all", "visible", "hidden"):
        raise SlackError("invalid_arguments")
    manager: Json = {
        "id": MANAGER_FIELD,
        "ordering": 0,
        "field_name": "",
        "label": "Manager",
        "hint": "",
        "type": "user",
        "possible_values": None,
        "options": {"is_protected": False, "is_scim": False},
        "is_hidden": False,
        "section_id": "",
        "is_inverse": False,
    }
    fields = [] if call.text("visibility") == "hidden" else [manager]
    return {"profile": {"fields": fields, "sections": []}}


@method(
    "usergroups.list",
    scopes=("usergroups:read",),
    optional={"include_users": "bool", "include_count": "bool", "include_disabled": "bool"},
)
def list_groups(call: Call) -> Json:
    """List user groups."""
    team = call.stand_in.workspace.team_id
    groups = [
        group.slack_object(team, include_users=call.flag("include_users"))
        for group in call.stand_in.workspace.groups.values()
        if call.flag("include_disabled") or not group.disabled
    ]
    return {"usergroups": groups}


@method(
    "usergroups.users.list",
    scopes=("usergroups:read",),
    required={"usergroup": "str"},
    optional={"include_disabled": "bool"},
)
def group_members(call: Call) -> Json:
    """List a group's members; ``no_such_subteam`` or the error from the people file otherwise."""
    group = call.stand_in.workspace.groups.get(call.text("usergroup"))
    if group is None or (group.disabled and not call.flag("include_disabled")):
        raise SlackError("no_such_subteam")
    if group.error:
        raise SlackError(group.error)
    return {"users": list(group.users)}


@method("dnd.info", scopes=("dnd:read",), optional={"user": "str"})
def dnd_info(call: Call) -> Json:
    """Return the start and end of a user's next Do Not Disturb period in epoch seconds (1 if none)."""
    user = call.stand_in.workspace.user(call.text("user", BOT_USER))
    return {
        "dnd_enabled": bool(user.dnd),
        "next_dnd_start_ts": user.dnd.get("next_start", 1),
        "next_dnd_end_ts": user.dnd.get("next_end", 1),
    }


@method("bots.info", scopes=("users:read",), optional={"bot": "str"})
def bot_info(call: Call) -> Json:
    """Describe the app's bot, the only bot of the workspace."""
    if call.text("bot", BOT_ID) != BOT_ID:
        raise SlackError("bot_not_found")
    bot = {
        "id": BOT_ID,
        "deleted": False,
        "name": call.stand_in.manifest.bot_name,
        "updated": 1_700_000_000,
        "app_id": APP_ID,
        "user_id": BOT_USER,
        "icons": {},
    }
    return {"bot": bot}


@method("team.info", scopes=("team:read",), optional={"team": "str"})
def team_info(call: Call) -> Json:
    """Describe the workspace."""
    team = call.stand_in.workspace.team
    if call.text("team", team["id"]) != team["id"]:
        raise SlackError("team_not_found")
    urls = {"url": f"{call.stand_in.base_url}/", "email_domain": "", "icon": {}}
    return {"team": {**team, **urls}}
