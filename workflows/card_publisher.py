"""Publishes one card: one attempt at a time, started without waiting for its result."""

from dataclasses import dataclass, replace
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.options import SLACK_ONCE
from workflows.ports.approvals import CardPort, PublishCard, PublishedCard
from workflows.rules.shared import card as rules
from workflows.rules.shared.card import CardState
from workflows.rules.snapshots import Snapshot

ATTEMPT_TIMEOUT = SLACK_ONCE["schedule_to_close_timeout"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Attempt:
    handle: workflow.ActivityHandle[PublishedCard]
    started_at: datetime
    version: int


class CardPublisher:
    """Publishes a card to Slack. Each method returns the card's state after it."""

    def __init__(self) -> None:
        self._attempt: _Attempt | None = None

    @property
    def is_publishing(self) -> bool:
        """Whether an attempt is running, or its result has not been collected."""
        return self._attempt is not None

    @property
    def has_result(self) -> bool:
        """Whether the attempt has ended."""
        return self._attempt is not None and self._attempt.handle.done()

    @property
    def started_at(self) -> datetime | None:
        """The start of the current attempt."""
        return self._attempt.started_at if self._attempt is not None else None

    def start(self, card: CardState, snapshot: Snapshot, now: datetime) -> CardState:
        """Start an attempt to show `snapshot` on every copy."""
        card = rules.publish_started(card, now)
        handle = workflow.start_activity_method(
            CardPort.publish, PublishCard(face=snapshot, copies=card.copies), **SLACK_ONCE
        )
        self._attempt = _Attempt(handle=handle, started_at=now, version=card.version)
        return card

    def collect(self, card: CardState, now: datetime) -> CardState:
        """Apply the result of the attempt, if it has ended."""
        if self._attempt is None or not self._attempt.handle.done():
            return card
        attempt, self._attempt = self._attempt, None
        try:
            result = attempt.handle.result()
        except ActivityError:
            return rules.publish_outcome_unknown(card, now, began=attempt.started_at)
        copies = rules.copies_after(card, result.copies, succeeded=not result.problem)
        if not result.problem:
            return rules.publish_succeeded(card, result.version, copies)
        card, wait = replace(card, copies=copies), result.retry_after
        if result.lasting:
            card = replace(card, refused=attempt.version, problem=result.problem)
            wait = rules.long_retry_delay(card.tries, result.retry_after)
        return rules.publish_failed(card, now, wait, began=attempt.started_at)

    def abandon(self, card: CardState, now: datetime) -> CardState:
        """Give the running attempt up: its outcome is unknown, and until its timeout it may post.

        So no one may publish before that.
        """
        if self._attempt is None:
            return card
        started_at = self._attempt.started_at
        lost = rules.publish_outcome_unknown(card, now, began=started_at)
        return replace(lost, not_before=started_at + ATTEMPT_TIMEOUT)
