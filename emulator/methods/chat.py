"""chat.*: posting, editing and deleting messages as the app."""

from emulator import messages
from emulator.errors import Json, SlackError
from emulator.methods.registry import Call, method
from emulator.workspace import BOT_ID, BOT_USER, Channel

_CONTENT = {
    "text": "str",
    "blocks": "json",
    "attachments": "json",
    "markdown_text": "str",
    "metadata": "json",
}


def _target_channel(call: Call) -> Channel:
    """Find the target: a channel by id or name, or the DM of a user id."""
    workspace, name = call.stand_in.workspace, call.text("channel")
    if name in workspace.users:
        user = workspace.users[name]
        if user.bot:
            raise SlackError("cannot_dm_bot")
        if user.deleted:
            raise SlackError("channel_not_found")
        return workspace.im_with(user.id)
    return workspace.channel_named(name) or workspace.channel(name)


def _check_may_post(call: Call, channel: Channel) -> None:
    manifest = call.stand_in.manifest
    is_member = BOT_USER in channel.members
    if not is_member and channel.kind == "private":
        raise SlackError("channel_not_found")
    if channel.is_archived:
        raise SlackError("is_archived")
    if not is_member and "chat:write.public" not in manifest.scopes:
        raise SlackError("not_in_channel")
    if channel.kind == "im" and not manifest.messages_tab:
        raise SlackError("messages_tab_disabled")


@method(
    "chat.postMessage",
    scopes=("chat:write",),
    required={"channel": "str"},
    optional={**_CONTENT, "thread_ts": "str", "reply_broadcast": "bool"},
)
def post_message(call: Call) -> Json:
    """Post a message; rate limited per channel."""
    channel = _target_channel(call)
    _check_may_post(call, channel)
    content = messages.read_content(call.arguments)
    if content.is_empty:
        raise SlackError("no_text")
    call.stand_in.limiter.acquire(channel.id)
    message = messages.post_as_bot(
        call.stand_in,
        channel,
        content,
        thread_ts=call.text("thread_ts"),
        broadcast=call.flag("reply_broadcast"),
    )
    return {"channel": channel.id, "ts": message["ts"], "message": message}


def _own_message(call: Call, channel: Channel, error: str) -> Json:
    message = messages.find(call.stand_in, channel, call.text("ts"))
    if message.get("bot_id") != BOT_ID:
        raise SlackError(error)
    return message


def _channel_of_message(call: Call) -> Channel:
    """Find the channel of an existing message, by channel id only (not by user id)."""
    channel = call.stand_in.workspace.channel(call.text("channel"))
    if BOT_USER not in channel.members and channel.kind == "private":
        raise SlackError("channel_not_found")
    return channel


@method(
    "chat.update",
    scopes=("chat:write",),
    required={"channel": "str", "ts": "str"},
    optional=_CONTENT,
)
def update(call: Call) -> Json:
    """Edit one of the app's own messages."""
    channel = _channel_of_message(call)
    message = _own_message(call, channel, "cant_update_message")
    if channel.is_archived:
        raise SlackError("is_inactive")
    content = messages.read_content(call.arguments)
    updated = messages.update(call.stand_in, channel, message, content)
    return {
        "channel": channel.id,
        "ts": updated["ts"],
        "text": updated["text"],
        "message": updated,
    }


@method("chat.delete", scopes=("chat:write",), required={"channel": "str", "ts": "str"})
def delete(call: Call) -> Json:
    """Delete one of the app's own messages."""
    channel = _channel_of_message(call)
    message = _own_message(call, channel, "cant_delete_message")
    messages.delete(call.stand_in, channel, message)
    return {"channel": channel.id, "ts": message["ts"]}


@method(
    "chat.postEphemeral",
    scopes=("chat:write",),
    required={"channel": "str", "user": "str"},
    optional={**_CONTENT, "thread_ts": "str"},
)
def post_ephemeral(call: Call) -> Json:
    """Show a message to one member of a channel that the app is also in."""
    channel = call.stand_in.workspace.channel(call.text("channel"))
    _check_may_post(call, channel)
    if BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    user = call.text("user")
    if user not in channel.members or not call.stand_in.workspace.users[user].can_act():
        raise SlackError("user_not_in_channel")
    content = messages.read_content({**call.arguments, "metadata": None})
    message = messages.post_ephemeral(
        call.stand_in, user, channel, content, thread_ts=call.text("thread_ts")
    )
    return {"message_ts": message["ts"]}


@method("chat.getPermalink", required={"channel": "str", "message_ts": "str"})
def get_permalink(call: Call) -> Json:
    """Return the permalink of a message."""
    channel = call.stand_in.workspace.channel(call.text("channel"))
    message = messages.find(call.stand_in, channel, call.text("message_ts"))
    link = messages.permalink(call.stand_in, channel, message)
    return {"channel": channel.id, "permalink": link}
