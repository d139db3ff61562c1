"""What is asked, as blocks: shared by the cards of everything that can be asked."""

from views.blocks import SECTION, WHOLE, Block, Room, mrkdwn, plain, section, sections
from views.field_labels import field_label, field_value
from views.ids import BlockId
from views.text import clip_plain, counted, in_line, link, text
from workflows.rules.shared.content import Content, ContentField
from workflows.rules.shared.money import Money

FIELDS = 20
"""Lines of fields shown; the text below says how many more there are."""
_NO_LINK = 300
_HEADER_SUBJECT = 100


def subject(content: Content, limit: int, locale: str) -> str:
    """Return the title on one line for plain_text elements."""
    title = " ".join(content.title.split())
    return clip_plain(title, limit, locale) if title else text("untitled", locale)


def subject_mrkdwn(content: Content, locale: str) -> str:
    """Return the title on one line, escaped."""
    return in_line(content.title, 200, locale) or text("untitled", locale)


def amount_words(amount: Money | None, locale: str) -> str:
    """Return the amount as a part of a sentence; nothing where there is none."""
    return text("approval.text.amount", locale, amount=amount) if amount else ""


def headline(title: str, content: Content, locale: str) -> str:
    """Return what stands in the header: the kind of request and its title."""
    kind = clip_plain(" ".join(title.split()), 40, locale)
    short = subject(content, _HEADER_SUBJECT, locale)
    return text("approval.header", locale, title=kind, subject=short)


def content_blocks(content: Content, room: Room, locale: str) -> list[Block]:
    """Return title where the header cut it, text, fields: plain, so nothing in them acts; and links."""
    blocks: list[Block] = []
    title = " ".join(content.title.split())
    if clip_plain(title, _HEADER_SUBJECT, locale) != title:
        blocks.append(section(BlockId.SUBJECT, plain(title, min(room.text // 2, SECTION), locale)))
    if content.text.strip():
        blocks += sections(BlockId.CONTENT_TEXT, content.text.strip(), room.text, locale)
    written = [one for one in content.fields if one.label.strip() or one.value.strip()]
    if written:
        blocks += _field_blocks(written, room, locale)
    if content.links:
        blocks.append(_links_block(content.links, room, locale))
    return blocks


def is_shortened(content: Content, room: Room, locale: str) -> bool:
    """Say whether there is less of the content in this room than in a modal."""
    return content_blocks(content, room, locale) != content_blocks(content, WHOLE, locale)


def _links_block(links: tuple[str, ...], room: Room, locale: str) -> Block:
    """Return the links, whole or not at all: a shortened address would lead elsewhere."""
    lines: list[str] = []
    left = room.links
    for one in links:
        shown = link(one) or in_line(one, _NO_LINK, locale)
        if len(shown) > left:
            break
        left -= len(shown) + 1
        lines.append(shown)
    if more := len(links) - len(lines):
        lines.append(counted("content.more_links", more, locale))
    words = text("content.links", locale, links="\n".join(lines))
    return section(BlockId.LINKS, mrkdwn(words, SECTION, locale))


def _field_blocks(written: list[ContentField], room: Room, locale: str) -> list[Block]:
    """Return a line for each field; where there are many, each gets its share of the room."""
    shown = written[:FIELDS]
    share = min(room.fields // (len(shown) + 1) - 1, room.field)
    lines = [
        clip_plain(f"{field_label(one, locale)}: {field_value(one, locale)}", share, locale)
        for one in shown
    ]
    if more := len(written) - len(shown):
        lines.append(counted("approval.more_fields", more, locale))
    return sections(BlockId.CONTENT_FIELDS, "\n".join(lines), room.fields, locale)
