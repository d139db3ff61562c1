"""A reply in a thread, and the request that the thread is about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from views.card_click import value_of
from views.footer import request_named
from views.ids import ActionId
from views.payload import table, tables, word
from views.plain_text import as_read
from views.text import is_person

_TYPED = ("", "thread_broadcast", "file_share")
"""Subtypes of a message that a person typed; `thread_broadcast` was also sent to the channel."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ThreadReply:
    """A person's reply to our message: `said` as Slack sends it, `words` as plain text."""

    event_id: str
    person: str
    channel: str
    ts: str
    thread_ts: str
    said: str

    @property
    def words(self) -> str:
        """The reply as plain text."""
        return as_read(self.said)


def parse_reply(body: Mapping[str, object], bot_user: str) -> ThreadReply | None:
    """Read a `message` event; None unless a person replied in a thread that `bot_user` started.

    Edits, deletions, unfurled links and messages of apps are not comments.
    """
    event = table(body, "event")
    is_in_our_thread = bot_user != "" and word(event, "parent_user_id") == bot_user
    typed = word(event, "subtype") in _TYPED and not event.get("hidden")
    by_app = word(event, "bot_id") or word(event, "user") == bot_user
    if not (is_in_our_thread and typed) or by_app or not is_person(word(event, "user")):
        return None
    reply = ThreadReply(
        event_id=word(body, "event_id"),
        person=word(event, "user"),
        channel=word(event, "channel"),
        ts=word(event, "ts"),
        thread_ts=word(event, "thread_ts"),
        said=word(event, "text"),
    )
    known = reply.event_id and reply.channel and reply.thread_ts
    return reply if known and reply.ts != reply.thread_ts and reply.words else None


def request_of(root: Mapping[str, object], bot_user: str) -> str:
    """Return the request whose card the root message is; empty if we posted no such card.

    Only a message that we posted ourselves counts.
    """
    if word(root, "user") != bot_user or not word(root, "bot_id"):
        return ""
    return request_named(root)


def deciding_message(messages: Iterable[Mapping[str, object]], request_id: str) -> str:
    """Return the ts of the newest message with this request's *Approve* button; empty if there is none."""
    ts = ""
    for message in messages:
        for button in _buttons(message):
            value = value_of(button)
            is_approve = word(button, "action_id") == ActionId.APPROVE
            if is_approve and value is not None and value.request_id == request_id:
                ts = word(message, "ts")
    return ts


def _buttons(message: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    blocks = tables(message, "blocks")
    return tuple(button for block in blocks for button in tables(block, "elements"))
