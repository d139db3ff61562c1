"""The port of the reconciliation: compares open requests with Temporal, and ends those that are gone."""

from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from workflows.rules.ended_outside import RunEnd
from workflows.rules.shared.card import CardCopy
from workflows.rules.snapshots import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenQuestion:
    """A page of the open requests: those that have not changed since `before`, after the id `after`."""

    before: datetime
    after: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class GoneRun:
    """An open request whose workflow is gone, and how it was ended."""

    request_id: str
    how: RunEnd


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """The result of one page. `after` is where the next page starts, empty after the last page."""

    compared: int
    gone: tuple[GoneRun, ...]
    after: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EndQuestion:
    """End this request at `now`."""

    run: GoneRun
    now: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class EndedRequest:
    """A request that was ended: its last snapshot, and the copies of its card.

    `shown` is the snapshot for the card: the parent's, if it has ended too. `is_told` means that
    another workflow notifies the requester.
    """

    face: Snapshot
    shown: Snapshot
    copies: tuple[CardCopy, ...]
    is_told: bool


class ReconciliationPort:
    """The records of open requests, and the workflows behind them."""

    @activity.defn
    async def compare(self, question: OpenQuestion) -> Compared:
        """Compare a page of open requests with Temporal. Safe to repeat: nothing is changed.

        Raises ApplicationError `reconciliation.suspicious`, not retried, if Temporal knows none of
        many requests: it is then another Temporal, or has lost its data.
        """
        raise NotImplementedError

    @activity.defn
    async def end_request(self, question: EndQuestion) -> EndedRequest | None:
        """Record that a request was ended outside Countersign, and return what to publish.

        Safe to repeat: the fact is appended once. Returns None if the request has ended otherwise.
        """
        raise NotImplementedError
