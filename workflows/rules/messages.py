"""Inputs and results of the workflows, one type per message."""

from dataclasses import dataclass
from datetime import timedelta

from workflows.rules.approvals.policy import Policy
from workflows.rules.approvals.request import ApprovalRequest, ApprovalState
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.verbs import Verb
from workflows.rules.hr.request import HrRequest, content_from_request
from workflows.rules.hr.snapshot import HrState
from workflows.rules.notice import PendingNotice
from workflows.rules.orders.mail import Mail
from workflows.rules.orders.order import Order, OrderState
from workflows.rules.people.actors import Actor, ManagedBy
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.card import CardState
from workflows.rules.shared.content import Content


@dataclass(frozen=True, kw_only=True, slots=True)
class CarriedApproval:
    """State that a run of an approval passes to the next (continue-as-new), with its outbox."""

    state: ApprovalState
    card: CardState
    clicks: tuple[str, ...]
    facts: tuple[AuditEvent, ...] = ()
    notices: tuple[PendingNotice, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalInput:
    """Start an approval. Only the workflow itself sets `carried`."""

    request: ApprovalRequest
    carried: CarriedApproval | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalOutcome:
    """How an approval ended. Its parent owns `card` from then on."""

    face: ApprovalSnapshot
    card: CardState


@dataclass(frozen=True, kw_only=True, slots=True)
class Menu:
    """The snapshot as one person may see it, and the verbs they may use now.

    A person who may not read the request gets its public snapshot.
    """

    face: ApprovalSnapshot
    verbs: tuple[Verb, ...]
    may_read: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class CarriedOrder:
    """State that a run of an order passes to the next (continue-as-new), with its outbox."""

    state: OrderState
    card: CardState
    clicks: tuple[str, ...]
    facts: tuple[AuditEvent, ...] = ()
    notices: tuple[PendingNotice, ...] = ()
    mails: tuple[Mail, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ShipmentInput:
    """Start a shipment. `order` has only the lines that are in stock in `warehouse`."""

    order: Order
    warehouse: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderInput:
    """Start an order.

    `expire_after` is the requested expiry of its approval, within the policy's limits.
    `payment_window` may shorten the wait for a payment that the customer makes elsewhere. Only the
    workflow itself sets `carried`.
    """

    order: Order
    requester: Actor
    policy: Policy
    managers: tuple[ManagedBy, ...] = ()
    expire_after: timedelta | None = None
    payment_window: timedelta | None = None
    carried: CarriedOrder | None = None

    @property
    def request_id(self) -> str:
        """The order's id."""
        return self.order.order_id

    @property
    def submitted(self) -> Order:
        """The parts that two starts under one id must share: the whole order, as typed."""
        return self.order.typed


@dataclass(frozen=True, kw_only=True, slots=True)
class CarriedHr:
    """State that a run of an HR request passes to the next (continue-as-new), with its outbox."""

    state: HrState
    card: CardState
    facts: tuple[AuditEvent, ...] = ()
    notices: tuple[PendingNotice, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class HrInput:
    """Start an HR request under the policy of its type.

    `expire_after` is the requested expiry of its approval, within the policy's limits. Only the
    workflow itself sets `carried`.
    """

    request: HrRequest
    requester: Actor
    policy: Policy
    managers: tuple[ManagedBy, ...] = ()
    expire_after: timedelta | None = None
    carried: CarriedHr | None = None

    @property
    def request_id(self) -> str:
        """The HR request's id."""
        return self.request.request_id

    @property
    def content(self) -> Content:
        """The content of its approval."""
        return content_from_request(self.request)

    @property
    def submitted(self) -> tuple[str, Content]:
        """The parts that two starts under one id must share: the policy and the content."""
        return self.policy.name, self.content
