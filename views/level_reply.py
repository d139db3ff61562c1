"""A level's reply in a request's thread: who decides there and by which buttons, then what came of it."""

from views.approval_card import asked_words, details_button, verdict_buttons
from views.blocks import (
    WHOLE,
    Block,
    Message,
    Room,
    actions,
    context,
    fitted,
    mrkdwn,
    said,
)
from views.changes import change_request_blocks
from views.ids import BlockId
from views.levels import level_state, one_level_blocks
from views.outcome import outcome_blocks, who
from views.text import text
from views.thread_root import state_words, what_words
from workflows.rules.approvals.snapshot import ApprovalFace, LevelFace


def build(face: ApprovalFace, level: int, revision: int) -> Message:
    """Return the reply about a level of one content revision.

    While the level waits it mentions whoever may decide and carries the buttons. Closed, it says
    how it ended; about an earlier revision, that a change has voided it. Any face yields a
    message within Slack's limits.
    """
    found = next((one for one in face.levels if one.number == level), None)
    if revision != face.content_revision or found is None:
        return Message(
            text=_summary(face, _voided("reply.voided.text", face, level, revision)),
            blocks=fitted(lambda _: _voided_blocks(face, level, revision), face.card_version),
        )
    asked = asked_words(face) if found is face.open_level else ""
    return Message(
        text=_summary(face, state_words(face, level, level_state(face, found)), asked),
        blocks=fitted(lambda room: _blocks(face, found, room), face.card_version),
    )


def _summary(face: ApprovalFace, state: str, asked: str = "") -> str:
    words = text(
        "thread.text.reply",
        face.language,
        what=what_words(face),
        requester=who(face.requester, face.language),
        state=state,
        asked=asked,
    )
    return words.strip()


def _blocks(face: ApprovalFace, level: LevelFace, room: Room) -> list[Block]:
    blocks = _body(face, level, room)
    if blocks != _body(face, level, WHOLE):
        key = "thread.shortened" if _waits(face, level) else "thread.shortened.closed"
        words = mrkdwn(text(key, face.language), 300, face.language)
        blocks.append(context(BlockId.SHORTENED, words))
    return [*blocks, *_buttons(face, level)]


def _body(face: ApprovalFace, level: LevelFace, room: Room) -> list[Block]:
    blocks = one_level_blocks(face, level, room)
    if level is face.levels[-1]:
        blocks += [*change_request_blocks(face, room), *outcome_blocks(face, room)]
    return blocks


def _waits(face: ApprovalFace, level: LevelFace) -> bool:
    return face.is_open and not level.passed


def _buttons(face: ApprovalFace, level: LevelFace) -> list[Block]:
    if not _waits(face, level):
        return []
    verdicts = verdict_buttons(face, reply_level=level.number) if level is face.open_level else []
    details = details_button(face, reply_level=level.number)
    return [actions(BlockId.ACTIONS, *verdicts, details)]


def _voided(key: str, face: ApprovalFace, level: int, revision: int) -> str:
    """Say which reply it was. Its level may have another name by now, or be none of this version."""
    return text(key, face.language, number=level, version=revision)


def _voided_blocks(face: ApprovalFace, level: int, revision: int) -> list[Block]:
    title = _voided("reply.voided.title", face, level, revision)
    words = "\n".join([title, text("reply.voided", face.language)])
    return [said(f"{BlockId.LEVEL}-{level}", words, face.language)]
