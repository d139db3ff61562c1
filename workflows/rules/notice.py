"""Notices: messages that a workflow sends on its own, with their recipients and channels."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.shared.card import CardCopy
from workflows.rules.snapshots import Snapshot

MAX_MENTIONS = 8
"""A card mentions at most this many people when it is posted; more people get a notice each."""


class NoticeKind(StrEnum):
    """The kinds of notices. Only those in `AFTER_CLOSING` are sent once the request has closed.

    Four are replies in the thread of an order's card: payment, shipment, delivery and cancellation.
    The card itself shows everything else, and the outcome notifies the requester.
    """

    ASKED = "asked"
    REMINDED = "reminded"
    CHANGES_WANTED = "changes_wanted"
    DELEGATE_REFUSED = "delegate_refused"
    BLOCKED = "blocked"
    EXCLUDED = "excluded"
    COMMENTED = "commented"
    ATTENTION = "attention"
    ORDER_PAID = "order_paid"
    ORDER_SHIPPED = "order_shipped"
    ORDER_DELIVERED = "order_delivered"
    ORDER_CANCELLED = "order_cancelled"
    OUTCOME = "outcome"
    CARD_NOT_POSTED = "card_not_posted"
    START_REFUSED = "start_refused"
    ENDED_OUTSIDE = "ended_outside"


AFTER_CLOSING = (
    NoticeKind.OUTCOME,
    NoticeKind.CARD_NOT_POSTED,
    NoticeKind.START_REFUSED,
    NoticeKind.ENDED_OUTSIDE,
    NoticeKind.ORDER_PAID,
    NoticeKind.ORDER_DELIVERED,
    NoticeKind.ORDER_CANCELLED,
)
"""Notices that are sent about a closed request too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PendingNotice:
    """A notice that must still be sent. Its text is built when it is sent, from the latest snapshot.

    `key` is opaque and identifies this notice forever. The notice goes to `person` as a direct
    message; or into `channel` (directly to each of `people` if Slack refuses the channel); or, if
    both are empty, into the card's thread, mentioning `people`. `level` is the level that it is
    about, 0 if it is about the whole request. `refused` is set once Slack has refused it for a
    reason that only a person can fix.
    """

    key: str
    kind: NoticeKind
    person: str = ""
    channel: str = ""
    people: tuple[str, ...] = ()
    level: int = 0
    problem: str = ""
    intended_at: datetime | None = None
    doubtful: bool = False
    tries: int = 0
    try_at: datetime | None = None
    refused: bool = False

    @property
    def place(self) -> tuple[NoticeKind, str, str]:
        """The kind of notice and where it goes."""
        return self.kind, self.person, self.channel


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A notice as it is sent. `card` is the copy in the channel, to which a link leads.

    While `card` has no `ts` there is no thread yet. See `PendingNotice` for the other fields.
    """

    key: str
    kind: NoticeKind
    face: Snapshot
    person: str = ""
    channel: str = ""
    people: tuple[str, ...] = ()
    card: CardCopy | None = None
    problem: str = ""
    intended_at: datetime | None = None
    doubtful: bool = False


def notice_of(pending: PendingNotice, snapshot: Snapshot, card: CardCopy | None) -> Notice:
    """Return the notice to send now."""
    return Notice(
        key=pending.key,
        kind=pending.kind,
        face=snapshot,
        person=pending.person,
        channel=pending.channel,
        people=pending.people,
        card=card,
        problem=pending.problem,
        intended_at=pending.intended_at,
        doubtful=pending.doubtful,
    )


def still_relevant(pending: PendingNotice, snapshot: Snapshot) -> PendingNotice | None:
    """Return the part of a notice that is still worth sending, or None.

    No one is asked about a request that has closed or a level that has passed, or reminded of a
    decision that they, or a delegate of theirs, have made. A level that is open is no longer
    blocked, an order that was resumed needs no help, and a parcel that has arrived is no longer in
    transit.
    """
    if pending.kind in AFTER_CLOSING:
        return pending
    if pending.kind is NoticeKind.ORDER_SHIPPED:
        in_transit = isinstance(snapshot, OrderSnapshot) and snapshot.is_in_transit
        return pending if in_transit else None
    if pending.kind is NoticeKind.ATTENTION:
        return pending if snapshot.needs_attention else None
    if not isinstance(snapshot, ApprovalSnapshot) or not snapshot.is_open:
        return None
    match pending.kind:
        case NoticeKind.COMMENTED if not pending.level:  # it is for the requester
            is_relevant = True
        case NoticeKind.ASKED | NoticeKind.REMINDED | NoticeKind.COMMENTED:
            return _to_undecided(pending, snapshot.open_level)
        case NoticeKind.BLOCKED:
            is_relevant = snapshot.open_level is not None and bool(snapshot.open_level.blocked)
        case NoticeKind.CHANGES_WANTED:
            is_relevant = snapshot.change_request is not None
        case _:
            is_relevant = True
    return pending if is_relevant else None


def _to_undecided(pending: PendingNotice, level: LevelSnapshot | None) -> PendingNotice | None:
    """Return the notice to the people whose decision is still missing, or None if there are none."""
    if level is None or level.number != pending.level:
        return None
    counted = {
        person for decision in level.decisions for person in (decision.person, decision.seat)
    }
    if pending.person:
        return pending if pending.person not in counted else None
    people = tuple(person for person in pending.people if person not in counted)
    return replace(pending, people=people) if people else None
