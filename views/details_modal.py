"""The *View details* modal, which shows the whole of a request."""

from collections.abc import Sequence
from dataclasses import replace

from views.approval_card import details
from views.blocks import VIEW, Block, View, json_size, message_modal, modal, text_block
from views.card_click import Click
from views.ids import BlockId
from views.trail import trail_blocks
from views.translator import Translator
from workflows.rules.messages import Menu
from workflows.rules.shared.audit import AuditEvent


def opening(click: Click, t: Translator) -> View:
    """Return the modal shown while the request is looked up; it opens before any lookup."""
    text = t("details.opening", subject=t.inline(click.subject, 200))
    return _modal([text_block(BlockId.NOTICE, text, t)], t)


def request_view(menu: Menu, t: Translator, facts: Sequence[AuditEvent] = ()) -> View:
    """Return as much of the request as this person may read, and why not all of it.

    Its `facts` follow below; they are empty if the person may not read them. If the request and
    its facts are too large for one modal, the oldest facts are left out.
    """
    snapshot = replace(menu.face, mention_approvers=True)
    blocks = details(snapshot, t)
    if not menu.may_read:
        blocks.insert(0, text_block(BlockId.PROBLEM, t("details.not_a_reader"), t))
    return _modal([*blocks, *trail_blocks(facts, t, VIEW - json_size(blocks))], t)


def message(sentence: str, t: Translator) -> View:
    """Return a modal with one text, already escaped, and a Close button."""
    return message_modal(t("details.title"), sentence, t)


def _modal(blocks: list[Block], t: Translator) -> View:
    return modal(t("details.title"), blocks, t, close=t("verb.close"))
