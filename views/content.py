"""The content of a request as blocks, for the cards of all journeys."""

from views.blocks import MODAL, SECTION, Block, Limits, mrkdwn, plain, section, sections
from views.field_labels import field_label, field_value
from views.ids import BlockId
from views.text import link
from views.translator import Translator
from workflows.rules.shared.content import Content, ContentField
from workflows.rules.shared.money import Money

FIELDS = 20
"""Lines of fields line; a text below them counts the rest."""
_NO_LINK = 300
_HEADER_SUBJECT = 100


def subject(content: Content, limit: int, t: Translator) -> str:
    """Return the title on one line, for plain_text objects."""
    title = " ".join(content.title.split())
    return t.clip_plain(title, limit) if title else t("untitled")


def subject_mrkdwn(content: Content, t: Translator) -> str:
    """Return the title on one line, escaped."""
    return t.inline(content.title, 200) or t("untitled")


def amount_text(amount: Money | None, t: Translator) -> str:
    """Return the amount as part of a sentence; an empty string if there is none."""
    return t("approval.text.amount", amount=t.money(amount)) if amount else ""


def amount_note(amount: Money | None, t: Translator) -> str:
    """Return the amount in parentheses after a subject; an empty string if there is none."""
    return t("content.amount", amount=t.money(amount)) if amount else ""


def headline(title: str, content: Content, t: Translator) -> str:
    """Return the text of a header: the kind of request and its title."""
    kind = t.clip_plain(" ".join(title.split()), 40)
    short = subject(content, _HEADER_SUBJECT, t)
    return t("approval.header", title=kind, subject=short)


def content_blocks(content: Content, limits: Limits, t: Translator) -> list[Block]:
    """Return the title if the header shortens it, the text, the fields and the links.

    All but the links are plain text, so nothing in them becomes a link or formatting.
    """
    blocks: list[Block] = []
    title = " ".join(content.title.split())
    if t.clip_plain(title, _HEADER_SUBJECT) != title:
        blocks.append(section(BlockId.SUBJECT, plain(title, min(limits.text // 2, SECTION), t)))
    if content.text.strip():
        blocks += sections(BlockId.CONTENT_TEXT, content.text.strip(), limits.text, t)
    written = [field for field in content.fields if field.label.strip() or field.value.strip()]
    if written:
        blocks += _field_blocks(written, limits, t)
    if content.links:
        blocks.append(_links_block(content.links, limits, t))
    return blocks


def is_shortened(content: Content, limits: Limits, t: Translator) -> bool:
    """Return whether these limits show less of the content than a modal does."""
    return content_blocks(content, limits, t) != content_blocks(content, MODAL, t)


def _links_block(links: tuple[str, ...], limits: Limits, t: Translator) -> Block:
    """Return the links, each whole or left out: a shortened address would lead somewhere else."""
    lines: list[str] = []
    remaining = limits.links
    for address in links:
        line = link(address) or t.inline(address, _NO_LINK)
        if len(line) > remaining:
            break
        remaining -= len(line) + 1
        lines.append(line)
    if more := len(links) - len(lines):
        lines.append(t.count("content.more_links", more))
    text = t("content.links", links="\n".join(lines))
    return section(BlockId.LINKS, mrkdwn(text, SECTION, t))


def _field_blocks(written: list[ContentField], limits: Limits, t: Translator) -> list[Block]:
    """Return a line for each field; many fields share the limit equally."""
    visible = written[:FIELDS]
    share = min(limits.fields // (len(visible) + 1) - 1, limits.field)
    lines = [
        t.clip_plain(f"{field_label(field, t)}: {field_value(field, t)}", share)
        for field in visible
    ]
    if more := len(written) - len(visible):
        lines.append(t.count("approval.more_fields", more))
    return sections(BlockId.CONTENT_FIELDS, "\n".join(lines), limits.fields, t)
