"""A level's reply in the thread of a request: its approvers and buttons, then its result."""

from views.approval_card import details_button, undecided_text, verdict_buttons
from views.blocks import (
    MODAL,
    Block,
    Limits,
    Message,
    actions,
    context,
    fit_card,
    mrkdwn,
    text_block,
)
from views.changes import change_request_blocks
from views.ids import BlockId
from views.levels import level_state, one_level_blocks
from views.outcome import outcome_blocks
from views.people import actor_text
from views.thread_root import level_text, request_text
from views.translator import Translator
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot


def build(snapshot: ApprovalSnapshot, level: int, revision: int, t: Translator) -> Message:
    """Return the reply about a level of one content revision, within Slack's limits.

    While the level is open, it mentions its approvers and has the buttons. After that it shows the
    result; the reply about an earlier revision says that an amendment has voided it.
    """
    found = next((reached for reached in snapshot.levels if reached.number == level), None)
    if revision != snapshot.content_revision or found is None:
        return Message(
            text=_summary(snapshot, t("reply.voided.text", number=level, version=revision), t),
            blocks=fit_card(lambda _: _voided_blocks(level, revision, t), snapshot.card_version),
        )
    undecided = undecided_text(snapshot, t) if found is snapshot.open_level else ""
    return Message(
        text=_summary(
            snapshot, level_text(snapshot, level, level_state(snapshot, found), t), t, undecided
        ),
        blocks=fit_card(lambda limits: _blocks(snapshot, found, limits, t), snapshot.card_version),
    )


def _summary(snapshot: ApprovalSnapshot, state: str, t: Translator, undecided: str = "") -> str:
    text = t(
        "thread.text.reply",
        what=request_text(snapshot, t),
        requester=actor_text(snapshot.requester, t),
        state=state,
        asked=undecided,
    )
    return text.strip()


def _blocks(
    snapshot: ApprovalSnapshot, level: LevelSnapshot, limits: Limits, t: Translator
) -> list[Block]:
    blocks = _body(snapshot, level, limits, t)
    if blocks != _body(snapshot, level, MODAL, t):
        key = "thread.shortened" if _waits(snapshot, level) else "thread.shortened.closed"
        text = mrkdwn(t(key), 300, t)
        blocks.append(context(BlockId.SHORTENED, text))
    return [*blocks, *_buttons(snapshot, level, t)]


def _body(
    snapshot: ApprovalSnapshot, level: LevelSnapshot, limits: Limits, t: Translator
) -> list[Block]:
    blocks = one_level_blocks(snapshot, level, limits, t)
    if level is snapshot.levels[-1]:
        blocks += [
            *change_request_blocks(snapshot, limits, t),
            *outcome_blocks(snapshot, limits, t),
        ]
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
    """Return the text of a voided level, by number: this revision may have renamed or removed it."""
    title = t("reply.voided.title", number=level, version=revision)
    text = "\n".join([title, t("reply.voided")])
    return [text_block(f"{BlockId.LEVEL}-{level}", text, t)]
