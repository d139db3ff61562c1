"""What goes into a workflow and what comes out of it: one type per message."""

from dataclasses import dataclass
from datetime import timedelta

from workflows.rules.approvals.policy import Policy
from workflows.rules.approvals.request import ApprovalRequest, ApprovalState
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.verbs import Verb
from workflows.rules.hr.request import HrRequest
from workflows.rules.hr.snapshot import HrState
from workflows.rules.notice import PendingNotice
from workflows.rules.orders.mail import Mail
from workflows.rules.orders.order import Order, OrderState
from workflows.rules.people.actors import Actor, ManagedBy
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.card import CardState


@dataclass(frozen=True, kw_only=True, slots=True)
class CarriedApproval:
    """What one run of an approval hands to the next (continue-as-new): its outbox goes along."""

    state: ApprovalState
    card: CardState
    clicks: tuple[str, ...]
    facts: tuple[AuditEvent, ...] = ()
    notices: tuple[PendingNotice, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalInput:
    """Start an approval. `carried` is only ever set by the workflow itself."""

    request: ApprovalRequest
    carried: CarriedApproval | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalOutcome:
    """How an approval ended. A parent owns `card` from then on."""

    face: ApprovalSnapshot
    card: CardState


@dataclass(frozen=True, kw_only=True, slots=True)
class Menu:
    """What one person sees and may do now. Who may not read sees the public face."""

    face: ApprovalSnapshot
    verbs: tuple[Verb, ...]
    may_read: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class CarriedOrder:
    """What one run of an order hands to the next (continue-as-new): its outbox goes along."""

    state: OrderState
    card: CardState
    clicks: tuple[str, ...]
    facts: tuple[AuditEvent, ...] = ()
    notices: tuple[PendingNotice, ...] = ()
    mails: tuple[Mail, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ShipmentInput:
    """Start a shipment: `order` has nothing but the lines that lie in the warehouse."""

    order: Order
    warehouse: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderInput:
    """Start an order. `expire_after` is a wish within the policy's bounds, for its approval.

    `payment_window` may shorten the time within which a payment made elsewhere is waited for.
    `carried` is only ever set by the workflow itself.
    """

    order: Order
    requester: Actor
    policy: Policy
    managers: tuple[ManagedBy, ...] = ()
    expire_after: timedelta | None = None
    payment_window: timedelta | None = None
    carried: CarriedOrder | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CarriedHr:
    """What one run of an HR request hands to the next (continue-as-new): its outbox goes along."""

    state: HrState
    card: CardState
    facts: tuple[AuditEvent, ...] = ()
    notices: tuple[PendingNotice, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class HrInput:
    """Start an HR request, by the policy of its type.

    `expire_after` is a wish within the policy's bounds, for its approval. `carried` is only ever
    set by the workflow itself.
    """

    request: HrRequest
    requester: Actor
    policy: Policy
    managers: tuple[ManagedBy, ...] = ()
    expire_after: timedelta | None = None
    carried: CarriedHr | None = None
