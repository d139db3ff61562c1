"""Validation of a modal's form by Slack's client, before the app receives the submission."""

from typing import Any

from emulator.blocks import VALUES
from emulator.errors import Json

_REQUIRED_MESSAGE = "Please complete this required field."


def form_errors(view: Json) -> dict[str, str]:
    """Return an error message for each input block with an invalid value."""
    errors: dict[str, str] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        entry = view["state"]["values"].get(block["block_id"], {}).get(element["action_id"], {})
        value = entry.get(VALUES[element["type"]][0])
        if message := _field_error(element, value, optional=bool(block.get("optional"))):
            errors[block["block_id"]] = message
    return errors


def _field_error(element: Json, value: Any, *, optional: bool) -> str:
    if value in (None, "", []):
        return "" if optional else _REQUIRED_MESSAGE
    if element["type"] == "plain_text_input":
        return _text_error(element, str(value))
    if element["type"] == "number_input":
        return _number_error(element, str(value))
    if element["type"] == "email_text_input" and "@" not in str(value):
        return "Please enter a valid email address."
    return ""


def _text_error(element: Json, text: str) -> str:
    maximum = element.get("max_length") or 3000
    if len(text) > maximum:
        return f"Please shorten this to {maximum} characters or fewer."
    minimum = element.get("min_length") or 0
    if len(text) < minimum:
        return f"Please enter at least {minimum} characters."
    return ""


def _number_error(element: Json, text: str) -> str:
    try:
        number = float(text)
        minimum = float(element.get("min_value") or "-inf")
        maximum = float(element.get("max_value") or "inf")
    except ValueError:
        return "Please enter a number."
    if not element["is_decimal_allowed"] and not number.is_integer():
        return "Please enter a whole number."
    if not minimum <= number <= maximum:
        return f"Please enter a number from {minimum:g} to {maximum:g}."
    return ""
