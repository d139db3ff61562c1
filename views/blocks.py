"""Block Kit objects as plain dicts, which are cheap to build on every click."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from views.ids import BlockId
from views.text import split_text
from views.translator import Translator

Block = dict[str, object]
View = dict[str, object]

SECTION = 3000
"""Characters in the text of a section."""
FIELD = 2000
HEADER = 150
CONFIRM_TEXT = 300
OPTION_TEXT = 75
OPTION_VALUE = 150
OPTIONS = 100
INPUT = 3000
"""Characters in a plain text input."""
PRIVATE_METADATA = 3000
MESSAGE = 12_000
"""Characters of all blocks of a message as JSON: Slack has refused about 13,200."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message: one sentence for notifications, and its blocks."""

    text: str
    blocks: list[Block]

    def without_buttons(self) -> "Message":
        """Return the same message without its buttons."""
        return replace(self, blocks=[block for block in self.blocks if block["type"] != "actions"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much user text is shown. `field` is the maximum for one line of the fields."""

    text: int
    fields: int
    field: int
    links: int
    reason: int = 0
    decisions: int = 0
    levels: int = 0
    people: int = 0
    changes: int = 0
    remarks: int = 0


# Up to eight people (`rules.notice.MENTIONED`) are notified by the card alone, so it names them all.
_GENEROUS = Limits(
    text=SECTION,
    fields=2900,
    field=300,
    reason=1000,
    decisions=12,
    levels=6,
    people=20,
    links=2600,
    changes=1600,
    remarks=3,
)
# Reasons and comments are shortened first, then links (each whole or left out), then the request.
_FEWER_REASONS = replace(_GENEROUS, reason=120, decisions=5, levels=3, people=8, remarks=2)
_FEWEST_REASONS = replace(_FEWER_REASONS, reason=60, decisions=2, levels=2, remarks=1)
_FEWER_LINKS = replace(_FEWEST_REASONS, links=600, fields=1200)
_TIGHT = replace(_FEWER_LINKS, text=1500, changes=1000)
_TIGHTER = replace(_TIGHT, text=600, changes=600)
_TIGHTEST = replace(_TIGHTER, text=300, fields=400, links=200)
_CARDS = (_GENEROUS, _FEWER_REASONS, _FEWEST_REASONS, _FEWER_LINKS, _TIGHT, _TIGHTER, _TIGHTEST)

MODAL = replace(
    _GENEROUS,
    text=15_000,
    fields=20_000,
    field=15_000,
    reason=SECTION,
    decisions=40,
    levels=30,
    changes=6000,
)
"""Limits of a modal: everything that a request may contain (`rules.shared.content`), in several sections."""
VIEW = 240_000
"""Characters of a modal's blocks as JSON: Slack accepts 250,000 for the whole modal."""
_VIEW_BLOCKS = 80
"""Slack accepts 100; the rest is for the verbs."""


def json_size(value: object) -> int:
    """Return the characters of a view or of blocks as slack_sdk sends them, in ASCII."""
    return len(json.dumps(value))


def fit_modal(build: Callable[[Limits], list[Block]]) -> list[Block]:
    """Build blocks with the widest limits that Slack accepts in a modal, at most `VIEW` characters."""
    return _fit(
        build,
        (MODAL, *_CARDS),
        lambda blocks: len(blocks) <= _VIEW_BLOCKS and json_size(blocks) <= VIEW,
    )


def fit_card(build: Callable[[Limits], list[Block]], card_version: int) -> list[Block]:
    """Build blocks with the widest limits that Slack accepts in a message; block ids get the version.

    Slack keeps the old content of a block whose id does not change in an update.
    """
    blocks = _fit(
        build, _CARDS, lambda blocks: len(json.dumps(blocks, ensure_ascii=False)) <= MESSAGE
    )
    for block in blocks:
        block["block_id"] = f"{block['block_id']}:{card_version}"
    return blocks


def _fit(
    build: Callable[[Limits], list[Block]],
    candidates: Iterable[Limits],
    fits: Callable[[list[Block]], bool],
) -> list[Block]:
    """Build blocks with the first limits that fit, or with the last."""
    blocks: list[Block] = []
    for limits in candidates:
        blocks = build(limits)
        if fits(blocks):
            break
    return blocks


def plain(typed: str, limit: int, t: Translator) -> Block:
    """Return a plain_text object: nothing in it becomes a mention, a link or formatting."""
    text = t.clip_plain(typed, limit)
    return {"type": "plain_text", "text": text if text.strip() else "-", "emoji": False}


def mrkdwn(sentence: str, limit: int, t: Translator) -> Block:
    """Return a mrkdwn object; `verbatim` keeps Slack from turning plain words into links."""
    return {"type": "mrkdwn", "text": t.clip(sentence, limit), "verbatim": True}


def header(block_id: str, typed: str, t: Translator) -> Block:
    """Return a header block."""
    return {"type": "header", "block_id": block_id, "text": plain(typed, HEADER, t)}


def section(block_id: str, text: Block) -> Block:
    """Return a section with one text object."""
    return {"type": "section", "block_id": block_id, "text": text}


def sections(block_id: str, typed: str, limit: int, t: Translator) -> list[Block]:
    """Return plain text of at most `limit` characters, split into sections."""
    parts = split_text(t.clip_plain(typed, limit), SECTION)
    return [
        section(f"{block_id}-{number}" if number else block_id, plain(part, SECTION, t))
        for number, part in enumerate(parts)
    ]


def text_block(block_id: str, sentence: str, t: Translator) -> Block:
    """Return a section with a catalogue text (user text in it is escaped)."""
    return section(block_id, mrkdwn(sentence, SECTION, t))


def fields(block_id: str, pairs: Iterable[tuple[str, str]], t: Translator) -> Block:
    """Return a section of at most ten labelled values, already escaped."""
    texts = [mrkdwn(f"*{label}*\n{value}", FIELD, t) for label, value in pairs]
    return {"type": "section", "block_id": block_id, "fields": texts}


def context(block_id: str, *elements: Block) -> Block:
    """Return a line of small print."""
    return {"type": "context", "block_id": block_id, "elements": list(elements)}


def note(block_id: str, text: str, t: Translator, *, limit: int = 300) -> Block:
    """Return a catalogue text (user text in it is escaped) in small print."""
    return context(block_id, mrkdwn(text, limit, t))


def plain_note(block_id: str, typed: str, limit: int, t: Translator) -> Block:
    """Return user text in small print, without mentions, links or formatting."""
    return context(block_id, plain(typed, limit, t))


def divider(block_id: str) -> Block:
    """Return a line between two parts."""
    return {"type": "divider", "block_id": block_id}


def button(
    action_id: str, label: str, value: str, *, style: str = "", confirm: Block | None = None
) -> Block:
    """Return a button; `style` is empty, `primary` or `danger`."""
    element: Block = {
        "type": "button",
        "action_id": action_id,
        "text": {"type": "plain_text", "text": label, "emoji": False},
        "value": value,
    }
    if style:
        element["style"] = style
    if confirm:
        element["confirm"] = confirm
    return element


def actions(block_id: str, *buttons: Block) -> Block:
    """Return a row of buttons."""
    return {"type": "actions", "block_id": block_id, "elements": list(buttons)}


def text_input(  # noqa: PLR0913 - an input has this many parts
    input_id: str,
    label: str,
    t: Translator,
    *,
    block_id: str = "",
    typed: str = "",
    placeholder: str = "",
    hint: str = "",
    multiline: bool = False,
    optional: bool = False,
) -> Block:
    """Return a text input, filled with what was `typed` before; its block has the same id by default."""
    element: Block = {"type": "plain_text_input", "action_id": input_id, "multiline": multiline}
    if typed:
        element["initial_value"] = typed[:INPUT]
    if placeholder:
        element["placeholder"] = plain(placeholder, HEADER, t)
    return field(block_id or input_id, element, label, t, hint=hint, optional=optional)


def field(  # noqa: PLR0913 - an input has this many parts
    block_id: str, element: Block, label: str, t: Translator, *, hint: str = "", optional: bool
) -> Block:
    """Return the input block around an element."""
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain(label, HEADER, t),
        "element": element,
        "optional": optional,
    }
    if hint:
        block["hint"] = plain(hint, HEADER, t)
    return block


def modal(  # noqa: PLR0913 - a modal has this many parts
    title: str,
    blocks: list[Block],
    t: Translator,
    *,
    close: str,
    submit: str = "",
    callback_id: str = "",
    private_metadata: str = "",
) -> View:
    """Return a modal; without `submit` it is only informative."""
    view: View = {
        "type": "modal",
        "title": plain(title, 24, t),
        "blocks": blocks,
        "close": plain(close, 24, t),
    }
    if submit:
        view["submit"] = plain(submit, 24, t)
    if callback_id:
        view["callback_id"] = callback_id
    if private_metadata:
        view["private_metadata"] = private_metadata
    return view


def text_message(text: str, t: Translator) -> Message:
    """Return a message with one text, already escaped; the notification shows its first line."""
    return Message(text=text.partition("\n")[0], blocks=[text_block(BlockId.NOTICE, text, t)])


def problem_blocks(problem: str, t: Translator) -> list[Block]:
    """Return the problem, already escaped, for the top of a form; nothing if it is empty."""
    return [text_block(BlockId.PROBLEM, problem, t)] if problem else []


def message_modal(title: str, sentence: str, t: Translator) -> View:
    """Return a modal with one text, already escaped, and a Close button."""
    return modal(title, [text_block(BlockId.NOTICE, sentence, t)], t, close=t("verb.close"))


def confirm(
    title: str, text: str, confirm_label: str, t: Translator, deny: str = "button.not_now"
) -> Block:
    """Return the dialog that confirms the press of a button. `deny` is the key of its other button."""
    return {
        "title": plain(title, 100, t),
        "text": plain(text, CONFIRM_TEXT, t),
        "confirm": plain(confirm_label, 30, t),
        "deny": plain(t(deny), 30, t),
    }
