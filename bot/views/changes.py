"""What an amendment changed, who wants changes, and what people remarked, as blocks."""

from bot.views.blocks import Block, Room, context, mrkdwn, plain, said, section
from bot.views.ids import BlockId
from bot.views.outcome import who
from bot.views.text import clip_plain, counted, date, has_text, person, text
from workflows.rules.content import ContentChange
from workflows.rules.face import ApprovalFace
from workflows.rules.request import Status

CHANGES = 8
"""Changed parts shown."""
_PART = 40
_FIELD = "field:"


def change_blocks(face: ApprovalFace, room: Room) -> list[Block]:
    """Return what the last amendment changed, before and after, and which decisions it voided."""
    if not face.changes:
        return []
    locale = face.language
    shown = face.changes[:CHANGES]
    share = room.changes // (2 * len(shown))
    lines = [text("changes.title", locale, version=face.content_revision)]
    lines += [_change_words(one, share, locale) for one in shown]
    if more := len(face.changes) - len(shown):
        lines.append(counted("changes.more", more, locale))
    everything = room.changes + len(lines) * 2 * _PART
    blocks = [section(BlockId.CHANGES, plain("\n".join(lines), everything, locale))]
    if face.voided:
        words = counted("changes.voided", face.voided, locale)
        blocks.append(context(f"{BlockId.CHANGES}-voided", mrkdwn(words, 300, locale)))
    return blocks


def _change_words(change: ContentChange, share: int, locale: str) -> str:
    if change.part.startswith(_FIELD):
        part = clip_plain(" ".join(change.part.removeprefix(_FIELD).split()), _PART, locale)
    else:
        key = f"changes.part.{change.part}"
        part = text(key, locale) if has_text(key) else clip_plain(change.part, _PART, locale)
    none = text("changes.none", locale)
    before, after = (
        clip_plain(" ".join(value.split()), share, locale) or none
        for value in (change.before, change.after)
    )
    return text("changes.line", locale, part=part, before=before, after=after)


def change_request_blocks(face: ApprovalFace, room: Room) -> list[Block]:
    """Return who wants which changes, while the request waits for them."""
    wanted, locale = face.change_request, face.language
    if wanted is None or face.status is not Status.CHANGES_REQUESTED:
        return []
    lines = [
        text(
            "change_request",
            locale,
            who=person(wanted.person, locale),
            when=date(wanted.at),
            requester=who(face.requester, locale),
        )
    ]
    ends = face.levels[-1].expires_at if face.levels else None
    if ends:
        lines.append(text("level.clock_runs", locale, when=date(ends)))
    blocks = [said(BlockId.CHANGE_REQUEST, "\n".join(lines), locale)]
    if wanted.reason.strip():
        quote = text("quote", locale, reason=wanted.reason.strip())
        words = plain(quote, room.reason * 2, locale)
        blocks.append(context(f"{BlockId.CHANGE_REQUEST}-why", words))
    return blocks


def comment_blocks(face: ApprovalFace, room: Room) -> list[Block]:
    """Return how many comments there are, and the last ones."""
    if not face.comments:
        return []
    locale = face.language
    shown = face.remarks[-room.remarks :]
    key = "comments" if len(shown) >= face.comments else "comments.last"
    title = counted(key, face.comments, locale)
    blocks = [said(BlockId.COMMENTS, title, locale)]
    for number, one in enumerate(shown):
        line = text("comments.by", locale, who=person(one.person, locale), when=date(one.at))
        quote = plain(text("quote", locale, reason=one.text.strip()), room.reason, locale)
        blocks.append(context(f"{BlockId.COMMENTS}-{number}", mrkdwn(line, 300, locale), quote))
    return blocks
