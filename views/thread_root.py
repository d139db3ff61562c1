"""The root of a request's thread: what is asked, and how far each of its levels is."""

from collections.abc import Sequence

from views.approval_card import (
    details_button,
    foot_of,
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
from workflows.rules.approvals.snapshot import ApprovalFace, LevelFace

LEVELS = 20
"""Levels that are listed; a section holds their lines, however long their names."""


def build(face: ApprovalFace, effects: Sequence[Block] = ()) -> Message:
    """Return the root, with what came of the approval. It mentions no approver: the replies do.

    Any face yields a message within Slack's limits: long texts are shortened, and say so.
    """
    return Message(
        text=_summary(face),
        blocks=fitted(lambda room: _blocks(face, effects, room), face.card_version),
    )


def what_words(face: ApprovalFace) -> str:
    """Return what is asked in a few words: the kind, and, where it is not hidden, title and amount."""
    locale = face.language
    title = in_line(face.title, 80, locale)
    if face.hidden:
        return title
    return text(
        "thread.what",
        locale,
        title=title,
        subject=subject_mrkdwn(face.content, locale),
        amount=amount_words(face.content.amount, locale),
    )


def state_words(face: ApprovalFace, number: int, state: str) -> str:
    """Return how far a level is, in a sentence."""
    locale = face.language
    name = face.level_names[number - 1] if number <= len(face.level_names) else str(number)
    return text(
        f"thread.state.{state}",
        locale,
        number=number,
        in_all=face.levels_in_all,
        name=in_line(name, 80, locale),
    )


def _summary(face: ApprovalFace) -> str:
    locale = face.language
    if not face.is_open:
        state = text("sentence", locale, words=short_outcome(face))
    elif not face.levels:
        state = text("thread.state.first", locale)
    else:
        state = state_words(face, face.levels[-1].number, level_state(face, face.levels[-1]))
    requester = who(face.requester, locale)
    return text("thread.text.root", locale, what=what_words(face), requester=requester, state=state)


def _blocks(face: ApprovalFace, effects: Sequence[Block], room: Room) -> list[Block]:
    locale = face.language
    return [
        header(BlockId.HEADER, headline_of(face), locale),
        summary_fields(face),
        *private_block(face),
        *change_blocks(face, room),
        *content_blocks(face.content, room, locale),
        *_shortened_block(face, room),
        said(BlockId.LEVEL, "\n".join(_level_lines(face, room)), locale),
        *change_request_blocks(face, room),
        *outcome_blocks(face, room),
        *(dict(block) for block in effects),  # ids are given to them each time
        *_comment_block(face),
        *_buttons(face),
        foot_of(face),
    ]


def _shortened_block(face: ApprovalFace, room: Room) -> list[Block]:
    locale = face.language
    if not (is_shortened(face.content, room, locale) or are_shortened(face, room)):
        return []
    words = text("thread.shortened" if face.is_open else "thread.shortened.closed", locale)
    return [context(BlockId.SHORTENED, mrkdwn(words, 300, locale))]


def _level_lines(face: ApprovalFace, room: Room) -> list[str]:
    """Return a line for each level of the route, reached or not, and why one that waits is blocked."""
    reached: dict[int, LevelFace] = {level.number: level for level in face.levels}
    ahead = "next_one" if face.is_open else "never"
    shown = range(1, min(face.levels_in_all, LEVELS) + 1)
    lines = [
        title_of(face, number, level_state(face, reached[number]) if number in reached else ahead)
        for number in shown
    ]
    if more := face.levels_in_all - len(shown):
        lines.append(counted("thread.levels.more", more, face.language))
    level = face.open_level
    if level is not None and level.blocked:  # it may have no reply that says so
        lines += open_words(face, level, room)
    return lines


def _comment_block(face: ApprovalFace) -> list[Block]:
    if not face.comments:
        return []
    words = counted("thread.comments", face.comments, face.language)
    return [context(BlockId.COMMENTS, mrkdwn(words, 300, face.language))]


def _buttons(face: ApprovalFace) -> list[Block]:
    row = [details_button(face)]  # of a closed request, too: to be read, with nothing to decide
    if face.is_open:
        row.append(button(ActionId.MORE, text("button.more", face.language), button_value(face)))
    return [actions(BlockId.ACTIONS, *row)]
