"""Changes that Slack makes to accepted blocks, and the state of their inputs."""

import copy
import re
import secrets
import string
from typing import Any

from emulator import limits
from emulator.errors import Json
from emulator.validation import elements_of

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
_ALPHABET = string.ascii_letters + string.digits

# Element type -> (name of its value in state and actions, name of its initial value).
VALUES: dict[str, tuple[str, str]] = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "file_input": ("files", ""),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}


def normalize(blocks: list[Json]) -> list[Json]:
    """Copy blocks in the form Slack returns: with generated ids and default text attributes."""
    result = copy.deepcopy(blocks)
    used = {block.get("block_id") for block in result}
    for block in result:
        if not block.get("block_id"):
            block["block_id"] = _new_id(used)
            used.add(block["block_id"])
        if block.get("type") == "input":
            block.setdefault("optional", False)
        for _, element in elements_of(block):
            if element.get("type") != "image":
                element.setdefault("action_id", _new_id(set()))
    add_text_defaults(result)
    return result


def add_text_defaults(value: Any) -> None:
    """Set ``emoji: true`` on plain_text and ``verbatim: false`` on mrkdwn objects, in place."""
    if isinstance(value, list):
        for item in value:
            add_text_defaults(item)
    elif isinstance(value, dict):
        if value.get("type") == "plain_text" and isinstance(value.get("text"), str):
            value.setdefault("emoji", True)
        elif value.get("type") == "mrkdwn" and isinstance(value.get("text"), str):
            value.setdefault("verbatim", False)
        else:
            for item in value.values():
                add_text_defaults(item)


def state_values(blocks: list[Json], entered: Json) -> Json:
    """Build ``state.values``, with an entry for every input element.

    Values come from ``entered``, or from the element's initial value.
    """
    values: Json = {}
    for block in blocks:
        for _, element in elements_of(block):
            kind = element.get("type")
            if kind not in limits.STATEFUL:
                continue
            block_id, action_id = block["block_id"], element["action_id"]
            entry = _mapping(_mapping(entered, block_id), action_id)
            values.setdefault(block_id, {})[action_id] = entry or _initial_state(element)
            values[block_id][action_id]["type"] = kind
    return values


def find_element(blocks: list[Json], block_id: str, action_id: str) -> Json | None:
    """Find an interactive element by its block id and action id."""
    for block in blocks:
        if block.get("block_id") == block_id:
            for _, element in elements_of(block):
                if element.get("action_id") == action_id:
                    return element
    return None


def rich_text(text: str) -> list[Json]:
    """Build the rich_text block that Slack creates from typed text and user mentions."""
    elements: list[Json] = []
    for index, part in enumerate(_MENTION.split(text)):
        if index % 2:
            elements.append({"type": "user", "user_id": part})
        elif part:
            elements.append({"type": "text", "text": part})
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": _new_id(set()), "elements": [section]}]


def _initial_state(element: Json) -> Json:
    name, initial = VALUES[element["type"]]
    empty: Any = [] if name.endswith("s") else None
    return {"type": element["type"], name: element.get(initial, empty)}


def _mapping(value: Json, key: str) -> Json:
    item = value.get(key)
    return dict(item) if isinstance(item, dict) else {}


def _new_id(used: set[Any]) -> str:
    while (new := "".join(secrets.choice(_ALPHABET) for _ in range(5))) in used:
        pass
    return new
