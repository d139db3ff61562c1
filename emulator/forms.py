"""What Slack's client checks in a modal's form before the app hears of it."""

from typing import Any

from emulator.blocks import VALUES
from emulator.errors import Json

_REQUIRED = "Please complete this required field."


def form_errors(view: Json) -> dict[str, str]:
    """Find the sentence for each input block that cannot be submitted as it is."""
    errors: dict[str, str] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        entry = view["state"]["values"].get(block["block_id"], {}).get(element["action_id"], {})
        value = entry.get(VALUES[element["type"]][0])
        if sentence := _sentence(element, value, optional=bool(block.get("optional"))):
            errors[block["block_id"]] = sentence
    return errors


def _sentence(element: Json, value: Any, *, optional: bool) -> str:
    if value in (None, "", []):
        return "" if optional else _REQUIRED
    if element["type"] == "plain_text_input":
        return _text_sentence(element, str(value))
    if element["type"] == "number_input":
        return _number_sentence(element, str(value))
    if element["type"] == "email_text_input" and "@" not in str(value):
        return "Please enter a valid email address."
    return ""


def _text_sentence(element: Json, text: str) -> str:
    most = element.get("max_length") or 3000
    if len(text) > most:
        return f"Please shorten this to {most} characters or fewer."
    least = element.get("min_length") or 0
    if len(text) < least:
        return f"Please write at least {least} characters."
    return ""


def _number_sentence(element: Json, text: str) -> str:
    try:
        number = float(text)
        least = float(element.get("min_value") or "-inf")
        most = float(element.get("max_value") or "inf")
    except ValueError:
        return "Please enter a number."
    if not element["is_decimal_allowed"] and not number.is_integer():
        return "Please enter a whole number."
    if not least <= number <= most:
        return f"Please enter a number from {least:g} to {most:g}."
    return ""
