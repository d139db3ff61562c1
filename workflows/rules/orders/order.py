"""The order: its lines and total, its state, and its snapshot."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
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
"""How long an order waits for a payment that is made elsewhere. An order may shorten it."""

INVENTORY_DOWN = "inventory-down"
"""A value of `Order.simulate` for demonstrations: the embedded inventory fails on every try."""


class OrderStatus(StrEnum):
    """The status of an order. Being approved does not mean being completed."""

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
    """A quantity of one product at a unit price.

    `name` and `list_price` are the product's at the time of ordering. Without a list price, there is
    no discount.
    """

    sku: str
    quantity: int
    unit_price: Money
    name: str = ""
    list_price: Money | None = None

    @property
    def label(self) -> str:
        """The product's name, or its SKU if the name is unknown."""
        return self.name or self.sku

    @property
    def total(self) -> Money:
        """The price of the line."""
        return self.unit_price.times(self.quantity)

    @property
    def discount(self) -> int:
        """The percentage by which the unit price is below the list price, rounded up; never negative."""
        if self.list_price is None or self.unit_price >= self.list_price:
            return 0
        part = 100 * (1 - self.unit_price.amount / self.list_price.amount)
        return int(part.to_integral_value(ROUND_CEILING))


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A customer's order. `card_expiry` is the payment card's MM/YY.

    The customer is notified at `email`, if given. `simulate` is for demonstrations
    (`INVENTORY_DOWN`) and otherwise empty.
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
        """The sum of the lines, always computed and never taken from input."""
        return reduce(Money.__add__, (line.total for line in self.lines))

    @property
    def typed(self) -> "Order":
        """The order without what the catalogue added, which can change between two submissions."""
        lines = tuple(replace(line, name="", list_price=None) for line in self.lines)
        return replace(self, lines=lines)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of the saga. `reference` is the reservation, transaction or tracking id."""

    name: StepName
    status: StepStatus = StepStatus.WAITING
    reference: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancellation:
    """Cancel the order; `reason` may be empty."""

    actor: Actor
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Resumption:
    """Retry a failed compensation, because its cause has been fixed."""

    actor: Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentConfirmation:
    """The gateway reports that the customer has paid. `event_id` identifies the payment forever."""

    event_id: str
    amount: Decimal
    currency: str
    paid_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancelled:
    """A cancellation: the actor, the time, and the reason if there is one."""

    actor: Actor
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Stuck:
    """A compensation that failed, and why."""

    step: StepName
    error: str
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderState:
    """The whole state of an order, as one value for continue-as-new.

    `owed` are the steps whose compensation is registered and not done, the earliest first.
    `ending` is the final status of the order once no compensation is owed. `payment` is what the
    gateway has confirmed, `payment_due` is when the wait for it ends, and `unmatched` are the last
    payment events that did not match the order. `admins` are read when the order needs attention.
    `parcels` are set after the reservation if the products are in more than one warehouse.
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
        """Whether shipping has started; from then on the order cannot be cancelled."""
        return self.step(StepName.SHIP).status is not StepStatus.WAITING

    @property
    def is_cancellable(self) -> bool:
        """Whether a person with the right to do so could cancel the order now."""
        is_active = self.status in (
            OrderStatus.AWAITING_APPROVAL,
            OrderStatus.PROCESSING,
            OrderStatus.AWAITING_PAYMENT,
        )
        return is_active and self.cancelled is None and not self.has_shipped


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderChange:
    """The effect of a rule: the new state and its facts."""

    state: OrderState
    facts: tuple[AuditEvent, ...] = ()


def content(order: Order) -> Content:
    """Return the content that approvers read. Nothing in it needs translation."""
    lines = tuple(ContentField(label=line.label, value=_line_text(line)) for line in order.lines)
    return Content(
        title=f"{order.order_id} · {order.customer}",
        text=order.note,
        fields=lines,
        amount=order.total,
    )


def _line_text(line: OrderLine) -> str:
    discount = f" (-{line.discount}%)" if line.discount else ""
    return f"{line.quantity} x {line.unit_price}{discount} = {line.total}"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderSnapshot:
    """The published state of an order at one `card_version`.

    `as_of` is set only if the workflow could not be queried: it is the time of the stored snapshot.
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
    def waits_for_approval(self) -> bool:
        """Whether the child approval is open, and so has the newer state."""
        return self.status is OrderStatus.AWAITING_APPROVAL

    @property
    def closed_by(self) -> None:
        """An admin closes its approval only."""
        return None

    @property
    def is_child(self) -> bool:
        """Whether it belongs to another request; an order never does."""
        return False

    @property
    def submitted(self) -> Order:
        """The order as submitted: it is never amended."""
        return self.order.typed

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
    """Return the snapshot of `state`."""
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
