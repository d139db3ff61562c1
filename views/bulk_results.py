"""The results of several decisions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from views.blocks import View, divider, modal, text_block
from views.bulk_modal import BulkItem, BulkSubmission
from views.ids import BlockId
from views.text import escape
from views.translator import Translator


class Progress(StrEnum):
    """The progress of one decision."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkResult:
    """The result of one decision; its sentence is already escaped."""

    item: BulkItem
    progress: Progress = Progress.WAITING
    sentence: str = ""


def results(outcomes: Sequence[BulkResult], t: Translator) -> View:
    """Return a modal with the result of each decision and a summary."""
    lines = [
        text_block(f"{BlockId.ITEM}-{result.item.number}", _line(result, t), t)
        for result in outcomes
    ]
    title, close = t("bulk.title"), t("verb.close")
    summary = text_block(BlockId.SUMMARY, summary_text(outcomes, t), t)
    return modal(title, [summary, divider(BlockId.DIVIDER), *lines], t, close=close)


def summary_text(outcomes: Sequence[BulkResult], t: Translator) -> str:
    """Return the numbers of accepted and refused decisions."""
    reached = [result.progress for result in outcomes]
    if Progress.WAITING in reached:
        return t("bulk.working")
    refused = reached.count(Progress.REFUSED)
    text = t.count("bulk.accepted", reached.count(Progress.ACCEPTED))
    if not refused:
        return text
    return t("bulk.told", accepted=text, refused=t.count("bulk.refused", refused))


def results_text(outcomes: Sequence[BulkResult], t: Translator) -> str:
    """Return the same as `results` as text, for a person who has closed the modal."""
    lines = [summary_text(outcomes, t), *(_line(result, t) for result in outcomes)]
    return "\n".join(lines)


def _line(result: BulkResult, t: Translator) -> str:
    return t(
        f"bulk.result.{result.progress}",
        number=result.item.number,
        subject=escape(result.item.subject),
        sentence=result.sentence or t("bulk.sending"),
    )


def pending_results(submission: BulkSubmission) -> list[BulkResult]:
    """Return the results before any decision was sent."""
    return [BulkResult(item=item) for item in submission.items]


def with_result(
    outcomes: Sequence[BulkResult], item: BulkItem, progress: Progress, sentence: str
) -> list[BulkResult]:
    """Return the results with that of one decision replaced."""
    return [
        replace(result, progress=progress, sentence=sentence) if result.item == item else result
        for result in outcomes
    ]
