"""Changes of channels by users, with the events that Slack sends for them."""

from emulator.errors import ActError, Json
from emulator.stand_in import StandIn
from emulator.workspace import BOT_USER, Channel

_MEMBERSHIP = ("add_bot", "remove_bot", "add", "remove")
_CHANGES = ("archive", "unarchive", "create", "rename", *_MEMBERSHIP)


def change(stand_in: StandIn, raw: Json) -> Channel:
    """Apply one change of the control API and return the channel; ``ActError`` for an unknown one."""
    channel_id, do = str(raw.get("channel")), str(raw.get("do"))
    if do not in _CHANGES:
        raise ActError("invalid_arguments", f"do must be one of: {', '.join(_CHANGES)}.")
    if do == "create":
        return _create(stand_in, channel_id, str(raw["name"]))
    channel = stand_in.workspace.channel(channel_id)
    if do == "rename":
        channel.name = str(raw["name"])
        _emit(stand_in, channel, "rename", {"id": channel.id, "name": channel.name})
    elif do in _MEMBERSHIP:
        member = BOT_USER if "bot" in do else stand_in.workspace.user(raw["user"]).id
        _change_membership(stand_in, channel, member, joins=do.startswith("add"))
    else:
        channel.is_archived = do == "archive"
        _emit(stand_in, channel, do, channel.id)
    return channel


def _create(stand_in: StandIn, channel_id: str, name: str) -> Channel:
    """Create a public channel with everybody and the app in it."""
    workspace = stand_in.workspace
    members = [user.id for user in workspace.users.values() if user.can_act()]
    channel = Channel(id=channel_id, name=name, members=[*members, BOT_USER])
    workspace.channels[channel.id] = channel
    described = {"id": channel.id, "name": name, "created": channel.created, "creator": ""}
    _emit(stand_in, channel, "created", described)
    return channel


def _emit(stand_in: StandIn, channel: Channel, what: str, described: Json | str) -> None:
    """Emit ``channel_...`` or, for a private channel in which the app is, ``group_...``."""
    if channel.kind == "private" and BOT_USER not in channel.members:
        return
    kind = f"{'group' if channel.kind == 'private' else 'channel'}_{what}"
    stand_in.emit(kind, {"type": kind, "channel": described})


def _change_membership(stand_in: StandIn, channel: Channel, member: str, *, joins: bool) -> None:
    channel.members = [other for other in channel.members if other != member]
    if joins:
        channel.members.append(member)
    if BOT_USER in channel.members or member == BOT_USER:
        kind = "member_joined_channel" if joins else "member_left_channel"
        event = {"type": kind, "user": member, "channel": channel.id}
        team = stand_in.workspace.team_id
        stand_in.emit(kind, {**event, "channel_type": channel.id[0], "team": team})
