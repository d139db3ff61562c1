"""The inbox as a private message: the first requests to decide, and the first own requests."""

import json

from views.blocks import MESSAGE, Block, Message, divider, note, text_block
from views.home import COUNTED, HomePage
from views.home_rows import decide_blocks, mine_blocks
from views.ids import BlockId
from views.translator import Translator

MOST = 5
"""Rows of each list. Long texts leave fewer: a message holds a twentieth of an App Home."""
_BLOCKS = 50


def build(page: HomePage, t: Translator) -> Message:
    """Return the message, within Slack's limits; rows that do not fit are only counted."""
    waiting = t.count("inbox.waiting", page.waiting)
    if page.waiting > COUNTED:
        waiting = t("inbox.waiting.more", count=COUNTED)
    elif not page.waiting:
        waiting = t("home.empty.decide")
    blocks: list[Block] = []
    for rows in range(MOST, -1, -1):
        blocks = _blocks(page, rows, waiting, t)
        if len(blocks) <= _BLOCKS and len(json.dumps(blocks, ensure_ascii=False)) <= MESSAGE:
            break
    return Message(text=waiting, blocks=blocks)


def _blocks(page: HomePage, rows: int, waiting: str, t: Translator) -> list[Block]:
    to_decide, mine = page.to_decide[:rows], page.mine[:rows]
    blocks = [text_block(BlockId.HEADER, waiting, t)]
    for number, row in enumerate(to_decide):
        blocks += [divider(f"{BlockId.DIVIDER}-{number}"), *decide_blocks(row, number, t)]
    text = "inbox.mine" if page.mine else "inbox.mine.none"
    blocks += [divider(BlockId.DIVIDER), text_block(BlockId.SUBJECT, t(text), t)]
    for number, own in enumerate(mine, start=MOST):
        blocks += mine_blocks(own, number, t)
    if page.waiting > len(to_decide) or page.in_all > len(mine):
        blocks.append(note(BlockId.FOOTER, t("inbox.rest"), t))
    return blocks
