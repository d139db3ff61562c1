"""The card of an HR request after its approval: how that ended, and how far it is carried out.

What is private is only ever taken from `face.approval`: whoever gives a face with the approval's
public face shows nothing else.
"""

from views.approval_card import reading_row
from views.blocks import Block, Message, Room, fields, fitted, header, said
from views.content import content_blocks
from views.footer import footer
from views.ids import BlockId
from views.levels import level_blocks
from views.outcome import outcome_blocks, who
from views.text import clip_plain, date, in_line, text
from workflows.rules.hr.snapshot import HrSnapshot, HrStep, Provisioning


def build(snapshot: HrSnapshot) -> Message:
    """Return the card. Nothing is decided on it any more; what it hides can be looked at."""
    return Message(
        text=summary(snapshot),
        blocks=fitted(lambda room: _blocks(snapshot, room), snapshot.card_version),
    )


def summary(snapshot: HrSnapshot) -> str:
    """Return the card in one sentence, for notifications."""
    locale = snapshot.language
    return text(
        "hr.text",
        locale,
        type=_type_words(snapshot),
        requester=who(snapshot.requester, locale),
        state=text(f"approval.{snapshot.status}", locale),
    )


def provisioning_blocks(snapshot: HrSnapshot) -> list[Block]:
    """Return the steps with their states, and whether it failed: nothing of it is private."""
    if not snapshot.steps and snapshot.provisioning is not Provisioning.FAILED:
        return []
    locale = snapshot.language
    lines = [text("hr.steps", locale), *(_step_line(step, locale) for step in snapshot.steps)]
    blocks = [said(BlockId.STEPS, "\n".join(lines), locale)] if snapshot.steps else []
    if snapshot.provisioning is Provisioning.FAILED:
        words = text("hr.failed.card", locale, requester=who(snapshot.requester, locale))
        blocks.append(said(BlockId.FAILURE, words, locale))
    return blocks


def _blocks(snapshot: HrSnapshot, room: Room) -> list[Block]:
    locale = snapshot.language
    approval = snapshot.approval
    shown: list[Block] = []
    if approval is not None:
        shown = [
            *content_blocks(approval.content, room, locale),
            *level_blocks(approval, room),
            *outcome_blocks(approval, room),
        ]
    reading = reading_row(approval) if approval is not None else []
    title = clip_plain(" ".join(snapshot.title.split()), 100, locale) or _type_words(snapshot)
    return [
        header(BlockId.HEADER, title, locale),
        _summary_fields(snapshot),
        *shown,
        *provisioning_blocks(snapshot),
        *reading,
        _foot(snapshot),
    ]


def _summary_fields(snapshot: HrSnapshot) -> Block:
    locale = snapshot.language
    pairs = [
        (text("field.type", locale), _type_words(snapshot)),
        (text("hr.requester", locale), who(snapshot.requester, locale)),
        (text("hr.state", locale), text(f"approval.{snapshot.status}", locale)),
        (text("hr.provisioning", locale), text(f"hr.provisioning.{snapshot.provisioning}", locale)),
    ]
    return fields(BlockId.SUMMARY, pairs, locale)


def _type_words(snapshot: HrSnapshot) -> str:
    return text(f"hr.type.{snapshot.request.type}", snapshot.language)


def _step_line(step: HrStep, locale: str) -> str:
    return text(
        "hr.step.line",
        locale,
        mark=text(f"order.step.mark.{step.status}", locale),
        name=text(f"hr.step.{step.name}", locale),
        state=text(f"order.step.state.{step.status}", locale),
    )


def _foot(snapshot: HrSnapshot) -> Block:
    locale = snapshot.language
    request_id = in_line(snapshot.request.request_id, 80, locale)
    words = text("hr.foot", locale, request_id=request_id, when=date(snapshot.received_at, locale))
    return footer(snapshot.request.request_id, words, locale)
