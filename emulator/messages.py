"""Messages: posting, editing and deleting by Slack's rules, with the events Slack sends."""

from dataclasses import dataclass
from typing import Any

from emulator import blocks as block_kit
from emulator import limits, threads, validation
from emulator.errors import Json, SlackError
from emulator.stand_in import StandIn
from emulator.workspace import APP_ID, BOT_ID, BOT_USER, Channel

_MAX_PREVIOUS_VERSIONS = 3
MAX_TRACKED_MESSAGES = 1000


@dataclass(kw_only=True)
class Content:
    """The content of a message; None means "not given", which matters for updates."""

    text: str | None = None
    blocks: list[Json] | None = None
    attachments: list[Json] | None = None
    metadata: Json | None = None

    @property
    def is_empty(self) -> bool:
        """Return whether there is no text, no blocks and no attachments."""
        return not (self.text or self.blocks or self.attachments)


def read_content(arguments: Json) -> Content:
    """Read the content from a call's arguments and check it against Slack's limits."""
    text, markdown = arguments.get("text"), arguments.get("markdown_text")
    given_blocks, metadata = arguments.get("blocks"), arguments.get("metadata")
    attachments = arguments.get("attachments")
    if markdown is not None:
        if text or given_blocks:
            raise SlackError("markdown_text_conflict")
        if len(markdown) > limits.MARKDOWN_TEXT:
            raise SlackError("msg_too_long")
        given_blocks = [{"type": "markdown", "text": markdown}]
        text = markdown
    if given_blocks is not None:
        validation.check_blocks(given_blocks, "message")
    if attachments is not None:
        _check_attachments(attachments)
    if metadata:
        validation.check_metadata(metadata)
    elif metadata is not None and not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    accepted = None if given_blocks is None else block_kit.normalize(given_blocks)
    return Content(text=text, blocks=accepted, attachments=attachments, metadata=metadata)


def _check_attachments(attachments: Any) -> None:
    if not isinstance(attachments, list) or not all(isinstance(a, dict) for a in attachments):
        raise SlackError("invalid_attachments")
    if len(attachments) > limits.ATTACHMENTS:
        raise SlackError("too_many_attachments")
    for attachment in attachments:
        if "blocks" in attachment:
            validation.check_blocks(attachment["blocks"], "message")


def post_as_bot(
    stand_in: StandIn,
    channel: Channel,
    content: Content,
    *,
    thread_ts: str = "",
    broadcast: bool = False,
) -> Json:
    """Store a message of the app and notify subscribers; the caller checks permissions."""
    if content.is_empty:
        raise SlackError("no_text")
    message = _bot_message(stand_in, content)
    message["text"] = message["text"][: limits.POST_TEXT]
    if content.metadata:
        message["metadata"] = content.metadata
    return store(stand_in, channel, message, thread_ts, broadcast=broadcast)


def post_ephemeral(
    stand_in: StandIn, user_id: str, channel: Channel, content: Content, *, thread_ts: str = ""
) -> Json:
    """Show a message to one user only (chat.postEphemeral).

    It never appears in history and cannot be updated.
    """
    if content.is_empty:
        raise SlackError("no_text")
    message = {**_bot_message(stand_in, content), "is_ephemeral": True}
    if thread_ts:
        message["thread_ts"] = thread_ts
    stand_in.workspace.add_ephemeral(user_id, channel.id, message)
    stand_in.changes.publish("messages", user=user_id, channel=channel.id, ts=message["ts"])
    return message


def update(stand_in: StandIn, channel: Channel, message: Json, content: Content) -> Json:
    """Edit a message in place, as chat.update and ``replace_original`` do.

    ``text`` without ``blocks`` removes the blocks; ``blocks`` without ``text`` keeps the text. Metadata
    is kept unless given; an empty object removes it. Only text edits are marked as edited.
    """
    if content.is_empty:
        raise SlackError("no_text")
    if len(content.text or "") > limits.UPDATE_TEXT:
        raise SlackError("msg_too_long")
    old = dict(message)
    _apply_edit(stand_in, message, content)
    _keep_previous_version(stand_in, channel, old)
    stand_in.changes.publish("messages", channel=channel.id, ts=message["ts"])
    if not message.get("is_ephemeral"):
        changed = {"message": message, "previous_message": old}
        _emit_hidden(stand_in, channel, "message_changed", changed)
    return message


def _apply_edit(stand_in: StandIn, message: Json, content: Content) -> None:
    if content.text is not None:
        message["text"] = content.text
    if content.blocks:
        message["blocks"] = content.blocks
        message.pop("edited", None)
    elif content.blocks is not None or content.text is not None:
        message.pop("blocks", None)
        if not message.get("is_ephemeral"):
            message["edited"] = {"user": BOT_USER, "ts": stand_in.clock.ts()}
    if content.attachments is not None:
        message["attachments"] = content.attachments
    if content.metadata:
        message["metadata"] = content.metadata
    elif content.metadata is not None:
        message.pop("metadata", None)


