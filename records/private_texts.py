"""The texts that people wrote: where facts and stored JSON contain them, and their removal."""

import json
from typing import Any

from workflows.rules.shared.audit import data_field

FREE_TEXT_FIELDS = frozenset({"reason", data_field("content"), data_field("error")})
"""Fields of facts that contain text from people. The other fields contain text from the rules."""
CONTENT = data_field("content")
JSON_TEXTS = frozenset(
    {
        *("reason", "closing_reason", "text", "label", "value", "links", "before", "after"),
        *("part", "note", "customer", "email", "error", "failure", "message"),
        *("description", "item", "new_role", "new_team", "link"),
    }
)
"""Keys of stored JSON whose values contain text from people. So does `title`, except within `_POLICY`."""
_POLICY = ("", "approval")
"""Objects of a snapshot whose `title` is that of the policy: the snapshot itself, and its approval's."""
_DAYS = ("starts", "ends")
"""Keys of an HR request whose values are a day or null."""
_OF_ORDER = ("customer", "email", "note")
"""Keys of an order that approvers do not read as parts of the content, or only within one."""


def copyable_texts(field: str, text: str) -> frozenset[str]:
    """Return the texts in a fact's field that may be a copy of, or copied to, another place."""
    return texts_in(field, text) if field in FREE_TEXT_FIELDS else frozenset()


def texts_in(field: str, text: str) -> frozenset[str]:
    """Return the texts to search for: the text itself or, for the request's content, each part of it."""
    if field != CONTENT or not text:
        return frozenset({text} - {""})
    content = json.loads(text)
    fields = content["fields"]
    joined: dict[str, list[str]] = {}
    for item in fields:
        joined.setdefault(item["label"], []).append(item["value"])
    parts = {content["title"], content["text"], *content["links"], "\n".join(content["links"])}
    parts |= {item["value"] for item in fields} | {"\n".join(values) for values in joined.values()}
    parts |= {*joined, *(f"field:{label}" for label in joined)}
    return frozenset(parts - {""})


def texts_of_order(snapshot: Any) -> frozenset[str]:
    """Return the texts about the customer in an order's snapshot; none for other journeys."""
    order = snapshot.get("order", {})
    return frozenset({order[key] for key in _OF_ORDER if order.get(key)})


def without_texts(value: Any, texts: frozenset[str], key: str = "", within: str = "") -> Any:
    """Return a stored JSON value without those of `texts` that people wrote."""
    match value:
        case dict():
            return {name: without_texts(item, texts, name, key) for name, item in value.items()}
        case list():
            return [without_texts(item, texts, key, within) for item in value]
        case str() if value in texts and (
            key in JSON_TEXTS or (key == "title" and within not in _POLICY)
        ):
            return ""
        case str() if value in texts and key in _DAYS and within == "request":
            return None
        case _:
            return value
