"""The workspace of a journey: actions of its people in Slack, and the resulting messages and records."""

import json
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from emulator.client import StandInClient, text_of
from emulator.errors import Json
from records.audit import AuditTrail
from records.database import Database
from records.requests import Requests
from records.snapshots import decode_snapshot
from tests.journeys.programs import EVENT_TIMEOUT, until
from tests.records.balance import Balance, OrderBalance
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.orders.order import OrderSnapshot, OrderStatus
from workflows.rules.shared.audit import AuditEvent, Fact
from workflows.rules.snapshots import Snapshot

ANA, BORIS, CLARA, GUS = "U0ANA", "U0BORIS", "U0CLARA", "U0GUS"
APPROVALS = "C0APPROVALS"


def good_until() -> str:
    """Return the expiry date of a valid payment card."""
    return f"12/{(datetime.now(UTC).year + 1) % 100:02d}"


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """One workspace: actions of people in Slack, and the records of them."""

    slack: StandInClient
    database: Database

    async def order(
        self,
        total: str,
        *,
        customer: str = "Ada Lovelace",
        card_expiry: str = "",
    ) -> str:
        """Have Ana order one lamp at this price; return the order's id once the order was placed."""
        tab = uuid.uuid4().hex
        view = await self.open_form(tab)
        form = {
            "customer": customer,
            "sku": {"selected_option": _option(view, "LAMP-LED")},
            "quantity": "1",
            "unit_price": total,
            "card_expiry": card_expiry or good_until(),
        }
        answer = await self.slack.submit(ANA, view, form, tab=tab)
        assert answer["acked"], answer
        assert "errors" not in answer, answer
        order_id: str = json.loads(view["private_metadata"])["order_id"]
        await self.slack.wait_for_modal(
            ANA, lambda view: "was placed" in text_of(view), tab=tab, timeout=EVENT_TIMEOUT
        )
        return order_id

    async def open_form(self, tab: str) -> Json:
        """Have Ana type /order; return the form."""
        await self.slack.act(ANA, "message", tab=tab, channel=APPROVALS, text="/order")
        return await self.slack.wait_for_modal(ANA, tab=tab, timeout=EVENT_TIMEOUT)

    async def press(self, person: str, card: Json, action: str) -> Json:
        """Have a person click a button of a card, and check that the bot acknowledges it in time."""
        answer = await self.slack.click(person, APPROVALS, card, action)
        assert answer["acked"], answer
        return answer

    async def reject(self, person: str, card: Json, reason: str) -> Json:
        """Have a person click Reject and enter a reason; return the response to the submission."""
        await self.press(person, card, "reject")
        view = await self.slack.wait_for_modal(person, timeout=EVENT_TIMEOUT)
        return await self.slack.submit(person, view, {"reason": reason})

    async def card(
        self,
        order_id: str,
        *words: str,
        buttons: bool | None = None,
        seconds: float = EVENT_TIMEOUT,
    ) -> Json:
        """Wait until the order's card contains all these texts, with or without buttons."""
        return await self.slack.wait_for_message(
            APPROVALS,
            BORIS,
            lambda message: (
                "is_ephemeral" not in message
                and all(word in text_of(message) for word in (order_id, *words))
                and buttons in (None, has_buttons(message))
            ),
            timeout=seconds,
        )

    async def cards(self, order_id: str) -> list[Json]:
        """List the order's cards in #approvals. There should be exactly one."""
        seen = await self.slack.messages(APPROVALS, BORIS)
        return [m for m in seen if "is_ephemeral" not in m and order_id in text_of(m)]

    async def ephemeral(self, person: str, *texts: str, since: str = "") -> Json:
        """Wait for an ephemeral message to this person with one of these texts, later than `since`."""
        return await self.slack.wait_for_message(
            APPROVALS,
            person,
            lambda message: (
                bool(message.get("is_ephemeral"))
                and message["ts"] > since
                and any(text in text_of(message) for text in texts)
            ),
            timeout=EVENT_TIMEOUT,
        )

    async def outcome(self, order_id: str) -> str:
        """Wait for the direct message to Ana with the outcome; return its text."""
        notice = await self.slack.wait_for_message(
            f"D{ANA}", ANA, lambda message: order_id in text_of(message), timeout=EVENT_TIMEOUT
        )
        return text_of(notice)

    async def ended(self, order_id: str, seconds: float = EVENT_TIMEOUT) -> OrderSnapshot:
        """Wait until the order has ended in the records."""

        async def look() -> OrderSnapshot | None:
            snapshot = await self._recorded_snapshot(order_id)
            return snapshot if isinstance(snapshot, OrderSnapshot) and snapshot.ended_at else None

        return await until(look, seconds, f"the end of {order_id}")

    async def approval(self, order_id: str) -> ApprovalSnapshot:
        """Return the order's approval from the records."""
        snapshot = await self._recorded_snapshot(f"{order_id}.approval")
        assert isinstance(snapshot, ApprovalSnapshot)
        return snapshot

    async def fact(self, request_id: str, kind: Fact, **data: str) -> AuditEvent:
        """Wait until this fact is recorded."""

        async def look() -> AuditEvent | None:
            for fact in await self.facts(request_id):
                if fact.kind is kind and data.items() <= fact.data.items():
                    return fact
            return None

        return await until(look, what=f"{kind} of {request_id}")

    async def facts(self, request_id: str) -> tuple[AuditEvent, ...]:
        """Return the facts of a request."""
        return await AuditTrail(self.database).facts(request_id)

    async def balance(self, order_id: str) -> OrderBalance:
        """Return the order's payments and stock."""
        return await Balance(self.database).of_order(order_id)

    async def stock_and_trails_are_consistent(self, *order_ids: str) -> None:
        """Check that stock and orders agree and that the trails of these orders are intact.

        Facts may arrive a moment after the effects that a test has waited for, so this waits for the trails.
        """
        unbalanced = [
            stock for stock in await Balance(self.database).of_stock() if not stock.balanced
        ]
        trail = AuditTrail(self.database)
        flaws: dict[str, object] = {}

        async def look() -> bool | None:
            found = {order_id: await trail.verify(order_id) for order_id in order_ids}
            flaws.clear()
            flaws.update((order_id, it.flaw) for order_id, it in found.items() if not it.intact)
            return None if flaws else True

        with suppress(TimeoutError):
            await until(look)
        assert unbalanced == []
        assert flaws == {}

    async def charged_and_shipped_once(self, order_id: str) -> None:
        """Check that a completed order was charged and shipped exactly once."""
        snapshot, balance = await self.ended(order_id), await self.balance(order_id)

        assert snapshot.status is OrderStatus.COMPLETED
        assert balance == OrderBalance(
            charged=snapshot.order.total.amount,
            refunded=balance.refunded * 0,
            held={},
            shipped={line.sku: line.quantity for line in snapshot.order.lines},
            received=balance.received,
        )
        assert balance.kept in (0, balance.charged)

    async def nothing_charged_or_held(self, order_id: str) -> None:
        """Check that an order has no net payment and no stock."""
        balance = await self.balance(order_id)

        assert balance.paid == 0
        assert balance.held == balance.shipped == {}

    async def _recorded_snapshot(self, request_id: str) -> Snapshot | None:
        record = await Requests(self.database).get(request_id)
        return decode_snapshot(record.face) if record else None


def has_buttons(message: Json) -> bool:
    """Whether the message has buttons."""
    return any(block["type"] == "actions" for block in message.get("blocks", []))


def _option(view: Json, value: str) -> Json:
    options: Callable[[Json], list[Json]] = lambda block: (block.get("element") or {}).get(  # noqa: E731
        "options", []
    )
    return next(
        option for block in view["blocks"] for option in options(block) if option["value"] == value
    )