def delete(stand_in: StandIn, channel: Channel, message: Json) -> None:
    """Delete a message, ephemeral or not; a root with replies becomes a tombstone, as in Slack."""
    ts = message["ts"]
    if message.get("is_ephemeral"):
        for store in stand_in.workspace.ephemerals.values():
            store.pop(ts, None)
    elif message.get("reply_count"):
        tombstone = {
            key: message[key]
            for key in ("type", "ts", "thread_ts", "reply_count", "reply_users", "latest_reply")
        }
        tombstone |= {"subtype": "tombstone", "text": "This message was deleted."}
        stand_in.workspace.messages[channel.id][ts] = {
            **tombstone,
            "user": "USLACKBOT",
            "hidden": True,
        }
    else:
        stand_in.workspace.messages[channel.id].pop(ts, None)
        threads.leave(stand_in.workspace.messages[channel.id], message)
    stand_in.changes.publish("messages", channel=channel.id, ts=ts)
    if not message.get("is_ephemeral"):
        deleted = {"previous_message": message, "deleted_ts": ts}
        _emit_hidden(stand_in, channel, "message_deleted", deleted)


def find(stand_in: StandIn, channel: Channel, ts: str | None) -> Json:
    """Find a message; ``message_not_found`` for unknown or ephemeral messages and tombstones."""
    message = stand_in.workspace.messages.get(channel.id, {}).get(ts or "")
    if message is None or message.get("subtype") == "tombstone":
        raise SlackError("message_not_found")
    return message


def previous_versions(stand_in: StandIn, channel: Channel, ts: str) -> list[Json]:
    """Return versions before the last edits, newest first, for clicks that were in flight."""
    return list(reversed(stand_in.previous_versions.get((channel.id, ts), [])))


def _bot_message(stand_in: StandIn, content: Content) -> Json:
    team = stand_in.workspace.team_id
    message: Json = {
        "user": BOT_USER,
        "type": "message",
        "ts": stand_in.clock.ts(),
        "bot_id": BOT_ID,
        "app_id": APP_ID,
        "text": content.text or "",
        "team": team,
        "bot_profile": {
            "id": BOT_ID,
            "app_id": APP_ID,
            "user_id": BOT_USER,
            "name": stand_in.manifest.bot_name,
            "icons": {},
            "deleted": False,
            "updated": 1_700_000_000,
            "team_id": team,
        },
    }
    if content.blocks:
        message["blocks"] = content.blocks
    if content.attachments:
        message["attachments"] = content.attachments
    return message


def store(
    stand_in: StandIn, channel: Channel, message: Json, thread_ts: str, *, broadcast: bool = False
) -> Json:
    """Store a new message, in a thread if its root exists, and emit its event."""
    if thread_ts:
        threads.join(
            stand_in.workspace.messages[channel.id], message, thread_ts, broadcast=broadcast
        )
    stand_in.workspace.add_message(channel.id, message)
    stand_in.changes.publish("messages", channel=channel.id, ts=message["ts"])
    stand_in.changes.publish("channels", channel=channel.id)
    event = {**message, "channel": channel.id, "channel_type": channel.channel_type}
    _emit_message(stand_in, channel, {**event, "event_ts": message["ts"]})
    return message


def _keep_previous_version(stand_in: StandIn, channel: Channel, old: Json) -> None:
    kept = stand_in.previous_versions.setdefault((channel.id, old["ts"]), [])
    kept.append(old)
    del kept[:-_MAX_PREVIOUS_VERSIONS]
    while len(stand_in.previous_versions) > MAX_TRACKED_MESSAGES:
        stand_in.previous_versions.pop(next(iter(stand_in.previous_versions)))


def _emit_hidden(stand_in: StandIn, channel: Channel, subtype: str, parts: Json) -> None:
    ts = stand_in.clock.ts()
    event = {"type": "message", "subtype": subtype, "hidden": True, "channel": channel.id, **parts}
    place = {"channel_type": channel.channel_type, "ts": ts, "event_ts": ts}
    _emit_message(stand_in, channel, {**event, **place})


def _emit_message(stand_in: StandIn, channel: Channel, event: Json) -> None:
    if BOT_USER in channel.members:
        kinds = {"im": "message.im", "private": "message.groups"}
        stand_in.emit(kinds.get(channel.kind, "message.channels"), event)


def permalink(stand_in: StandIn, channel: Channel, message: Json) -> str:
    """Build a message's permalink, which opens the page at the message (a reply in its thread)."""
    digits = message["ts"].replace(".", "")
    address = f"{stand_in.base_url}/archives/{channel.id}/p{digits}"
    root = message.get("thread_ts", message["ts"])
    return address if root == message["ts"] else f"{address}?thread_ts={root}&cid={channel.id}"
