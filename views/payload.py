"""Readers for Slack payloads, in which any part may be missing, null or of the wrong type."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar, get_type_hints

from views.text import is_person

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

_LAST_INSTANT = 9_999_999_999
"""The latest time that a date-time picker accepts."""


class UnreadablePayloadError(Exception):
    """Slack sent something other than what this view sent out; `what` names the part."""

    def __init__(self, what: str) -> None:
        super().__init__(f"unreadable payload: {what}")
        self.what = what


def mapping_at(source: object, *path: str) -> Mapping[str, object]:
    """Return the mapping at `path`, or an empty one."""
    value: object = source
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def mappings_at(source: object, *path: str) -> tuple[Mapping[str, object], ...]:
    """Return the mappings in the list at `path`, without any other items."""
    items = mapping_at(source, *path[:-1]).get(path[-1])
    return tuple(map(mapping_at, items)) if isinstance(items, list) else ()


def text_at(source: object, *path: str) -> str:
    """Return the string at `path`, or an empty one."""
    value = mapping_at(source, *path[:-1]).get(path[-1])
    return value if isinstance(value, str) else ""


def input_value(view: object, input_id: str, block_id: str = "") -> str:
    """Return the value of a text input in a submitted view; its block has the same id by default."""
    return text_at(view, "state", "values", block_id or input_id, input_id, "value")


def texts_at(source: object, *path: str) -> tuple[str, ...]:
    """Return the strings in the list at `path`, without any other items."""
    items = mapping_at(source, *path[:-1]).get(path[-1])
    return tuple(item for item in items if isinstance(item, str)) if isinstance(items, list) else ()


def datetime_at(source: object, *path: str) -> datetime | None:
    """Return the Unix time at `path` as a datetime, or None."""
    value = mapping_at(source, *path[:-1]).get(path[-1])
    if type(value) is not int or not 0 <= value <= _LAST_INSTANT:
        return None
    return datetime.fromtimestamp(value, UTC)


def actor_id(body: Mapping[str, object]) -> str:
    """Return the acting user from `user.id` and nowhere else, as a message has its author's id too.

    Raises:
        UnreadablePayloadError: there is no such id.

    """
    person = text_at(body, "user", "id")
    if not is_person(person):
        raise UnreadablePayloadError("user.id")
    return person


def from_json(written: str, shape: type[T], what: str) -> T:
    """Return a flat value that we wrote as JSON: with its fields, of exactly their types.

    A field with a default may be missing, and an unknown one is ignored: an older or a newer release
    may have written the value.

    Raises:
        UnreadablePayloadError: the JSON is anything else.

    """
    try:
        value: object = json.loads(written)
    except (ValueError, RecursionError):  # RecursionError: brackets nested too deeply
        raise UnreadablePayloadError(what) from None
    kinds = get_type_hints(shape)
    required = {field.name for field in fields(shape) if field.default is MISSING}
    if not isinstance(value, dict) or not required <= value.keys():
        raise UnreadablePayloadError(what)
    known = {key: part for key, part in value.items() if key in kinds}
    for key, part in known.items():
        kind = kinds[key]
        if type(part) is not kind or (kind is int and part < 0):
            raise UnreadablePayloadError(f"{what}.{key}")
    return shape(**known)


def to_json(value: "DataclassInstance") -> str:
    """Return a flat value as the shortest JSON, for a button or for private metadata."""
    return json.dumps(asdict(value), ensure_ascii=False, separators=(",", ":"))
