"""Messages that users type: plain, as ``/me``, with files, in a thread or also sent to the channel."""

import html
import re
import uuid
from dataclasses import dataclass

from emulator import blocks as block_kit
from emulator import messages
from emulator.errors import Json
from emulator.people import User
from emulator.stand_in import StandIn
from emulator.workspace import BOT_USER, Channel

_MENTION = re.compile(r"(<[@#!][^<>\s]+>)")


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A message as a user sends it. ``files`` are names; ``broadcast`` also sends a reply to the channel."""

    user: User
    text: str
    thread_ts: str = ""
    files: tuple[str, ...] = ()
    is_me: bool = False
    broadcast: bool = False


def post(stand_in: StandIn, channel: Channel, typed: Typed) -> Json:
    """Store a user's message and emit the subscribed events (message, app_mention)."""
    message: Json = {
        "type": "message",
        "text": _escape(typed.text),
        "user": typed.user.id,
        "ts": stand_in.clock.ts(),
    }
    if typed.is_me:  # without more keys (@slack/types: MeMessageEvent)
        message["subtype"] = "me_message"
    else:
        message["client_msg_id"] = str(uuid.uuid4())
        message["team"] = typed.user.team_id or stand_in.workspace.team_id
        if typed.text:
            message["blocks"] = block_kit.rich_text(typed.text)
    if typed.files:
        files = [_file(typed.user, name, message["ts"]) for name in typed.files]
        message |= {"subtype": "file_share", "files": files, "upload": False}
    stored = messages.store(stand_in, channel, message, typed.thread_ts, broadcast=typed.broadcast)
    if f"<@{BOT_USER}>" in typed.text and channel.kind != "im" and BOT_USER in channel.members:
        mention = {**stored, "type": "app_mention", "channel": channel.id}
        stand_in.emit("app_mention", {**mention, "event_ts": stored["ts"]})
    return stored


def _file(user: User, name: str, ts: str) -> Json:
    """Return a file that is only described: the stand-in stores no contents."""
    at = int(ts.partition(".")[0])
    return {
        "id": f"F{uuid.uuid4().hex[:10].upper()}",
        "created": at,
        "timestamp": at,
        "name": name,
        "title": name,
        "user": user.id,
        "mode": "hosted",
        "is_external": False,
        "file_access": "visible",
    }


def _escape(text: str) -> str:
    """Escape typed text, except mentions (docs: formatting message text, escaping)."""
    parts = _MENTION.split(text)
    return "".join(p if i % 2 else html.escape(p, quote=False) for i, p in enumerate(parts))
