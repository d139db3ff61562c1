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
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot


def build(snapshot: ApprovalSnapshot, level: int, revision: int) -> Message:
    """Return the reply about a level of one content revision.

    While the level waits it mentions whoever may decide and carries the buttons. Closed, it says
    how it ended; about an earlier revision, that a change has voided it. Any face yields a
    message within Slack's limits.
    """
    found = next((one for one in snapshot.levels if one.number == level), None)
    if revision != snapshot.content_revision or found is None:
        return Message(
            text=_summary(snapshot, _voided("reply.voided.text", snapshot, level, revision)),
            blocks=fitted(
                lambda _: _voided_blocks(snapshot, level, revision), snapshot.card_version
            ),
        )
    asked = asked_words(snapshot) if found is snapshot.open_level else ""
    return Message(
        text=_summary(snapshot, state_words(snapshot, level, level_state(snapshot, found)), asked),
        blocks=fitted(lambda room: _blocks(snapshot, found, room), snapshot.card_version),
    )


def _summary(snapshot: ApprovalSnapshot, state: str, asked: str = "") -> str:
    words = text(
        "thread.text.reply",
        snapshot.language,
        what=what_words(snapshot),
        requester=who(snapshot.requester, snapshot.language),
        state=state,
        asked=asked,
    )
    return words.strip()


def _blocks(snapshot: ApprovalSnapshot, level: LevelSnapshot, room: Room) -> list[Block]:
    blocks = _body(snapshot, level, room)
    if blocks != _body(snapshot, level, WHOLE):
        key = "thread.shortened" if _waits(snapshot, level) else "thread.shortened.closed"
        words = mrkdwn(text(key, snapshot.language), 300, snapshot.language)
        blocks.append(context(BlockId.SHORTENED, words))
    return [*blocks, *_buttons(snapshot, level)]


def _body(snapshot: ApprovalSnapshot, level: LevelSnapshot, room: Room) -> list[Block]:
    blocks = one_level_blocks(snapshot, level, room)
    if level is snapshot.levels[-1]:
        blocks += [*change_request_blocks(snapshot, room), *outcome_blocks(snapshot, room)]
    return blocks


def _waits(snapshot: ApprovalSnapshot, level: LevelSnapshot) -> bool:
    return snapshot.is_open and not level.passed


def _buttons(snapshot: ApprovalSnapshot, level: LevelSnapshot) -> list[Block]:
    if not _waits(snapshot, level):
        return []
    verdicts = (
        verdict_buttons(snapshot, reply_level=level.number) if level is snapshot.open_level else []
    )
    details = details_button(snapshot, reply_level=level.number)
    return [actions(BlockId.ACTIONS, *verdicts, details)]


def _voided(key: str, snapshot: ApprovalSnapshot, level: int, revision: int) -> str:
    """Say which reply it was. Its level may have another name by now, or be none of this version."""
    return text(key, snapshot.language, number=level, version=revision)


def _voided_blocks(snapshot: ApprovalSnapshot, level: int, revision: int) -> list[Block]:
    title = _voided("reply.voided.title", snapshot, level, revision)
    words = "\n".join([title, text("reply.voided", snapshot.language)])
    return [said(f"{BlockId.LEVEL}-{level}", words, snapshot.language)]
