"""Daily totals: the number and value of a day's orders per status."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from workflows.rules.orders.order import OrderSnapshot, OrderStatus
from workflows.rules.shared.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class DayRow:
    """The orders of one status. `totals` has one sum for each currency."""

    status: OrderStatus
    orders: int
    totals: tuple[Money, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DaySummary:
    """The orders of a calendar day, which started at `began`. Without orders it has no rows."""

    day: date
    began: datetime
    rows: tuple[DayRow, ...] = ()


def sum_up(day: date, began: datetime, snapshots: Iterable[OrderSnapshot]) -> DaySummary:
    """Return the totals of a day, with statuses in the order in which orders reach them."""
    by_status: dict[OrderStatus, list[Money]] = defaultdict(list)
    for snapshot in snapshots:
        by_status[snapshot.status].append(snapshot.order.total)
    rows = (
        DayRow(status=status, orders=len(by_status[status]), totals=_sums(by_status[status]))
        for status in OrderStatus
        if status in by_status
    )
    return DaySummary(day=day, began=began, rows=tuple(rows))


def _sums(amounts: Iterable[Money]) -> tuple[Money, ...]:
    sums: dict[str, Money] = {}
    for amount in amounts:
        known = sums.get(amount.currency)
        sums[amount.currency] = known + amount if known is not None else amount
    return tuple(sums[currency] for currency in sorted(sums))
