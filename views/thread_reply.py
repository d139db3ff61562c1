"""A reply in a thread, and the request that the thread is about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from views.card_click import value_of
from views.footer import request_named
from views.ids import ActionId
from views.payload import mapping_at, mappings_at, text_at
from views.plain_text import plain_text
from views.text import is_person

_TYPED = ("", "thread_broadcast", "file_share")
"""Subtypes of a message that a person typed; `thread_broadcast` was also sent to the channel."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ThreadReply:
    """A person's reply to our message, with its `text` as Slack sends it."""

    event_id: str
    person: str
    channel: str
    ts: str
    thread_ts: str
    text: str

    @property
    def plain_text(self) -> str:
        """The text without markup."""
        return plain_text(self.text)


def parse_reply(body: Mapping[str, object], bot_user: str) -> ThreadReply | None:
    """Read a `message` event; None unless a person replied in a thread that `bot_user` started.

    Edits, deletions, unfurled links and messages of apps are not comments.
    """
    event = mapping_at(body, "event")
    is_in_our_thread = bot_user != "" and text_at(event, "parent_user_id") == bot_user
    if not is_in_our_thread or not is_typed(event) or text_at(event, "user") == bot_user:
        return None
    reply = ThreadReply(
        event_id=text_at(body, "event_id"),
        person=text_at(event, "user"),
        channel=text_at(event, "channel"),
        ts=text_at(event, "ts"),
        thread_ts=text_at(event, "thread_ts"),
        text=text_at(event, "text"),
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


def approve_message(messages: Iterable[Mapping[str, object]], request_id: str) -> str:
    """Return the ts of the newest message with this request's *Approve* button; empty if there is none."""
    ts = ""
    for message in messages:
        for button in _buttons(message):
            value = value_of(button)
            is_approve = text_at(button, "action_id") == ActionId.APPROVE
            if is_approve and value is not None and value.request_id == request_id:
                ts = text_at(message, "ts")
    return ts


def _buttons(message: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    blocks = mappings_at(message, "blocks")
    return tuple(button for block in blocks for button in mappings_at(block, "elements"))
