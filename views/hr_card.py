"""The card of an HR request after its approval: how that ended, and how far it is carried out.

What is private is only ever taken from `face.approval`: whoever gives a face with the approval's
public face shows nothing else.
"""

from views.approval_card import reading_row
from views.blocks import Block, Message, Room, fields, fitted, header, said
from views.content import content_blocks
from views.footer import foot
from views.ids import BlockId
from views.levels import level_blocks
from views.outcome import outcome_blocks, who
from views.text import clip_plain, date, in_line, text
from workflows.rules.hr.snapshot import HrFace, HrStep, Provisioning


def build(face: HrFace) -> Message:
    """Return the card. Nothing is decided on it any more; what it hides can be looked at."""
    return Message(
        text=summary(face), blocks=fitted(lambda room: _blocks(face, room), face.card_version)
    )


def summary(face: HrFace) -> str:
    """Return the card in one sentence, for notifications."""
    locale = face.language
    return text(
        "hr.text",
        locale,
        type=_type_words(face),
        requester=who(face.requester, locale),
        state=text(f"approval.{face.status}", locale),
    )


def provisioning_blocks(face: HrFace) -> list[Block]:
    """Return the steps with their states, and whether it failed: nothing of it is private."""
    if not face.steps and face.provisioning is not Provisioning.FAILED:
        return []
    locale = face.language
    lines = [text("hr.steps", locale), *(_step_line(step, locale) for step in face.steps)]
    blocks = [said(BlockId.STEPS, "\n".join(lines), locale)] if face.steps else []
    if face.provisioning is Provisioning.FAILED:
        words = text("hr.failed.card", locale, requester=who(face.requester, locale))
        blocks.append(said(BlockId.FAILURE, words, locale))
    return blocks


def _blocks(face: HrFace, room: Room) -> list[Block]:
    locale = face.language
    approval = face.approval
    shown: list[Block] = []
    if approval is not None:
        shown = [
            *content_blocks(approval.content, room, locale),
            *level_blocks(approval, room),
            *outcome_blocks(approval, room),
        ]
    reading = reading_row(approval) if approval is not None else []
    title = clip_plain(" ".join(face.title.split()), 100, locale) or _type_words(face)
    return [
        header(BlockId.HEADER, title, locale),
        _summary_fields(face),
        *shown,
        *provisioning_blocks(face),
        *reading,
        _foot(face),
    ]


def _summary_fields(face: HrFace) -> Block:
    locale = face.language
    pairs = [
        (text("field.type", locale), _type_words(face)),
        (text("hr.requester", locale), who(face.requester, locale)),
        (text("hr.state", locale), text(f"approval.{face.status}", locale)),
        (text("hr.provisioning", locale), text(f"hr.provisioning.{face.provisioning}", locale)),
    ]
    return fields(BlockId.SUMMARY, pairs, locale)


def _type_words(face: HrFace) -> str:
    return text(f"hr.type.{face.request.type}", face.language)


def _step_line(step: HrStep, locale: str) -> str:
    return text(
        "hr.step.line",
        locale,
        mark=text(f"order.step.mark.{step.status}", locale),
        name=text(f"hr.step.{step.name}", locale),
        state=text(f"order.step.state.{step.status}", locale),
    )


def _foot(face: HrFace) -> Block:
    locale = face.language
    request_id = in_line(face.request.request_id, 80, locale)
    words = text("hr.foot", locale, request_id=request_id, when=date(face.received_at, locale))
    return foot(face.request.request_id, words, locale)
