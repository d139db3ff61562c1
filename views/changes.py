"""Changes made by an amendment, requested changes, and comments."""

from views.blocks import (
    MODAL,
    SECTION,
    Block,
    Limits,
    context,
    mrkdwn,
    note,
    plain,
    plain_note,
    sections,
    text_block,
)
from views.field_labels import key_label, key_value
from views.ids import BlockId
from views.people import actor_text
from views.text import fits
from views.translator import Translator
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.shared.content import ContentChange
from workflows.rules.shared.errors import RuleError
from workflows.rules.shared.money import parse_money

CHANGES = 8
"""Changed parts shown."""
_PART = 40
_WORD = 40
"""Characters that are searched for the beginning or end of a changed word."""
_AROUND = 30
"""Characters shown on both sides of a change in a long part."""
_LONG = 120
"""Characters from which on only the changed words of a part are shown."""
_FIELD = "field:"
_KEY = "key:"


def change_blocks(snapshot: ApprovalSnapshot, limits: Limits, t: Translator) -> list[Block]:
    """Return the changes of the last amendment, before and after, and the number of voided decisions."""
    if not snapshot.changes:
        return []
    changes = snapshot.changes[:CHANGES]
    share = limits.changes // (2 * len(changes))
    lines = [t("changes.title", version=snapshot.content_revision)]
    lines += [_change_line(change, share, t) for change in changes]
    if more := len(snapshot.changes) - len(changes):
        lines.append(t.count("changes.more", more))
    everything = limits.changes + len(lines) * 2 * _PART
    blocks = sections(BlockId.CHANGES, "\n".join(lines), everything, t)
    if snapshot.voided:
        text = t.count("changes.voided", snapshot.voided)
        blocks.append(note(f"{BlockId.CHANGES}-voided", text, t))
    return blocks


def are_shortened(snapshot: ApprovalSnapshot, limits: Limits, t: Translator) -> bool:
    """Return whether these limits show less of the changes than a modal does."""
    return change_blocks(snapshot, limits, t) != change_blocks(snapshot, MODAL, t)


def _change_line(change: ContentChange, share: int, t: Translator) -> str:
    before, after = change.before, change.after
    if change.part.startswith(_KEY):
        name = change.part.removeprefix(_KEY)
        part = key_label(name, t) or t.clip_plain(name, _PART)
        before, after = key_value(name, before, t), key_value(name, after, t)
    elif change.part.startswith(_FIELD):
        part = t.clip_plain(" ".join(change.part.removeprefix(_FIELD).split()), _PART)
    else:
        key = f"changes.part.{change.part}"
        part = t(key) if t.has(key) else t.clip_plain(change.part, _PART)
    if change.part == "amount":
        before, after = _amount(before, t), _amount(after, t)
    old, new = (" ".join(value.split()) for value in (before, after))
    if old == new:
        return t("changes.spaces", part=part)
    values = _changed_parts(old, new, _AROUND)
    if not all(fits(value, share) for value in values):
        values = _changed_parts(old, new, 0)
    none = t("changes.none")
    before, after = (t.clip_plain(value, share) or none for value in values)
    return t("changes.line", part=part, before=before, after=after)


def _amount(written: str, t: Translator) -> str:
    """Return an amount of a change in the reader's format; `written` is its text in a snapshot."""
    try:
        return t.money(parse_money(written, ""))
    except RuleError:  # none, or stored before its currency was checked
        return written


def _changed_parts(old: str, new: str, around: int) -> tuple[str, str]:
    """Return two texts without most of their common beginning and end.

    What differs is kept in whole words, with `around` characters on both sides.
    """
    if max(len(old), len(new)) <= _LONG or not (old and new):
        return old, new
    begins = _common_prefix_length(old, new)
    ends = _common_prefix_length(old[begins:][::-1], new[begins:][::-1])
    begin = _back(new, begins, around)
    end = _back(new[::-1], ends, around)
    first, last = "…" if begin else "", "…" if end else ""
    return (
        f"{first}{old[begin : len(old) - end]}{last}",
        f"{first}{new[begin : len(new) - end]}{last}",
    )


def _common_prefix_length(old: str, other: str) -> int:
    """Return the length of the common beginning of two texts."""
    low, high = 0, min(len(old), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _back(text: str, at: int, around: int) -> int:
    """Return the beginning of the word at `at`, or of a word up to `around` characters before it."""
    word = text.rfind(" ", max(at - _WORD, 0), at) + 1 or max(at - _WORD, 0)
    wider = max(word - around, 0)
    if not wider:
        return 0
    return text.find(" ", wider - 1, word) + 1 or word


def change_request_blocks(snapshot: ApprovalSnapshot, limits: Limits, t: Translator) -> list[Block]:
    """Return the requested changes and their author, while the request waits for them."""
    request = snapshot.change_request
    if request is None or snapshot.status is not Status.CHANGES_REQUESTED:
        return []
    lines = [
        t(
            "change_request",
            who=t.mention(request.person),
            when=t.date(request.at),
            requester=actor_text(snapshot.requester, t),
        )
    ]
    ends = snapshot.levels[-1].expires_at if snapshot.levels else None
    if ends:
        lines.append(t("level.clock_runs", when=t.date(ends)))
    blocks = [text_block(BlockId.CHANGE_REQUEST, "\n".join(lines), t)]
    if request.reason.strip():
        quote = t("quote", reason=request.reason.strip())
        limit = min(limits.reason * 2, SECTION)
        blocks.append(plain_note(f"{BlockId.CHANGE_REQUEST}-why", quote, limit, t))
    return blocks


def comment_blocks(snapshot: ApprovalSnapshot, limits: Limits, t: Translator) -> list[Block]:
    """Return the number of comments, and the last ones."""
    if not snapshot.comments:
        return []
    comments = snapshot.remarks[-limits.remarks :]
    key = "comments" if len(comments) >= snapshot.comments else "comments.last"
    title = t.count(key, snapshot.comments)
    blocks = [text_block(BlockId.COMMENTS, title, t)]
    for number, remark in enumerate(comments):
        line = t("comments.by", who=t.mention(remark.person), when=t.date(remark.at))
        quote = plain(t("quote", reason=remark.text.strip()), limits.reason, t)
        blocks.append(context(f"{BlockId.COMMENTS}-{number}", mrkdwn(line, 300, t), quote))
    return blocks
