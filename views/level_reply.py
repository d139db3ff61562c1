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
from views.thread_root import state_words, what_words
from views.translator import Translator
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot


def build(snapshot: ApprovalSnapshot, level: int, revision: int, t: Translator) -> Message:
    """Return the reply about a level of one content revision.

    While the level waits it mentions whoever may decide and carries the buttons. Closed, it says
    how it ended; about an earlier revision, that a change has voided it. Any face yields a
    message within Slack's limits.
    """
    found = next((one for one in snapshot.levels if one.number == level), None)
    if revision != snapshot.content_revision or found is None:
        return Message(
            text=_summary(snapshot, t("reply.voided.text", number=level, version=revision), t),
            blocks=fitted(lambda _: _voided_blocks(level, revision, t), snapshot.card_version),
        )
    asked = asked_words(snapshot, t) if found is snapshot.open_level else ""
    return Message(
        text=_summary(
            snapshot, state_words(snapshot, level, level_state(snapshot, found), t), t, asked
        ),
        blocks=fitted(lambda room: _blocks(snapshot, found, room, t), snapshot.card_version),
    )


def _summary(snapshot: ApprovalSnapshot, state: str, t: Translator, asked: str = "") -> str:
    words = t(
        "thread.text.reply",
        what=what_words(snapshot, t),
        requester=who(snapshot.requester, t),
        state=state,
        asked=asked,
    )
    return words.strip()


def _blocks(
    snapshot: ApprovalSnapshot, level: LevelSnapshot, room: Room, t: Translator
) -> list[Block]:
    blocks = _body(snapshot, level, room, t)
    if blocks != _body(snapshot, level, WHOLE, t):
        key = "thread.shortened" if _waits(snapshot, level) else "thread.shortened.closed"
        words = mrkdwn(t(key), 300, t)
        blocks.append(context(BlockId.SHORTENED, words))
    return [*blocks, *_buttons(snapshot, level, t)]


def _body(
    snapshot: ApprovalSnapshot, level: LevelSnapshot, room: Room, t: Translator
) -> list[Block]:
    blocks = one_level_blocks(snapshot, level, room, t)
    if level is snapshot.levels[-1]:
        blocks += [*change_request_blocks(snapshot, room, t), *outcome_blocks(snapshot, room, t)]
    return blocks


def _waits(snapshot: ApprovalSnapshot, level: LevelSnapshot) -> bool:
    return snapshot.is_open and not level.passed


def _buttons(snapshot: ApprovalSnapshot, level: LevelSnapshot, t: Translator) -> list[Block]:
    if not _waits(snapshot, level):
        return []
    verdicts = (
        verdict_buttons(snapshot, t, reply_level=level.number)
        if level is snapshot.open_level
        else []
    )
    details = details_button(snapshot, t, reply_level=level.number)
    return [actions(BlockId.ACTIONS, *verdicts, details)]


def _voided_blocks(level: int, revision: int, t: Translator) -> list[Block]:
    """Name the level by its number: this version may call it by another name, or not have it."""
    title = t("reply.voided.title", number=level, version=revision)
    words = "\n".join([title, t("reply.voided")])
    return [said(f"{BlockId.LEVEL}-{level}", words, t)]
