"""What came of several decisions, item by item, and of all together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from views.blocks import View, divider, modal, said
from views.bulk_modal import BulkItem, BulkSubmission
from views.ids import BlockId
from views.text import counted, escape, text


class Progress(StrEnum):
    """How far one of the decisions is."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkResult:
    """What came of one of the decisions; the sentence is escaped already."""

    item: BulkItem
    progress: Progress = Progress.WAITING
    sentence: str = ""


def results(found: Sequence[BulkResult], locale: str = "en") -> View:
    """Return what came of each decision, and of all together."""
    lines = [said(f"{BlockId.ITEM}-{one.item.number}", _line(one, locale), locale) for one in found]
    title, close = text("bulk.title", locale), text("verb.close", locale)
    summary = said(BlockId.SUMMARY, told_words(found, locale), locale)
    return modal(title, [summary, divider(BlockId.DIVIDER), *lines], locale, close=close)


def told_words(found: Sequence[BulkResult], locale: str = "en") -> str:
    """Return in a sentence or two how many decisions count and how many do not."""
    reached = [one.progress for one in found]
    if Progress.WAITING in reached:
        return text("bulk.working", locale)
    refused = reached.count(Progress.REFUSED)
    words = counted("bulk.accepted", reached.count(Progress.ACCEPTED), locale)
    if not refused:
        return words
    return text(
        "bulk.told", locale, accepted=words, refused=counted("bulk.refused", refused, locale)
    )


def in_words(found: Sequence[BulkResult], locale: str = "en") -> str:
    """Return the same as `results` in words, for somebody who has closed the window."""
    lines = [told_words(found, locale), *(_line(one, locale) for one in found)]
    return "\n".join(lines)


def _line(one: BulkResult, locale: str) -> str:
    return text(
        f"bulk.result.{one.progress}",
        locale,
        number=one.item.number,
        subject=escape(one.item.subject),
        sentence=one.sentence or text("bulk.sending", locale),
    )


def begun(submission: BulkSubmission) -> list[BulkResult]:
    """Return the results before anything has come."""
    return [BulkResult(item=one) for one in submission.items]


def with_result(
    found: Sequence[BulkResult], item: BulkItem, progress: Progress, sentence: str
) -> list[BulkResult]:
    """Return the results with what has come of one."""
    return [
        replace(one, progress=progress, sentence=sentence) if one.item == item else one
        for one in found
    ]
