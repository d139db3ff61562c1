"""The *View details* modal: the whole of a request, for those who may read it."""

from collections.abc import Sequence
from dataclasses import replace

from views.approval_card import details
from views.blocks import Block, View, message_modal, modal, said
from views.card_click import Click
from views.ids import BlockId
from views.text import in_line, text
from views.trail import trail_blocks
from workflows.rules.messages import Menu
from workflows.rules.shared.audit import AuditEvent

__all__ = ["opening", "shown", "told"]


def opening(click: Click, locale: str = "en") -> View:
    """Return what opens at once, before anything is asked of anybody."""
    words = text("details.opening", locale, subject=in_line(click.subject, 200, locale))
    return _modal([said(BlockId.NOTICE, words, locale)], locale)


def shown(menu: Menu, locale: str = "en", facts: Sequence[AuditEvent] = ()) -> View:
    """Return the request as this person may read it; who may not is told why.

    Its `facts` stand below: none, where the person may not read them.
    """
    snapshot = replace(menu.face, language=locale, mention_approvers=True)
    blocks = details(snapshot)
    if not menu.may_read:
        blocks.insert(0, said(BlockId.PROBLEM, text("details.not_a_reader", locale), locale))
    return _modal([*blocks, *trail_blocks(facts, locale)], locale)


def told(sentence: str, locale: str = "en") -> View:
    """Return a sentence, already escaped, with nothing left to do but close."""
    return message_modal(text("details.title", locale), sentence, locale)


def _modal(blocks: list[Block], locale: str) -> View:
    return modal(text("details.title", locale), blocks, locale, close=text("verb.close", locale))
