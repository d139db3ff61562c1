"""conversations.*: channels, direct messages, their members and their history."""

from emulator.errors import Json, SlackError
from emulator.methods.pagination import page
from emulator.methods.registry import Call, method
from emulator.workspace import BOT_USER, Channel

_PAGING = {"limit": "int", "cursor": "str"}
_SCOPE_PREFIX = {"im": "im", "private": "groups", "channel": "channels"}
_TYPES = {"public_channel": "channel", "private_channel": "private", "im": "im", "mpim": "mpim"}
_DEFAULT_HISTORY_LIMIT = 100


def _visible_channel(call: Call, permission: str) -> Channel:
    """Find a channel that is visible to the app, and check the scope for its type."""
    channel = call.stand_in.workspace.channel(call.text("channel"))
    call.require_scope(f"{_SCOPE_PREFIX[channel.kind]}:{permission}")
    if channel.kind == "private" and BOT_USER not in channel.members:
        raise SlackError("channel_not_found")
    return channel


def describe(call: Call, channel: Channel) -> Json:
    """Build Slack's conversation object."""
    workspace = call.stand_in.workspace
    if channel.kind == "im":
        user = workspace.users.get(channel.with_user)
        return {
            "id": channel.id,
            "created": channel.created,
            "is_archived": False,
            "is_im": True,
            "is_org_shared": False,
            "context_team_id": workspace.team_id,
            "updated": channel.created * 1000,
            "user": channel.with_user,
            "is_user_deleted": user is None or user.deleted,
            "priority": 0,
        }
    topic = {"value": channel.topic, "creator": "", "last_set": 0}
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "channel",
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.kind == "private",
        "created": channel.created,
        "updated": channel.created * 1000,
        "creator": "",
        "is_archived": channel.is_archived,
        "is_general": channel.name == "general",
        "unlinked": 0,
        "is_shared": channel.is_shared,
        "is_org_shared": False,
        "is_ext_shared": channel.is_shared,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "pending_connected_team_ids": [],
        "parent_conversation": None,
        "context_team_id": workspace.team_id,
        "shared_team_ids": [workspace.team_id],
        "is_member": BOT_USER in channel.members,
        "topic": topic,
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "previous_names": [],
    }


@method(
    "conversations.open",
    scopes=("im:write",),
    optional={"users": "list", "channel": "str", "return_im": "bool", "prevent_creation": "bool"},
)
def open_conversation(call: Call) -> Json:
    """Open the direct message with one user (group DMs are not supported)."""
    workspace = call.stand_in.workspace
    if channel_id := call.text("channel"):
        channel = workspace.channel(channel_id)
        if channel.kind != "im":
            raise SlackError("method_not_supported_for_channel_type")
    else:
        channel = _im_with(call)
    answer = describe(call, channel) if call.flag("return_im") else {"id": channel.id}
    return {"channel": answer, "no_op": True, "already_open": True}


def _im_with(call: Call) -> Channel:
    people = call.arguments.get("users") or []
    if not people:
        raise SlackError("users_list_not_supplied")
    if len(people) > 1:
        raise SlackError("method_not_supported_for_channel_type")
    user = call.stand_in.workspace.user(people[0])
    if user.bot:
        raise SlackError("cannot_dm_bot")
    if user.deleted:
        raise SlackError("user_disabled")
    return call.stand_in.workspace.im_with(user.id)


@method(
    "conversations.info",
    required={"channel": "str"},
    optional={"include_num_members": "bool", "include_locale": "bool"},
)
def info(call: Call) -> Json:
    """Describe one channel."""
    channel = _visible_channel(call, "read")
    answer = describe(call, channel)
    if call.flag("include_num_members") and channel.kind != "im":
        answer["num_members"] = len(channel.members)
    return {"channel": answer}


@method("conversations.list", optional={"types": "list", "exclude_archived": "bool", **_PAGING})
def list_conversations(call: Call) -> Json:
    """List the channels visible to the app; each requested type needs its own scope."""
    types = call.arguments.get("types") or ["public_channel"]
    if any(name not in _TYPES for name in types):
        raise SlackError("invalid_types")
    kinds = {_TYPES[name] for name in types}
    for kind in sorted(kinds):
        call.require_scope(f"{_SCOPE_PREFIX.get(kind, 'mpim')}:read")
    found = [
        describe(call, channel)
        for channel in call.stand_in.workspace.channels.values()
        if channel.kind in kinds
        and (channel.kind != "private" or BOT_USER in channel.members)
        and not (channel.is_archived and call.flag("exclude_archived"))
    ]
    part, metadata = page(call, found)
    return {"channels": part, **metadata}


@method("conversations.members", required={"channel": "str"}, optional=_PAGING)
def members(call: Call) -> Json:
    """List the ids of a channel's members."""
    part, metadata = page(call, _visible_channel(call, "read").members)
    return {"members": part, **metadata}


_RANGE = {
    "oldest": "str",
    "latest": "str",
    "inclusive": "bool",
    "include_all_metadata": "bool",
    **_PAGING,
}


@method("conversations.history", required={"channel": "str"}, optional=_RANGE)
def history(call: Call) -> Json:
    """List messages, newest first, without replies; the app must be a member."""
    channel = _readable_channel(call)
    found = [
        message
        for message in reversed(call.stand_in.workspace.sorted_messages(channel.id))
        if _is_top_level(message) and _in_range(call, message["ts"])
    ]
    return _message_page(call, found)


@method("conversations.replies", required={"channel": "str", "ts": "str"}, optional=_RANGE)
def replies(call: Call) -> Json:
    """List a thread, oldest first; the root is always included."""
    channel = _readable_channel(call)
    stored = call.stand_in.workspace.sorted_messages(channel.id)
    ts = call.text("ts")
    message = next((m for m in stored if m["ts"] == ts), None)
    if message is None:
        raise SlackError("thread_not_found")
    root = message.get("thread_ts", ts)
    thread = [m for m in stored if root in (m["ts"], m.get("thread_ts"))]
    return _message_page(call, [m for m in thread if m["ts"] == root or _in_range(call, m["ts"])])


def _readable_channel(call: Call) -> Channel:
    channel = _visible_channel(call, "history")
    if BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _is_top_level(message: Json) -> bool:
    return (
        message.get("thread_ts", message["ts"]) == message["ts"]
        or message.get("subtype") == "thread_broadcast"
    )


def _in_range(call: Call, ts: str) -> bool:
    try:
        timestamp = float(ts)
        oldest = float(call.text("oldest") or 0)
        latest = float(call.text("latest") or "inf")
    except ValueError as error:
        raise SlackError("invalid_ts_oldest") from error
    if call.flag("inclusive"):
        return oldest <= timestamp <= latest
    return oldest < timestamp < latest


def _message_page(call: Call, found: list[Json]) -> Json:
    part, metadata = page(call, found, _DEFAULT_HISTORY_LIMIT)
    if not call.flag("include_all_metadata"):
        part = [{k: v for k, v in message.items() if k != "metadata"} for message in part]
    more = bool(metadata["response_metadata"]["next_cursor"])
    answer: Json = {"messages": part, "has_more": more, "pin_count": 0}
    return {**answer, **metadata} if more else answer
