"""The root of a request's thread: its content, and the state of each level."""

from collections.abc import Sequence

from views.approval_card import (
    details_button,
    footer_block,
    header_text,
    private_block,
    shortened_blocks,
    summary_fields,
)
from views.approvers import waiting_lines
from views.blocks import (
    Block,
    Limits,
    Message,
    actions,
    button,
    fit_card,
    header,
    note,
    text_block,
)
from views.card_click import button_value
from views.changes import change_blocks, change_request_blocks
from views.content import amount_text, content_blocks, subject_mrkdwn
from views.ids import ActionId, BlockId
from views.levels import level_state, level_title
from views.outcome import outcome_blocks, short_outcome
from views.people import actor_text
from views.translator import Translator
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot

LEVELS = 20
"""Levels listed; a section holds their lines, however long the names."""


def build(snapshot: ApprovalSnapshot, t: Translator, effects: Sequence[Block] = ()) -> Message:
    """Return the root, within Slack's limits, with the `effects` of the approval.

    It mentions no approvers; the replies do.
    """
    return Message(
        text=_summary(snapshot, t),
        blocks=fit_card(
            lambda limits: _blocks(snapshot, effects, limits, t), snapshot.card_version
        ),
    )


def request_text(snapshot: ApprovalSnapshot, t: Translator) -> str:
    """Return the kind of request and, if they are not hidden, its title and amount."""
    title = t.inline(snapshot.title, 80)
    if snapshot.hidden:
        return title
    return t(
        "thread.what",
        title=title,
        subject=subject_mrkdwn(snapshot.content, t),
        amount=amount_text(snapshot.content.amount, t),
    )


def level_text(snapshot: ApprovalSnapshot, number: int, state: str, t: Translator) -> str:
    """Return the state of a level in one sentence."""
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
        state = level_text(
            snapshot, snapshot.levels[-1].number, level_state(snapshot, snapshot.levels[-1]), t
        )
    requester = actor_text(snapshot.requester, t)
    return t("thread.text.root", what=request_text(snapshot, t), requester=requester, state=state)


def _blocks(
    snapshot: ApprovalSnapshot, effects: Sequence[Block], limits: Limits, t: Translator
) -> list[Block]:
    return [
        header(BlockId.HEADER, header_text(snapshot, t), t),
        summary_fields(snapshot, t),
        *private_block(snapshot, t),
        *change_blocks(snapshot, limits, t),
        *content_blocks(snapshot.content, limits, t),
        *shortened_blocks(
            snapshot,
            limits,
            t,
            open_key="thread.shortened",
            closed_key="thread.shortened.closed",
        ),
        text_block(BlockId.LEVEL, "\n".join(_level_lines(snapshot, limits, t)), t),
        *change_request_blocks(snapshot, limits, t),
        *outcome_blocks(snapshot, limits, t),
        *(dict(block) for block in effects),  # a copy, since each attempt sets the block ids
        *_comment_block(snapshot, t),
        *_buttons(snapshot, t),
        footer_block(snapshot, t),
    ]


def _level_lines(snapshot: ApprovalSnapshot, limits: Limits, t: Translator) -> list[str]:
    """Return a line for each level of the route, and why the open one is blocked."""
    reached: dict[int, LevelSnapshot] = {level.number: level for level in snapshot.levels}
    unreached = "next_one" if snapshot.is_open else "never"
    numbers = range(1, min(snapshot.levels_in_all, LEVELS) + 1)
    lines = [
        level_title(
            snapshot,
            number,
            level_state(snapshot, reached[number]) if number in reached else unreached,
            t,
        )
        for number in numbers
    ]
    if more := snapshot.levels_in_all - len(numbers):
        lines.append(t.count("thread.levels.more", more))
    level = snapshot.open_level
    if level is not None and level.blocked:  # a blocked level may have no reply that explains it
        lines += waiting_lines(snapshot, level, limits, t)
    return lines


def _comment_block(snapshot: ApprovalSnapshot, t: Translator) -> list[Block]:
    if not snapshot.comments:
        return []
    text = t.count("thread.comments", snapshot.comments)
    return [note(BlockId.COMMENTS, text, t)]


def _buttons(snapshot: ApprovalSnapshot, t: Translator) -> list[Block]:
    row = [details_button(snapshot, t)]  # for a closed request too, to read it
    if snapshot.is_open:
        row.append(button(ActionId.MORE, t("button.more"), button_value(snapshot, t)))
    return [actions(BlockId.ACTIONS, *row)]
