"""Notices: what a workflow tells people by itself, to whom, and where."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot
from workflows.rules.hr.snapshot import HrSnapshot
from workflows.rules.orders.order import OrderSnapshot, OrderStatus, StepName
from workflows.rules.shared.card import CardCopy
from workflows.rules.shared.saga import StepStatus
from workflows.rules.snapshots import Snapshot

MENTIONED = 8
"""So many people are mentioned where a card is posted first; of more, each is told otherwise."""


class NoticeKind(StrEnum):
    """What is told. `LASTING` ones are told of what has closed, too; the others lose their point.

    Four stand in the thread of an order's card: what came from outside, where the parcel is, and
    who turned it back. All else the card itself says, and the outcome tells its requester.
    """

    ASKED = "asked"
    REMINDED = "reminded"
    CHANGES_WANTED = "changes_wanted"
    DELEGATE_REFUSED = "delegate_refused"
    BLOCKED = "blocked"
    ATTENTION = "attention"
    ORDER_PAID = "order_paid"
    ORDER_SHIPPED = "order_shipped"
    ORDER_DELIVERED = "order_delivered"
    ORDER_CANCELLED = "order_cancelled"
    OUTCOME = "outcome"
    CARD_NOT_POSTED = "card_not_posted"


LASTING = (
    NoticeKind.OUTCOME,
    NoticeKind.CARD_NOT_POSTED,
    NoticeKind.ORDER_PAID,
    NoticeKind.ORDER_DELIVERED,
    NoticeKind.ORDER_CANCELLED,
)
"""These are told of a closed request too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PendingNotice:
    """A notice that is owed. Its words are found when it is sent: they are about that moment.

    `key` is opaque and names this notice for ever. It goes to `person` as a direct message, or
    into `channel` (directly to each of `people`, where the channel takes nothing), or, where both
    are empty, into the card's thread, mentioning `people`. `level` is the level that it is about,
    0 where it is about the whole. `refused` says that Slack has refused it for a reason that only
    a person can mend.
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
        """What it tells, and where."""
        return self.kind, self.person, self.channel


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Words to people, as they are sent. `card` is the copy in the channel: a link leads to it.

    Without the `ts` of `card` there is no thread yet. See `PendingNotice` for the rest.
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


def notice_of(owed: PendingNotice, snapshot: Snapshot, card: CardCopy | None) -> Notice:
    """Return what to send now."""
    return Notice(
        key=owed.key,
        kind=owed.kind,
        face=snapshot,
        person=owed.person,
        channel=owed.channel,
        people=owed.people,
        card=card,
        problem=owed.problem,
        intended_at=owed.intended_at,
        doubtful=owed.doubtful,
    )


def admin_channel(snapshot: Snapshot) -> str:
    """Return where the admins of a request are told; empty where nobody had to be asked."""
    if isinstance(snapshot, HrSnapshot):
        return snapshot.admin_channel
    approval = snapshot if isinstance(snapshot, ApprovalSnapshot) else snapshot.approval
    return approval.admin_channel if approval else ""


def still_relevant(owed: PendingNotice, snapshot: Snapshot) -> PendingNotice | None:
    """Return what is left to tell, or None where it has lost its point.

    Nobody is asked about what is closed or passed, or reminded of what they or somebody for them
    has decided; a level that is open is blocked no more, an order that was resumed needs no help,
    and what has arrived is on its way no more.
    """
    if owed.kind in LASTING:
        return owed
    if owed.kind is NoticeKind.ORDER_SHIPPED:
        return owed if isinstance(snapshot, OrderSnapshot) and _is_on_its_way(snapshot) else None
    if owed.kind is NoticeKind.ATTENTION:
        return owed if _needs_attention(snapshot) else None
    if not isinstance(snapshot, ApprovalSnapshot) or not snapshot.is_open:
        return None
    match owed.kind:
        case NoticeKind.ASKED | NoticeKind.REMINDED:
            return _to_the_silent(owed, snapshot.open_level)
        case NoticeKind.BLOCKED:
            holds = snapshot.open_level is not None and bool(snapshot.open_level.blocked)
        case NoticeKind.CHANGES_WANTED:
            holds = snapshot.change_request is not None
        case _:
            holds = True
    return owed if holds else None


def _needs_attention(snapshot: Snapshot) -> bool:
    """Whether something that must be undone could not be."""
    if isinstance(snapshot, HrSnapshot):
        return snapshot.stuck is not None
    return isinstance(snapshot, OrderSnapshot) and snapshot.status is OrderStatus.NEEDS_ATTENTION


def _is_on_its_way(snapshot: OrderSnapshot) -> bool:
    """Whether the parcel has left and has not arrived, and nobody calls it back."""
    done = {step.name for step in snapshot.steps if step.status is StepStatus.DONE}
    goes_on = snapshot.status is OrderStatus.PROCESSING
    return goes_on and StepName.SHIP in done and StepName.DELIVER not in done


def _to_the_silent(owed: PendingNotice, level: LevelSnapshot | None) -> PendingNotice | None:
    """Return the notice to those for whom nobody has decided yet, or None where nobody is left."""
    if level is None or level.number != owed.level:
        return None
    heard = {who for said in level.decisions for who in (said.person, said.seat)}
    if owed.person:
        return owed if owed.person not in heard else None
    left = tuple(one for one in owed.people if one not in heard)
    return replace(owed, people=left) if left else None
