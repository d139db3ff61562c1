"""Strict parsing of untrusted JSON: standard JSON only, with limited nesting."""

import json
from typing import Any, NoReturn

from emulator.errors import Json, SlackError

MAX_DEPTH = 64


def loads(text: str) -> Any:
    """Parse JSON; ValueError if it is invalid, contains NaN or nests deeper than MAX_DEPTH."""
    try:
        value = json.loads(text, parse_constant=_reject_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if _too_deep(value):
        raise ValueError("nested too deeply")
    return value


def load_object(text: str) -> Json:
    """Parse a JSON object; raises Slack's ``invalid_json`` or ``json_not_object``."""
    try:
        value = loads(text)
    except ValueError as error:
        raise SlackError("invalid_json") from error
    if not isinstance(value, dict):
        raise SlackError("json_not_object")
    return value


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True
