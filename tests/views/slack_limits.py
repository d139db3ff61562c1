"""Slack's limits, written independently of views, so that views are not tested against themselves."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from slack_sdk.models.blocks import Block as SdkBlock
from slack_sdk.models.blocks import InputBlock
from slack_sdk.models.views import View as SdkView

from views.catalogue import LANGUAGES
from views.translator import translator

MESSAGE_TYPES = {"header", "section", "context", "actions", "divider"}
VIEW_TYPES = MESSAGE_TYPES | {"input"}


def _of_every_language(key: str, **blanks: str) -> str:
    texts = {translator(language)(key, **blanks) for language in LANGUAGES}
    return "|".join(map(re.escape, sorted(texts)))


_LABELS = f"{_of_every_language('link.card')}|{_of_every_language('hr.form.message')}"
_DATES = _of_every_language("date.at", day="{date_short_pretty}", time="{time}")
_OUR_TOKEN = re.compile(
    r"<(@[UW][A-Z0-9]+|#[CG][A-Z0-9]+|"
    rf"https?://(?!evil)[^\s<>|\"]+(\|({_LABELS}))?|"
    rf"!date\^-?\d+\^(?:{_DATES})\|\d{{4}}-\d\d-\d\d \d\d:\d\d UTC)>"
)


_PERSON = re.compile(r"[UW][A-Z0-9]+")


def check_message(text: str, blocks: list[dict[str, Any]]) -> None:
    """Fail if Slack would refuse this as a new or updated message."""
    assert 0 < len(text.strip()) <= len(text) <= 4000
    assert 0 < len(blocks) <= 50
    assert len(json.dumps(blocks, ensure_ascii=False)) <= 13_200
    _check_blocks(blocks, MESSAGE_TYPES)
    check_sentence(text)


def check_view(view: Mapping[str, Any]) -> None:
    """Fail if Slack would refuse this as a modal."""
    assert view["type"] == "modal"
    assert 0 < len(view["blocks"]) <= 100
    for part, limit in (("title", 24), ("submit", 24), ("close", 24)):
        if part in view:
            _check_text(view[part], limit, plain=True)
    has_input = any(block["type"] == "input" for block in view["blocks"])
    assert not has_input or "submit" in view
    assert len(view.get("private_metadata", "")) <= 3000
    assert len(view.get("callback_id", "")) <= 255
    assert len(json.dumps(view)) <= 250_000
    _check_blocks(view["blocks"], VIEW_TYPES)
    SdkView(**view).validate_json()


def check_sentence(mrkdwn: str) -> None:
    """Fail if the text has a mention, a link or a broken token that is not ours."""
    rest = _OUR_TOKEN.sub("", mrkdwn)
    assert not re.search(r"[<>]", rest), rest
    assert not re.search(r"&(?!(amp|lt|gt);)", rest), rest


def _check_blocks(blocks: list[dict[str, Any]], allowed: set[str]) -> None:
    ids = [block["block_id"] for block in blocks]
    assert len(set(ids)) == len(ids)
    for block in blocks:
        assert block["type"] in allowed
        assert 0 < len(block["block_id"]) <= 255
        _check_block(block)
        parsed = InputBlock(**block) if block["type"] == "input" else SdkBlock.parse(block)
        assert parsed is not None
        parsed.validate_json()


def _check_block(block: dict[str, Any]) -> None:
    match block["type"]:
        case "header":
            _check_text(block["text"], 150, plain=True)
        case "section":
            assert ("text" in block) or ("fields" in block)
            if "text" in block:
                _check_text(block["text"], 3000)
            if "accessory" in block:
                _check_button(block["accessory"])
            assert len(block.get("fields", [])) <= 10
            for field in block.get("fields", []):
                _check_text(field, 2000)
        case "context":
            assert 0 < len(block["elements"]) <= 10
            for element in block["elements"]:
                _check_text(element, 3000)
        case "actions":
            _check_buttons(block["elements"])
        case "input":
            _check_text(block["label"], 2000, plain=True)
            _check_text(block.get("hint", block["label"]), 2000, plain=True)
            _check_input(block["element"])


def _check_buttons(buttons: list[dict[str, Any]]) -> None:
    assert 0 < len(buttons) <= 25
    actions = [button["action_id"] for button in buttons]
    assert len(set(actions)) == len(actions)
    for button in buttons:
        _check_button(button)


def _check_button(button: dict[str, Any]) -> None:
    assert button["type"] == "button"
    assert 0 < len(button["action_id"]) <= 255
    assert len(button["value"]) <= 2000
    assert button.get("style", "primary") in {"primary", "danger"}
    _check_text(button["text"], 75, plain=True)
    if "confirm" in button:
        confirm = button["confirm"]
        _check_text(confirm["title"], 100, plain=True)
        _check_text(confirm["text"], 300)
        _check_text(confirm["confirm"], 30, plain=True)
        _check_text(confirm["deny"], 30, plain=True)


def _check_input(element: dict[str, Any]) -> None:  # noqa: C901 - one case for each element
    assert 0 < len(element["action_id"]) <= 255
    if "placeholder" in element:
        _check_text(element["placeholder"], 150, plain=True)
    match element["type"]:
        case "plain_text_input":
            assert 0 < len(element.get("initial_value", "-")) <= 3000
        case "users_select":
            assert _PERSON.fullmatch(element.get("initial_user", "U0BORIS"))
        case "multi_users_select":
            for person in element.get("initial_users", ["U0BORIS"]):
                assert _PERSON.fullmatch(person)
        case "datepicker":
            date.fromisoformat(element.get("initial_date", "2026-01-31"))
        case "datetimepicker":
            assert len(str(element.get("initial_date_time", 1_000_000_000))) == 10
        case "checkboxes":
            assert 0 < len(element["options"]) <= 10
            _check_options(element, element.get("initial_options", []))
        case "radio_buttons":
            assert 0 < len(element["options"]) <= 10
            _check_options(element, [element["initial_option"]])
        case "static_select":
            assert 0 < len(element["options"]) <= 100
            _check_options(
                element, [element["initial_option"]] if "initial_option" in element else []
            )
        case other:
            raise AssertionError(other)


def _check_options(element: dict[str, Any], chosen: list[Any]) -> None:
    for option in element["options"]:
        _check_text(option["text"], 75, plain=True)
        assert 0 < len(option["value"]) <= 150
    values = [option["value"] for option in element["options"]]
    assert len(set(values)) == len(values)
    assert all(option in element["options"] for option in chosen)


def _check_text(text: dict[str, Any], limit: int, *, plain: bool = False) -> None:
    assert text["type"] == "plain_text" or (text["type"] == "mrkdwn" and not plain)
    assert text["text"].strip()
    if text["type"] == "mrkdwn":
        assert len(text["text"]) <= limit
        check_sentence(text["text"])
        return
    # Slack stores plain text escaped too, and may count it that way.
    escaped = text["text"].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert len(escaped.encode("utf-16-le")) // 2 <= limit


def mrkdwn_of(tree: object) -> Iterator[str]:
    """Yield every text that Slack would format."""
    if isinstance(tree, dict):
        if tree.get("type") == "mrkdwn":
            yield tree["text"]
        for value in tree.values():
            yield from mrkdwn_of(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from mrkdwn_of(value)


def formatted(mrkdwn: str) -> list[str]:
    """Return the parts that Slack would make bold, italic, struck through or code.

    The rule as seen in Slack's clients: no letter before the opening mark and no space after it, no
    space before the closing mark and no letter after it, both on the same line.
    """
    plain = re.sub(r"<[^>]*>", "x", mrkdwn)
    parts = [match[0] for match in re.finditer(r"```.+?```|`[^`\n]+`", plain, re.DOTALL)]
    for character in "*_~":
        mark = re.escape(character)
        pattern = rf"(?<![^\W_]){mark}(?=[^\s{mark}])[^\n]*?(?<=[^\s]){mark}(?![^\W_])"
        parts += [match[0] for match in re.finditer(pattern, plain)]
    parts += re.findall(r"^(?:&gt;|>).*", plain, re.MULTILINE)
    parts += re.findall(r":[\w+'-]+:", plain)
    return parts
