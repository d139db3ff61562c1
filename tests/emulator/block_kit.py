"""Block Kit builders for the tests."""

from typing import Any

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(action_id: str, value: str = "v", **more: Any) -> Json:
    return {
        "type": "button",
        "action_id": action_id,
        "text": plain(action_id),
        "value": value,
        **more,
    }


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def text_input(action_id: str, block_id: str = "", **more: Any) -> Json:
    block: Json = {
        "type": "input",
        "label": plain(action_id),
        "element": {"type": "plain_text_input", "action_id": action_id, **more},
    }
    return {**block, "block_id": block_id} if block_id else block


def modal(*blocks: Json, callback_id: str = "form", **more: Any) -> Json:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain("A form"),
        "submit": plain("Send"),
        "blocks": list(blocks) or [text_input("what", "b")],
        **more,
    }


def home(*blocks: Json) -> Json:
    return {"type": "home", "blocks": list(blocks) or [section("Welcome")]}
