"""Snapshots for the tests of views, made by the rules wherever the rules can reach the state."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.views import contents
from tests.views.contents import usd
from views import notice_messages
from views.blocks import Message
from workflows.rules.approvals import approval, directory
from workflows.rules.approvals.clock import Tick, TickKind
from workflows.rules.approvals.deadlines import advance_clock
from workflows.rules.approvals.levels import reach_level
from workflows.rules.approvals.policy import LevelRule, Policy, Quorum, Tier, route
from workflows.rules.approvals.request import (
    ApprovalRequest,
    ApprovalState,
    Decision,
    Verdict,
    Withdrawal,
)
from workflows.rules.approvals.snapshot import ApprovalSnapshot, approval_snapshot
from workflows.rules.notice import Notice, NoticeKind
from workflows.rules.orders import order, parcel_progress
from workflows.rules.orders import saga as order_saga
from workflows.rules.orders import verbs as order_verbs
from workflows.rules.orders.order import (
    Cancellation,
    Order,
    OrderLine,
    OrderSnapshot,
    OrderState,
    PaymentMode,
    StepName,
    order_snapshot,
)
from workflows.rules.orders.parcel import ParcelUpdate, WarehouseItems
from workflows.rules.people.actors import (
    Actor,
    ApproverSet,
    ApproverSource,
    DirectoryResult,
    Member,
    Origin,
    SourceKind,
    Standing,
)
from workflows.rules.shared.content import Content
from workflows.rules.shared.failure import Failure, recorded_failure
from workflows.rules.snapshots import Snapshot

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
ANA = Actor(person="U0ANA", origin=Origin.SLACK)
BORIS = Actor(person="U0BORIS", origin=Origin.SLACK)
CLARA = Actor(person="U0CLARA", origin=Origin.SLACK)


def level_rule(name: str = "sales", quorum: int = 1, *people: str) -> LevelRule:
    return LevelRule(
        name=name,
        approvers=tuple(
            ApproverSource(kind=SourceKind.USER, value=person)
            for person in people or ("U0BORIS", "U0CLARA")
        ),
        quorum=Quorum(count=quorum),
        expire_after=timedelta(minutes=5),
    )


def policy(*levels: LevelRule) -> Policy:
    rules = levels or (level_rule(),)
    return Policy(
        name="order",
        title="Customer order",
        channel="#approvals",
        tiers=(
            Tier(up_to=usd("1000.00"), levels=()),
            Tier(up_to=None, levels=tuple(rule.name for rule in rules)),
        ),
        levels=rules,
    )


LINES = (
    OrderLine(sku="LAPTOP-15", quantity=1, unit_price=usd("1500.00"), name="Laptop 15 inch"),
    OrderLine(sku="CABLE-2M", quantity=2, unit_price=usd("12.50"), name="Cable 2 m"),
)
THE_ORDER = Order(
    order_id="ORD-7K2M4QXA",
    customer="Acme GmbH",
    lines=LINES,
    card_expiry="09/28",
    note="Needed before the fair in Basel.",
)


def request(content: Content | None = None, rules: Policy | None = None) -> ApprovalRequest:
    request_, pinned = content or order.content(THE_ORDER), rules or policy()
    return ApprovalRequest(
        request_id="ORD-7K2M4QXA-approval",
        requester=ANA,
        content=request_,
        policy=pinned,
        route=route(pinned, request_.amount),
    )


def people(*ids: str, standing: Standing = Standing.ACTIVE) -> DirectoryResult:
    return found(
        *(Member(person=person, source=f"user:{person}", standing=standing) for person in ids)
    )


def found(*members: Member, unreadable: tuple[str, ...] = ()) -> DirectoryResult:
    approvers = ApproverSet(members=members, read_at=NOW, unreadable=unreadable)
    gus = Member(person="U0GUS", source="group:approval-admins", standing=Standing.ACTIVE)
    return DirectoryResult(approvers=approvers, admins=ApproverSet(members=(gus,), read_at=NOW))


def with_open_level(state: ApprovalState, minutes: int = 5) -> ApprovalState:
    """Open the next level, which expires this many minutes after NOW."""
    expiry = Tick(at=NOW + timedelta(minutes=minutes), kind=TickKind.EXPIRE)
    return reach_level(state, [expiry])


def with_reading(state: ApprovalState, answer: DirectoryResult) -> ApprovalState:
    """Apply the directory's answer to the pending lookup."""
    return directory.apply_directory_result(
        state, directory.directory_query(state), answer, NOW
    ).state


