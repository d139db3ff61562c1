"""A reply in a thread, and the request that the thread is about."""

from collections.abc import Mapping
from dataclasses import dataclass

from views.footer import request_named
from views.payload import mapping_at, mappings_at, text_at
from views.plain_text import plain_text
from views.text import is_person

_ME = "me_message"
_TYPED = ("", "thread_broadcast", "file_share", _ME)
"""Subtypes of a message that a person typed; `thread_broadcast` was also sent to the channel."""
_FILE = "📎"


@dataclass(frozen=True, kw_only=True, slots=True)
class ThreadReply:
    """A person's reply in a thread that `parent` started, with its `text` as Slack sends it.

    `is_under_ours`: our bot is the parent, as far as the event says. `files` are names.
    """

    event_id: str
    person: str
    channel: str
    ts: str
    thread_ts: str
    parent: str
    is_under_ours: bool
    text: str
    files: tuple[str, ...] = ()

    @property
    def plain_text(self) -> str:
        """The text without markup, and a line for each file."""
        lines = [plain_text(self.text), *(f"{_FILE} {name}".strip() for name in self.files)]
        return "\n".join(line for line in lines if line)


def parse_reply(body: Mapping[str, object]) -> ThreadReply | None:
    """Read a `message` event; None unless a person replied in a thread.

    Edits, deletions, unfurled links and messages of apps are not comments.
    """
    event = mapping_at(body, "event")
    if not is_typed(event):
        return None
    bots = [text_at(bot, "user_id") for bot in mappings_at(body, "authorizations")]
    # A reply that was also sent to the channel carries its root instead. `/me` has neither: it may be
    # under our message, so our bot is taken for the parent.
    parent = text_at(event, "parent_user_id") or text_at(event, "root", "user")
    if text_at(event, "subtype") == _ME:
        parent = next(iter(bots), "")
    reply = ThreadReply(
        event_id=text_at(body, "event_id"),
        person=text_at(event, "user"),
        channel=text_at(event, "channel"),
        ts=text_at(event, "ts"),
        thread_ts=text_at(event, "thread_ts"),
        parent=parent,
        is_under_ours=parent != "" and parent in bots,
        text=text_at(event, "text"),
        files=tuple(text_at(file, "name") for file in mappings_at(event, "files")),
    )
    known = reply.event_id and reply.channel and reply.thread_ts
    return reply if known and reply.ts != reply.thread_ts and reply.plain_text else None


def is_typed(event: Mapping[str, object]) -> bool:
    """Return whether a person typed the message: it is no edit, deletion or message of an app."""
    typed = text_at(event, "subtype") in _TYPED and not event.get("hidden")
    return typed and not text_at(event, "bot_id") and is_person(text_at(event, "user"))


def request_of(root: Mapping[str, object], bot_user: str) -> str:
    """Return the request whose card the root message is; empty if we posted no such card.

    Only a message that we posted ourselves counts.
    """
    if text_at(root, "user") != bot_user or not text_at(root, "bot_id"):
        return ""
    return request_named(root)
