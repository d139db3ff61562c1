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
from views.text import counted, in_line, text
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot

LEVELS = 20
"""Levels that are listed; a section holds their lines, however long their names."""


def build(snapshot: ApprovalSnapshot, effects: Sequence[Block] = ()) -> Message:
    """Return the root, with what came of the approval. It mentions no approver: the replies do.

    Any face yields a message within Slack's limits: long texts are shortened, and say so.
    """
    return Message(
        text=_summary(snapshot),
        blocks=fitted(lambda room: _blocks(snapshot, effects, room), snapshot.card_version),
    )


def what_words(snapshot: ApprovalSnapshot) -> str:
    """Return what is asked in a few words: the kind, and, where it is not hidden, title and amount."""
    locale = snapshot.language
    title = in_line(snapshot.title, 80, locale)
    if snapshot.hidden:
        return title
    return text(
        "thread.what",
        locale,
        title=title,
        subject=subject_mrkdwn(snapshot.content, locale),
        amount=amount_words(snapshot.content.amount, locale),
    )


def state_words(snapshot: ApprovalSnapshot, number: int, state: str) -> str:
    """Return how far a level is, in a sentence."""
    locale = snapshot.language
    name = snapshot.level_names[number - 1] if number <= len(snapshot.level_names) else str(number)
    return text(
        f"thread.state.{state}",
        locale,
        number=number,
        in_all=snapshot.levels_in_all,
        name=in_line(name, 80, locale),
    )


def _summary(snapshot: ApprovalSnapshot) -> str:
    locale = snapshot.language
    if not snapshot.is_open:
        state = text("sentence", locale, words=short_outcome(snapshot))
    elif not snapshot.levels:
        state = text("thread.state.first", locale)
    else:
        state = state_words(
            snapshot, snapshot.levels[-1].number, level_state(snapshot, snapshot.levels[-1])
        )
    requester = who(snapshot.requester, locale)
    return text(
        "thread.text.root", locale, what=what_words(snapshot), requester=requester, state=state
    )


def _blocks(snapshot: ApprovalSnapshot, effects: Sequence[Block], room: Room) -> list[Block]:
    locale = snapshot.language
    return [
        header(BlockId.HEADER, headline_of(snapshot), locale),
        summary_fields(snapshot),
        *private_block(snapshot),
        *change_blocks(snapshot, room),
        *content_blocks(snapshot.content, room, locale),
        *_shortened_block(snapshot, room),
        said(BlockId.LEVEL, "\n".join(_level_lines(snapshot, room)), locale),
        *change_request_blocks(snapshot, room),
        *outcome_blocks(snapshot, room),
        *(dict(block) for block in effects),  # ids are given to them each time
        *_comment_block(snapshot),
        *_buttons(snapshot),
        footer_of(snapshot),
    ]


def _shortened_block(snapshot: ApprovalSnapshot, room: Room) -> list[Block]:
    locale = snapshot.language
    if not (is_shortened(snapshot.content, room, locale) or are_shortened(snapshot, room)):
        return []
    words = text("thread.shortened" if snapshot.is_open else "thread.shortened.closed", locale)
    return [context(BlockId.SHORTENED, mrkdwn(words, 300, locale))]


def _level_lines(snapshot: ApprovalSnapshot, room: Room) -> list[str]:
    """Return a line for each level of the route, reached or not, and why one that waits is blocked."""
    reached: dict[int, LevelSnapshot] = {level.number: level for level in snapshot.levels}
    ahead = "next_one" if snapshot.is_open else "never"
    shown = range(1, min(snapshot.levels_in_all, LEVELS) + 1)
    lines = [
        title_of(
            snapshot, number, level_state(snapshot, reached[number]) if number in reached else ahead
        )
        for number in shown
    ]
    if more := snapshot.levels_in_all - len(shown):
        lines.append(counted("thread.levels.more", more, snapshot.language))
    level = snapshot.open_level
    if level is not None and level.blocked:  # it may have no reply that says so
        lines += open_words(snapshot, level, room)
    return lines


def _comment_block(snapshot: ApprovalSnapshot) -> list[Block]:
    if not snapshot.comments:
        return []
    words = counted("thread.comments", snapshot.comments, snapshot.language)
    return [context(BlockId.COMMENTS, mrkdwn(words, 300, snapshot.language))]


def _buttons(snapshot: ApprovalSnapshot) -> list[Block]:
    row = [details_button(snapshot)]  # of a closed request, too: to be read, with nothing to decide
    if snapshot.is_open:
        row.append(
            button(ActionId.MORE, text("button.more", snapshot.language), button_value(snapshot))
        )
    return [actions(BlockId.ACTIONS, *row)]