def opened(request_: ApprovalRequest, *ids: str) -> ApprovalState:
    state = with_open_level(approval.submit(request_, NOW).state)
    return with_reading(state, people(*ids or ("U0BORIS", "U0CLARA")))


def decided(
    state: ApprovalState, who: Actor, verdict: Verdict = Verdict.APPROVE, reason: str = ""
) -> ApprovalState:
    assert state.level is not None
    decision = Decision(
        actor=who,
        verdict=verdict,
        reason=reason,
        content_revision=state.content_revision,
        level=state.level.number,
    )
    now = NOW + timedelta(minutes=1)
    approval.check_decide(state, decision, now)
    return approval.decide(state, decision, now).state


def snapshot(state: ApprovalState, card_version: int = 3) -> ApprovalSnapshot:
    return approval_snapshot(state, card_version)


def pending() -> ApprovalSnapshot:
    return snapshot(opened(request()), 1)


def two_levels() -> ApprovalSnapshot:
    """Return a request with level one passed by two of three approvers, and level two open."""
    rules = policy(
        level_rule("sales", 2, "U0BORIS", "U0CLARA", "U0EMIL"),
        level_rule("finance", 1, "U0FAY"),
    )
    state = opened(request(rules=rules), "U0BORIS", "U0CLARA", "U0EMIL")
    state = decided(state, BORIS, reason="We know them, go ahead.")
    state = decided(state, CLARA)
    return snapshot(with_reading(with_open_level(state, 9), people("U0FAY")), 5)


def half_decided() -> ApprovalSnapshot:
    rules = policy(level_rule("sales", 2, "U0BORIS", "U0CLARA"))
    return snapshot(decided(opened(request(rules=rules)), BORIS), 2)


def unread() -> ApprovalSnapshot:
    return snapshot(with_open_level(approval.submit(request(), NOW).state), 1)


def blocked() -> ApprovalSnapshot:
    state = with_open_level(approval.submit(request(), NOW).state)
    return snapshot(with_reading(state, people("U0IVAN", standing=Standing.DEACTIVATED)), 2)


def approved() -> ApprovalSnapshot:
    return snapshot(decided(opened(request()), BORIS))


def rejected() -> ApprovalSnapshot:
    reason = "The customer still owes us for *two* orders."
    return snapshot(decided(opened(request()), CLARA, Verdict.REJECT, reason))


def expired() -> ApprovalSnapshot:
    return snapshot(advance_clock(opened(request()), NOW + timedelta(minutes=5)).state)


def withdrawn() -> ApprovalSnapshot:
    taken_back = Withdrawal(actor=ANA, reason="Wrong customer.")
    return snapshot(approval.withdraw(opened(request()), taken_back, NOW).state)


def auto_approved() -> ApprovalSnapshot:
    content = Content(title="ORD-1 for Acme", amount=usd("1000.00"))
    return snapshot(approval.submit(request(content), NOW).state, 1)


def from_command_line() -> ApprovalSnapshot:
    operator = Actor(person="U0ANA", origin=Origin.CLI, operator="ana@laptop")
    request_ = replace(request(Content(title="Team offsite")), requester=operator)
    return replace(snapshot(opened(request_), 1), mention_approvers=False)


def hostile() -> ApprovalSnapshot:
    state = opened(request(contents.hostile(), policy(level_rule("a_b", 2))))
    return snapshot(decided(state, BORIS, reason="*fine* <!everyone>"))


def long() -> ApprovalSnapshot:
    state = opened(request(contents.long(), policy(level_rule("sales", 2))))
    return snapshot(decided(state, BORIS, reason="why " * 700))


def _order_state(*, needs_approval: bool) -> OrderState:
    return order_saga.receive(THE_ORDER, ANA, policy(), NOW, needs_approval=needs_approval).state


