"""The root of a request's thread: what is asked, and how far each of its levels is."""

from collections.abc import Sequence

from views.approval_card import (
    details_button,
    footer_of,
    headline_of,
    private_block,
    summary_fields,
)
from views.approvers import open_words
from views.blocks import (
    Block,
    Message,
    Room,
    actions,
    button,
    context,
    fitted,
    header,
    mrkdwn,
    said,
)
from views.card_click import button_value
from views.changes import are_shortened, change_blocks, change_request_blocks
from views.content import amount_words, content_blocks, is_shortened, subject_mrkdwn
from views.ids import ActionId, BlockId
from views.levels import level_state, title_of
from views.outcome import outcome_blocks, short_outcome, who
from views.translator import Translator
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot

LEVELS = 20
"""Levels that are listed; a section holds their lines, however long their names."""


def build(snapshot: ApprovalSnapshot, t: Translator, effects: Sequence[Block] = ()) -> Message:
    """Return the root, with what came of the approval. It mentions no approver: the replies do.

    Any face yields a message within Slack's limits: long texts are shortened, and say so.
    """
    return Message(
        text=_summary(snapshot, t),
        blocks=fitted(lambda room: _blocks(snapshot, effects, room, t), snapshot.card_version),
    )


def what_words(snapshot: ApprovalSnapshot, t: Translator) -> str:
    """Return what is asked in a few words: the kind, and, where it is not hidden, title and amount."""
    title = t.inline(snapshot.title, 80)
    if snapshot.hidden:
        return title
    return t(
        "thread.what",
        title=title,
        subject=subject_mrkdwn(snapshot.content, t),
        amount=amount_words(snapshot.content.amount, t),
    )


def state_words(snapshot: ApprovalSnapshot, number: int, state: str, t: Translator) -> str:
    """Return how far a level is, in a sentence."""
    name = snapshot.level_names[number - 1] if number <= len(snapshot.level_names) else str(number)
    return t(
        f"thread.state.{state}",
        number=number,
        in_all=snapshot.levels_in_all,
        name=t.inline(name, 80),
    )


def _summary(snapshot: ApprovalSnapshot, t: Translator) -> str:
    if not snapshot.is_open:
        state = t("sentence", words=short_outcome(snapshot, t))
    elif not snapshot.levels:
        state = t("thread.state.first")
    else:
        state = state_words(
            snapshot, snapshot.levels[-1].number, level_state(snapshot, snapshot.levels[-1]), t
        )
    requester = who(snapshot.requester, t)
    return t("thread.text.root", what=what_words(snapshot, t), requester=requester, state=state)


def _blocks(
    snapshot: ApprovalSnapshot, effects: Sequence[Block], room: Room, t: Translator
) -> list[Block]:
    return [
        header(BlockId.HEADER, headline_of(snapshot, t), t),
        summary_fields(snapshot, t),
        *private_block(snapshot, t),
        *change_blocks(snapshot, room, t),
        *content_blocks(snapshot.content, room, t),
        *_shortened_block(snapshot, room, t),
        said(BlockId.LEVEL, "\n".join(_level_lines(snapshot, room, t)), t),
        *change_request_blocks(snapshot, room, t),
        *outcome_blocks(snapshot, room, t),
        *(dict(block) for block in effects),  # ids are given to them each time
        *_comment_block(snapshot, t),
        *_buttons(snapshot, t),
        footer_of(snapshot, t),
    ]


def _shortened_block(snapshot: ApprovalSnapshot, room: Room, t: Translator) -> list[Block]:
    if not (is_shortened(snapshot.content, room, t) or are_shortened(snapshot, room, t)):
        return []
    words = t("thread.shortened" if snapshot.is_open else "thread.shortened.closed")
    return [context(BlockId.SHORTENED, mrkdwn(words, 300, t))]


def _level_lines(snapshot: ApprovalSnapshot, room: Room, t: Translator) -> list[str]:
    """Return a line for each level of the route, reached or not, and why one that waits is blocked."""
    reached: dict[int, LevelSnapshot] = {level.number: level for level in snapshot.levels}
    ahead = "next_one" if snapshot.is_open else "never"
    shown = range(1, min(snapshot.levels_in_all, LEVELS) + 1)
    lines = [
        title_of(
            snapshot,
            number,
            level_state(snapshot, reached[number]) if number in reached else ahead,
            t,
        )
        for number in shown
    ]
    if more := snapshot.levels_in_all - len(shown):
        lines.append(t.count("thread.levels.more", more))
    level = snapshot.open_level
    if level is not None and level.blocked:  # it may have no reply that says so
        lines += open_words(snapshot, level, room, t)
    return lines


def _comment_block(snapshot: ApprovalSnapshot, t: Translator) -> list[Block]:
    if not snapshot.comments:
        return []
    words = t.count("thread.comments", snapshot.comments)
    return [context(BlockId.COMMENTS, mrkdwn(words, 300, t))]


def _buttons(snapshot: ApprovalSnapshot, t: Translator) -> list[Block]:
    row = [
        details_button(snapshot, t)
    ]  # of a closed request, too: to be read, with nothing to decide
    if snapshot.is_open:
        row.append(button(ActionId.MORE, t("button.more"), button_value(snapshot, t)))
    return [actions(BlockId.ACTIONS, *row)]
