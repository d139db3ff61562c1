"""The order: what a customer may ask for, what it costs, and the steps it goes through."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from typing import Literal

from workflows.rules.approvals.policy import Policy
from workflows.rules.approvals.request import RequestKind
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.orders.parcel import Parcel
from workflows.rules.people.actors import Actor
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.content import Content, ContentField
from workflows.rules.shared.ids import approval_id
from workflows.rules.shared.money import Money
from workflows.rules.shared.saga import StepStatus

PAYMENT_WINDOW = timedelta(hours=24)
"""How long an order waits for a payment that is made elsewhere; an order may shorten it."""

INVENTORY_DOWN = "inventory-down"
"""`Order.simulate`, a switch for demonstrations: the embedded inventory fails for now, each time."""


class OrderStatus(StrEnum):
    """Where an order stands. "Approved" and "done" are different words."""

    AWAITING_APPROVAL = "awaiting_approval"
    PROCESSING = "processing"
    AWAITING_PAYMENT = "awaiting_payment"
    COMPENSATING = "compensating"
    NEEDS_ATTENTION = "needs_attention"
    COMPLETED = "completed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"


ENDED = frozenset(
    {
        OrderStatus.COMPLETED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
        OrderStatus.CANCELLED,
        OrderStatus.FAILED,
    }
)


class StepName(StrEnum):
    """The saga's steps, in order."""

    RESERVE = "reserve"
    PAY = "pay"
    SHIP = "ship"
    DELIVER = "deliver"


