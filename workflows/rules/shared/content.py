"""The content of a request: its parts, its digest, and what an amendment changed."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass

from workflows.rules.shared.errors import (
    NotALinkError,
    NotPositiveError,
    TextMissingError,
    TextTooLongError,
    TextUnreadableError,
    TooManyLinksError,
)
from workflows.rules.shared.money import Money

MAX_TITLE = 150
MAX_TEXT = 3000
"""Characters of a text: the limit of one Slack input."""
MAX_KEY = 40
"""Characters of a field's key."""
MAX_LINKS = 5
MAX_LINK = 500

_LINK = re.compile(r"https?://[^\s<>|\"]+")
"""Excludes the characters that would end a link early in Slack's `<url|label>`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentField:
    """One labelled line of the content.

    `key`, if set, names a field that we know: the catalogue has its label and how to show its
    value (`field.KEY`). `label` is for readers that do not know the key.
    """

    label: str
    value: str
    key: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What is being requested, as it is shown on the card. `links` are https or http addresses."""

    title: str
    text: str = ""
    fields: tuple[ContentField, ...] = ()
    amount: Money | None = None
    links: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentChange:
    """One part that an amendment changed.

    `part` is `title`, `text`, `amount`, `links`, `key:KEY` for a field with a key, or
    `field:LABEL`.
    """

    part: str
    before: str
    after: str


def check_content(content: Content) -> None:
    """Check the limits of every part, for every kind of requester.

    Raises:
        TextMissingError, TextTooLongError, TextUnreadableError, NotPositiveError,
        TooManyLinksError, NotALinkError.

    """
    if not content.title.strip():
        raise TextMissingError
    longest = [(content.title, MAX_TITLE), (content.text, MAX_TEXT)]
    longest += [(field.value, MAX_TEXT) for field in content.fields]
    longest += [(field.key, MAX_KEY) for field in content.fields]
    for text, limit in longest:
        if len(text) > limit:
            raise TextTooLongError(limit=f"{limit:,}")
        require_storable(text)
    if content.amount is not None and not _is_positive(content.amount):
        raise NotPositiveError
    if len(content.links) > MAX_LINKS:
        raise TooManyLinksError(limit=str(MAX_LINKS))
    for link in content.links:
        if len(link) > MAX_LINK or not _LINK.fullmatch(link):
            raise NotALinkError(link=link)
        require_storable(link)


def require_storable(text: str) -> None:
    """Raise TextUnreadableError if a text holds a NUL or half of a surrogate pair.

    PostgreSQL accepts no NUL in a text, and half a pair has no UTF-8 encoding. Such a text could
    never be written to the audit trail, and the request would wait for that forever.
    """
    if not is_storable(text):
        raise TextUnreadableError


def is_storable(text: str) -> bool:
    """Return whether a text can be stored: see `require_storable`."""
    return not ("\x00" in text or any("\ud800" <= char <= "\udfff" for char in text))


def _is_positive(money: Money) -> bool:
    return money.amount.is_finite() and money.amount > 0


def content_text(content: Content) -> str:
    """Return every part as canonical JSON, as the audit trail stores it."""
    return json.dumps(asdict(content), sort_keys=True, default=str)


def content_digest(content: Content) -> str:
    """Return the hex SHA-256 over every part; decisions are bound to it."""
    return hashlib.sha256(content_text(content).encode()).hexdigest()


def content_evidence(content: Content) -> dict[str, str]:
    """Return the content as fact data: all of it, and the digest to which decisions are bound."""
    return {"content": content_text(content), "content_digest": content_digest(content)}


def content_changes(before: Content, after: Content) -> tuple[ContentChange, ...]:
    """Return the parts that differ, in the order of the card."""
    old, new = _parts(before), _parts(after)
    return tuple(
        ContentChange(part=part, before=old.get(part, ""), after=new.get(part, ""))
        for part in dict.fromkeys((*old, *new))
        if old.get(part) != new.get(part)
    )


def _parts(content: Content) -> dict[str, str]:
    parts = {
        "title": content.title,
        "text": content.text,
        "amount": str(content.amount or ""),
        "links": "\n".join(content.links),
    }
    for field in content.fields:
        label = f"key:{field.key}" if field.key else f"field:{field.label}"
        parts[label] = f"{parts[label]}\n{field.value}" if label in parts else field.value
    return parts