def with_approval(outcome: ApprovalSnapshot) -> OrderState:
    return order_saga.approval_ended(_order_state(needs_approval=True), outcome, NOW).state


def order_waiting() -> OrderSnapshot:
    return order_snapshot(_order_state(needs_approval=True), 1)


def order_waiting_asked_for() -> OrderSnapshot:
    """Return an order as `/order-status` shows it, with its pending approval."""
    return replace(order_waiting(), approval=pending())


def order_without_approval() -> OrderSnapshot:
    return order_snapshot(_order_state(needs_approval=False), 1)


def order_in_progress() -> OrderSnapshot:
    state = order_saga.step_started(with_approval(approved()), StepName.RESERVE, NOW).state
    state = order_saga.step_completed(state, StepName.RESERVE, "RES-1001", NOW).state
    return order_snapshot(order_saga.step_started(state, StepName.PAY, NOW).state, 6)


def order_completed() -> OrderSnapshot:
    state = with_approval(approved())
    for name, reference in zip(
        StepName, ("RES-1001", "TXN-2002", "TRK-3003", "DLV-4004"), strict=True
    ):
        state = order_saga.step_started(state, name, NOW).state
        state = order_saga.step_completed(state, name, reference, NOW + timedelta(minutes=2)).state
    return order_snapshot(state, 9)


def _payment_declined() -> OrderState:
    state = with_approval(approved())
    state = order_saga.step_started(state, StepName.RESERVE, NOW).state
    state = order_saga.step_completed(state, StepName.RESERVE, "RES-1001", NOW).state
    state = order_saga.step_started(state, StepName.PAY, NOW).state
    why = Failure(code="card_expired", data={"expiry": "12/23"})
    return order_saga.step_failed(state, StepName.PAY, why, NOW).state


def order_compensating() -> OrderSnapshot:
    return order_snapshot(_payment_declined(), 8)


def order_failed() -> OrderSnapshot:
    state = order_saga.step_compensated(_payment_declined(), StepName.PAY, NOW).state
    state = order_saga.step_compensated(state, StepName.RESERVE, NOW).state
    return order_snapshot(order_saga.compensated(state, NOW + timedelta(minutes=3)).state, 10)


def order_failed_at_once() -> OrderSnapshot:
    state = order_saga.step_started(_order_state(needs_approval=False), StepName.RESERVE, NOW).state
    why = Failure(code="out_of_stock", data={"sku": "LAPTOP-15", "wanted": "1", "left": "0"})
    state = order_saga.step_failed(state, StepName.RESERVE, why, NOW).state
    state = order_saga.step_compensated(state, StepName.RESERVE, NOW).state
    return order_snapshot(order_saga.compensated(state, NOW).state, 4)


def order_waits_for_payment() -> OrderSnapshot:
    return order_snapshot(_awaiting_payment(), 5)


def _awaiting_payment() -> OrderState:
    request_ = replace(THE_ORDER, payment=PaymentMode.AWAIT)
    state = order_saga.receive(request_, ANA, policy(), NOW, needs_approval=True).state
    state = order_saga.approval_ended(state, approved(), NOW).state
    state = order_saga.step_started(state, StepName.RESERVE, NOW).state
    state = order_saga.step_completed(state, StepName.RESERVE, "RES-1001", NOW).state
    return order_saga.step_started(state, StepName.PAY, NOW).state


def _undone(state: OrderState) -> OrderState:
    for name in order_saga.steps_to_compensate(state):
        state = order_saga.step_compensated(state, name, NOW).state
    return order_saga.compensated(state, NOW + timedelta(minutes=3)).state


def order_unpaid() -> OrderSnapshot:
    state = _awaiting_payment()
    assert state.payment_due is not None
    return order_snapshot(
        _undone(order_saga.payment_window_ended(state, state.payment_due).state), 8
    )


def _cancelled() -> OrderState:
    wish = Cancellation(actor=ANA, reason="The customer <!channel> has *changed* their mind.")
    state = order_verbs.cancel(_awaiting_payment(), wish, NOW).state
    return order_saga.turn_back(state).state


def order_being_cancelled() -> OrderSnapshot:
    return order_snapshot(_cancelled(), 6)