class PaymentMode(StrEnum):
    """How an order is paid: its payment card is charged, or the customer pays elsewhere."""

    CHARGE = "charge"
    AWAIT = "await"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderLine:
    """So many of one product at a price each. `name` is the product's when the order was taken."""

    sku: str
    quantity: int
    unit_price: Money
    name: str = ""

    @property
    def label(self) -> str:
        """What people read: the product's name, or its number where no name is known."""
        return self.name or self.sku

    @property
    def total(self) -> Money:
        """What the line costs."""
        return self.unit_price.times(self.quantity)


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What a customer asks for. `card_expiry` is the payment card's MM/YY.

    The customer hears of it at `email`, where one is given. `simulate` is a switch for demonstrations (`INVENTORY_DOWN`), empty in earnest.
    """

    order_id: str
    customer: str
    lines: tuple[OrderLine, ...]
    card_expiry: str
    note: str = ""
    payment: PaymentMode = PaymentMode.CHARGE
    email: str = ""
    simulate: str = ""

    @property
    def total(self) -> Money:
        """The sum of the lines: always computed, never taken from anybody's word."""
        return reduce(Money.__add__, (line.total for line in self.lines))


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of the saga. `reference` is the reservation, transaction or tracking id."""

    name: StepName
    status: StepStatus = StepStatus.WAITING
    reference: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancellation:
    """Somebody does not want the order any more; `reason` may be empty."""

    actor: Actor
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Resumption:
    """Somebody has mended what was in the way of a compensation."""

    actor: Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentConfirmation:
    """The gateway says that the customer has paid. `event_id` names that for ever."""

    event_id: str
    amount: Decimal
    currency: str
    paid_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancelled:
    """Who has cancelled the order, when, and why if they said so."""

    actor: Actor
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Stuck:
    """A compensation that could not be done, and why."""

    step: StepName
    error: str
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderState:
    """Everything an order is. One value, so that continue-as-new carries one value.

    `owed` are the steps whose compensation was registered and is not done, the earliest first.
    `ending` is what the order becomes once nothing is owed any more. `payment` is what the
    gateway has confirmed, `payment_due` until when that is waited for, `unmatched` the latest
    events that were not what is waited for. `admins` are read when the order needs attention.
    `parcels` are there from its reservation on, only where it lies in more than one warehouse.
    """

    order: Order
    requester: Actor
    policy: Policy
    status: OrderStatus = OrderStatus.PROCESSING
    approval: ApprovalSnapshot | None = None
    steps: tuple[Step, ...] = tuple(Step(name=name) for name in StepName)
    owed: tuple[StepName, ...] = ()
    ending: OrderStatus = OrderStatus.FAILED
    failure: str = ""
    cancelled: Cancelled | None = None
    stuck: Stuck | None = None
    admins: tuple[str, ...] = ()
    payment_window: timedelta = PAYMENT_WINDOW
    payment_due: datetime | None = None
    payment: PaymentConfirmation | None = None
    unmatched: tuple[str, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    estimated_delivery: datetime | None = None
    mail_problem: str = ""
    sequence: int = 0
    received_at: datetime
    changed_at: datetime
    ended_at: datetime | None = None

    def step(self, name: StepName) -> Step:
        """Return the step of that name."""
        return next(step for step in self.steps if step.name is name)

    @property
    def has_shipped(self) -> bool:
        """Whether shipping has begun: from then on nobody can cancel."""
        return self.step(StepName.SHIP).status is not StepStatus.WAITING

    @property
    def is_cancellable(self) -> bool:
        """Whether it could be cancelled now by somebody who may."""
        goes_on = self.status in (
            OrderStatus.AWAITING_APPROVAL,
            OrderStatus.PROCESSING,
            OrderStatus.AWAITING_PAYMENT,
        )
        return goes_on and self.cancelled is None and not self.has_shipped


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderChange:
    """What one step of the rules did: the new state and the facts to write down."""

    state: OrderState
    facts: tuple[AuditEvent, ...] = ()


def content(order: Order) -> Content:
    """Return what approvers read of an order. No word of ours is in it: it is the same in each language."""
    lines = tuple(
        ContentField(label=line.label, value=f"{line.quantity} x {line.unit_price} = {line.total}")
        for line in order.lines
    )
    return Content(
        title=f"{order.order_id} · {order.customer}",
        text=order.note,
        fields=lines,
        amount=order.total,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderSnapshot:
    """An order as people see it, at one `card_version`.

    `as_of` is only set where the order could not be asked: when the records last heard of it.
    """

    kind: Literal["order"] = "order"
    order: Order
    requester: Actor
    title: str
    channel: str
    language: str
    status: OrderStatus
    approval: ApprovalSnapshot | None
    steps: tuple[Step, ...]
    failure: str
    ending: OrderStatus = OrderStatus.FAILED
    cancelled: Cancelled | None = None
    is_cancellable: bool = False
    stuck: Stuck | None = None
    payment_due: datetime | None = None
    parcels: tuple[Parcel, ...] = ()
    estimated_delivery: datetime | None = None
    mail_problem: str = ""
    as_of: datetime | None = None
    card_version: int
    received_at: datetime
    changed_at: datetime
    ended_at: datetime | None

    @property
    def request_id(self) -> str:
        """The order's id."""
        return self.order.order_id

    @property
    def about(self) -> RequestKind:
        """The kind under which its requester finds it."""
        return RequestKind.ORDER

    @property
    def approval_id(self) -> str:
        """The request id of this order's approval, whether or not it needed one."""
        return approval_id(self.order.order_id)

    @property
    def admin_channel(self) -> str:
        """The channel for the admins, empty if the order needed no approval."""
        return self.approval.admin_channel if self.approval else ""

    @property
    def is_child(self) -> bool:
        """Whether it belongs to another request; an order never does."""
        return False

    @property
    def is_open(self) -> bool:
        """Whether the order has not ended yet."""
        return self.status not in ENDED

    @property
    def needs_attention(self) -> bool:
        """Whether a compensation has failed, so that an admin must resume the order."""
        return self.status is OrderStatus.NEEDS_ATTENTION

    @property
    def is_in_transit(self) -> bool:
        """Whether the order has been shipped, is not delivered and is not being recalled."""
        done = {step.name for step in self.steps if step.status is StepStatus.DONE}
        is_processing = self.status is OrderStatus.PROCESSING
        return is_processing and StepName.SHIP in done and StepName.DELIVER not in done


def order_snapshot(state: OrderState, card_version: int) -> OrderSnapshot:
    """Return what everybody may see of `state`."""
    return OrderSnapshot(
        order=state.order,
        requester=state.requester,
        title=state.policy.title,
        channel=state.policy.channel,
        language=state.policy.language,
        status=state.status,
        approval=state.approval,
        steps=state.steps,
        failure=state.failure,
        ending=state.ending,
        cancelled=state.cancelled,
        is_cancellable=state.is_cancellable,
        stuck=state.stuck,
        payment_due=state.payment_due,
        parcels=state.parcels,
        estimated_delivery=state.estimated_delivery,
        mail_problem=state.mail_problem,
        card_version=card_version,
        received_at=state.received_at,
        changed_at=state.changed_at,
        ended_at=state.ended_at,
    )
