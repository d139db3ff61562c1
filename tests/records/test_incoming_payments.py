"""Incoming payments: each event is stored once and judged with its order in one transaction."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from records.audit import AuditTrail
from records.database import Database
from records.incoming_payments import EventReusedError, IncomingPayments
from tests.records.builders import NOON, facts, state
from workflows.rules.orders.incoming_payment import IncomingPayment, PaymentVerdict, Progress
from workflows.rules.shared.money import Money

PAYMENT = IncomingPayment(
    event_id="evt-1",
    order_id="ORD-1",
    amount=Money(amount=Decimal("20.20"), currency="USD"),
    paid_at=NOON,
)
LATER = NOON + timedelta(hours=1)


def wanted(_payment: IncomingPayment, snapshot: str | None, paid: bool) -> PaymentVerdict:  # noqa: FBT001
    """Want every payment of a known order that is not paid yet."""
    if snapshot is None:
        return PaymentVerdict.UNMATCHED
    return PaymentVerdict.NOT_WANTED if paid else PaymentVerdict.WANTED


@pytest.fixture
def payments(database: Database) -> IncomingPayments:
    return IncomingPayments(database)


@pytest.fixture
async def _order(database: Database) -> None:
    """A known order."""
    await AuditTrail(database).append(facts(1), state())


@pytest.mark.usefixtures("_order")
async def test_a_payment_is_judged_by_its_order_and_stored_unchanged(
    payments: IncomingPayments,
) -> None:
    receipt = await payments.receive(PAYMENT, wanted, NOON)

    assert (receipt.verdict, receipt.answered) == (PaymentVerdict.WANTED, PaymentVerdict.WANTED)
    assert (receipt.progress, receipt.received_at) == (Progress.CONFIRMED, NOON)
    assert await payments.get("evt-1") == receipt
    assert await payments.of_order("ORD-1") == (receipt,)


async def test_a_repeated_event_gets_the_same_receipt(
    payments: IncomingPayments, database: Database
) -> None:
    first = await payments.receive(PAYMENT, wanted, NOON)
    await AuditTrail(database).append(facts(1), state())

    again = await payments.receive(replace(PAYMENT, paid_at=LATER), wanted, LATER)

    assert again == first
    assert first.answered is PaymentVerdict.UNMATCHED


OTHERS = [
    replace(PAYMENT, order_id="ORD-2"),
    replace(PAYMENT, amount=Money(amount=Decimal("20.21"), currency="USD")),
    replace(PAYMENT, amount=Money(amount=Decimal("20.20"), currency="EUR")),
]


@pytest.mark.parametrize("other", OTHERS, ids=["order", "amount", "currency"])
async def test_an_event_id_with_another_payment_is_refused(
    payments: IncomingPayments, other: IncomingPayment
) -> None:
    first = await payments.receive(PAYMENT, wanted, NOON)

    with pytest.raises(EventReusedError):
        await payments.receive(other, wanted, LATER)

    assert await payments.get("evt-1") == first
    assert await payments.of_order("ORD-2") == ()


@pytest.mark.usefixtures("_order")
async def test_an_order_wants_one_of_many_concurrent_payments(
    payments: IncomingPayments,
) -> None:
    events = [replace(PAYMENT, event_id=f"evt-{number}") for number in range(8)]

    receipts = await asyncio.gather(
        *(payments.receive(event, wanted, NOON) for event in events * 2)
    )

    verdicts = {receipt.payment.event_id: receipt.verdict for receipt in receipts}
    assert sorted(verdicts.values()).count(PaymentVerdict.WANTED) == 1
    assert len(await payments.of_order("ORD-1")) == 8


@pytest.mark.usefixtures("_order")
async def test_concurrent_copies_of_one_event_are_stored_once(
    payments: IncomingPayments,
) -> None:
    receipts = await asyncio.gather(*(payments.receive(PAYMENT, wanted, NOON) for _ in range(5)))

    assert len(set(receipts)) == 1


async def test_an_open_payment_is_judged_again_and_keeps_its_first_answer(
    payments: IncomingPayments, database: Database
) -> None:
    await payments.receive(PAYMENT, wanted, NOON)
    await AuditTrail(database).append(facts(1), state())

    again = await payments.judge_again("evt-1", wanted, give_back_before=NOON)

    assert again is not None
    assert (again.verdict, again.answered) == (PaymentVerdict.WANTED, PaymentVerdict.UNMATCHED)


@pytest.mark.usefixtures("_order")
async def test_a_payment_that_was_open_for_too_long_is_not_wanted(
    payments: IncomingPayments,
) -> None:
    await payments.receive(PAYMENT, lambda *_: PaymentVerdict.MISMATCHED, NOON)

    again = await payments.judge_again("evt-1", wanted, give_back_before=LATER)

    assert again is not None
    assert (again.verdict, again.progress) == (PaymentVerdict.NOT_WANTED, Progress.REFUND_STARTED)


@pytest.mark.usefixtures("_order")
async def test_only_one_of_two_concurrent_judges_claims_the_payment(
    payments: IncomingPayments,
) -> None:
    """Otherwise one would notify the order and the other refund the payment."""
    await payments.receive(PAYMENT, lambda *_: PaymentVerdict.UNMATCHED, NOON)

    first, second = await asyncio.gather(
        payments.judge_again("evt-1", wanted, give_back_before=NOON),
        payments.judge_again("evt-1", wanted, give_back_before=LATER),
    )

    [claimed] = [receipt for receipt in (first, second) if receipt is not None]
    assert claimed.progress in {Progress.CONFIRMED, Progress.REFUND_STARTED}
    assert await payments.get("evt-1") == claimed


@pytest.mark.usefixtures("_order")
@pytest.mark.parametrize(
    "progress", [progress for progress in Progress if progress is not Progress.OPEN]
)
async def test_a_payment_that_is_no_longer_open_is_not_judged_again(
    payments: IncomingPayments, progress: Progress
) -> None:
    await payments.receive(PAYMENT, wanted, NOON)
    await payments.advance("evt-1", progress)

    assert await payments.judge_again("evt-1", wanted, give_back_before=NOON) is None
    assert await payments.judge_again("evt-2", wanted, give_back_before=NOON) is None


FINAL = (Progress.SETTLED, Progress.REFUNDED)


@pytest.mark.parametrize("end", FINAL)
@pytest.mark.parametrize(
    "late", [progress for progress in Progress if progress is not Progress.OPEN]
)
async def test_a_finished_payment_never_changes(
    payments: IncomingPayments, end: Progress, late: Progress
) -> None:
    await payments.receive(PAYMENT, wanted, NOON)
    await payments.advance("evt-1", end, "REF-1")

    await payments.advance("evt-1", late, "REF-2")

    receipt = await payments.get("evt-1")
    assert receipt is not None
    assert (receipt.progress, receipt.refund_reference) == (end, "REF-1")


@pytest.mark.usefixtures("_order")
async def test_an_order_whose_payment_was_refunded_may_be_paid_again(
    payments: IncomingPayments,
) -> None:
    await payments.receive(PAYMENT, wanted, NOON)
    await payments.advance("evt-1", Progress.REFUND_STARTED)

    second = await payments.receive(replace(PAYMENT, event_id="evt-2"), wanted, LATER)

    assert second.verdict is PaymentVerdict.WANTED


async def test_waiting_payments_are_listed_page_by_page(payments: IncomingPayments) -> None:
    for number in range(5):
        await payments.receive(replace(PAYMENT, event_id=f"evt-{number}"), wanted, NOON)
    await payments.receive(replace(PAYMENT, event_id="evt-new"), wanted, LATER)
    await payments.advance("evt-1", Progress.REFUNDED)
    await payments.advance("evt-2", Progress.SETTLED)
    await payments.advance("evt-3", Progress.REFUND_STARTED)

    first = await payments.waiting(received_before=LATER, limit=2)
    rest = await payments.waiting(received_before=LATER, after=first[-1].payment.event_id, limit=2)

    assert [receipt.payment.event_id for receipt in (*first, *rest)] == ["evt-0", "evt-3", "evt-4"]