def order_cancelled_by_hand() -> OrderSnapshot:
    return order_snapshot(_undone(_cancelled()), 9)


def order_on_its_way() -> OrderSnapshot:
    state = _order_state(needs_approval=False)
    for name in (StepName.RESERVE, StepName.PAY):
        state = order_saga.step_started(state, name, NOW).state
        state = order_saga.step_completed(state, name, f"{name}-1", NOW).state
    state = order_saga.step_started(state, StepName.SHIP, NOW).state
    arrives = NOW + timedelta(days=2)
    state = order_saga.step_completed(
        state, StepName.SHIP, "TRK-3003", NOW, estimated_delivery=arrives
    ).state
    state = order_saga.mail_failed(state, "mail.off").state
    return order_snapshot(order_saga.step_started(state, StepName.DELIVER, NOW).state, 7)


def _in_parcels(*told: ParcelUpdate) -> OrderState:
    state = _order_state(needs_approval=False)
    desk, *others = sorted({line.sku for line in THE_ORDER.lines})
    stored = (
        WarehouseItems(warehouse="NORTH", skus=(desk,)),
        WarehouseItems(warehouse="SOUTH <!channel>", skus=tuple(others)),
    )
    for name, where in ((StepName.RESERVE, stored), (StepName.PAY, ())):
        state = order_saga.step_started(state, name, NOW).state
        state = order_saga.step_completed(state, name, f"{name}-1", NOW, stored=where).state
    state = order_saga.step_started(state, StepName.SHIP, NOW).state
    for news in told:
        state = parcel_progress.parcel_moved(state, news, NOW).state
    return state


def order_in_parcels() -> OrderSnapshot:
    arrives = NOW + timedelta(days=2)
    news = ParcelUpdate(warehouse="NORTH", tracking="TRK-3003", estimated_delivery=arrives)
    return order_snapshot(_in_parcels(news, replace(news, delivery="DLV-4004")), 7)


def order_called_back() -> OrderSnapshot:
    """Return an order with a parcel that could not be handed over and another that was called back."""
    state = _in_parcels(
        ParcelUpdate(warehouse="NORTH", tracking="TRK-3003"),
        ParcelUpdate(warehouse="SOUTH <!channel>", error="Nobody there.", recalled=True),
    )
    state = parcel_progress.parcels_ended(state, NOW).state
    state = parcel_progress.parcel_recalled(state, "NORTH", NOW).state
    return order_snapshot(_undone(state), 9)


def order_needs_attention() -> OrderSnapshot:
    error = recorded_failure("The gateway <https://gateway.example> refuses the refund.")
    state = _payment_declined()
    return order_snapshot(order_saga.compensation_failed(state, StepName.PAY, error, NOW).state, 9)


def order_rejected() -> OrderSnapshot:
    return order_snapshot(with_approval(rejected()), 4)


def order_expired() -> OrderSnapshot:
    return order_snapshot(with_approval(expired()), 4)


def order_cancelled() -> OrderSnapshot:
    return order_snapshot(with_approval(withdrawn()), 4)


APPROVALS = {
    make.__name__: make
    for make in (
        *(pending, two_levels, half_decided, unread, blocked, approved, rejected, expired),
        *(withdrawn, auto_approved, from_command_line, hostile, long),
    )
}
ORDERS = {
    make.__name__.removeprefix("order_"): make
    for make in (
        *(
            order_waiting,
            order_waiting_asked_for,
            order_without_approval,
            order_in_progress,
            order_completed,
        ),
        *(order_compensating, order_failed, order_failed_at_once),
        *(order_rejected, order_expired, order_cancelled),
        *(order_waits_for_payment, order_unpaid, order_being_cancelled, order_cancelled_by_hand),
        *(order_on_its_way, order_needs_attention, order_in_parcels, order_called_back),
    )
}


def outcome_message(snapshot: Snapshot, link: str = "") -> Message:
    """Return the message to the requester at the end of the request."""
    notice = Notice(key="n-1", kind=NoticeKind.OUTCOME, face=snapshot, person="U0ANA")
    return notice_messages.message(notice, link, "en")
