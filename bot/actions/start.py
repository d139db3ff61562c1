"""Starts requests and orders, at most one per id."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

import structlog
from pydantic import ValidationError
from tenacity import AsyncRetrying, retry_if_exception, stop_after_delay, wait_exponential

from bot.actions.execute import readable_as
from bot.actions.order_lookup import OrderLookup
from bot.actions.requesters import Requesters
from bot.policies.file import Policies
from bot.temporal.calls import NamespaceMissingError, TemporalUnavailableError
from bot.temporal.client import StartInput, WorkflowClient
from records.audit import AuditTrail
from records.database import DATABASE_FAILURES
from records.requests import Requests
from records.time_off import TimeOff
from workflows.rules.approvals.request import ApprovalRequest
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.request import HrType
from workflows.rules.messages import HrInput, OrderInput
from workflows.rules.orders.catalogue import CURRENCY, CatalogueEntry
from workflows.rules.orders.form import POLICY, DraftOrder, parse_order
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.people.actors import Actor
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.content import content_digest
from workflows.rules.shared.errors import NotEnoughDaysLeftError
from workflows.rules.shared.ids import approval_id

__all__ = ["Started", "Starts", "TemporalUnavailableError", "order_input"]

_log = structlog.get_logger("bot.actions")


ExistingT = TypeVar("ExistingT", ApprovalSnapshot, OrderSnapshot)


@dataclass(frozen=True, kw_only=True, slots=True)
class Started(Generic[ExistingT]):
    """The result of a start. If it is not new, `existing` is the request or order with its id.

    `existing` is None if it cannot be compared now. `is_same` is False only if it is known to be
    something else.
    """

    is_new: bool
    existing: ExistingT | None = None
    is_same: bool = True


def order_input(
    draft: DraftOrder, products: Mapping[str, CatalogueEntry], policies: Policies, requester: Actor
) -> OrderInput:
    """Return the input of a new order. `products` are the available products by SKU.

    Raises:
        OrderFormErrors: the order is invalid.
        UnknownPolicyError: there is no policy for orders.

    """
    policy = policies.policy(POLICY)
    parsed = parse_order(draft, products, CURRENCY, policy)
    return OrderInput(
        order=parsed.order,
        requester=requester,
        policy=policy,
        managers=policies.chain_of(requester.person),
        expire_after=parsed.expire_after,
    )


class Starts:
    """Starts approvals, orders and HR requests."""

    def __init__(
        self,
        workflows: WorkflowClient,
        requests: Requests,
        trail: AuditTrail,
        time_off: TimeOff,
        requesters: Requesters,
    ) -> None:
        self._workflows = workflows
        self._requests = requests
        self._trail = trail
        self._time_off = time_off
        self._requesters = requesters

    @overload
    async def start(self, asked: OrderInput, *, retry_for: float = 0) -> Started[OrderSnapshot]: ...

    @overload
    async def start(
        self, asked: ApprovalRequest | HrInput, *, retry_for: float = 0
    ) -> Started[ApprovalSnapshot]: ...

    async def start(self, asked: StartInput, *, retry_for: float = 0) -> Started[Any]:
        """Start a request or order; if its id was used before, compare them. Safe to repeat.

        The records know ids for longer than Temporal. If they cannot be read now, the worker checks
        the id before the request has any effect.

        Raises:
            TemporalUnavailableError: Temporal does not answer within `retry_for` seconds, or its
                usual timeout.
            RequesterNotAllowedError, RequesterUncheckedError: see `Requesters.require`.

        """
        await self._requesters.require(asked.requester.person, asked.policy)
        attempts = AsyncRetrying(
            retry=retry_if_exception(_is_temporary),
            stop=stop_after_delay(retry_for),
            wait=wait_exponential(multiplier=0.5, max=5),
            reraise=True,
        )
        if await self._first_fact(asked) is None and await attempts(self._workflows.start, asked):
            return Started(is_new=True)
        existing = await self._existing(asked)
        is_same = await self._is_same(existing, asked)
        if is_same is None:
            return Started(is_new=False)
        return Started(is_new=False, existing=existing, is_same=is_same)

    async def is_recorded(self, asked: StartInput) -> bool:
        """Return whether the request that the records have under this id is the one asked for."""
        return await self._is_same(await self._recorded(asked), asked) is True

    async def refusal(self, asked: StartInput) -> str:
        """Return the code of why the worker refused this start; empty if it did not, or not yet.

        Raises TemporalUnavailableError if there is no answer in time.
        """
        return await self._workflows.start_refusal(asked.request_id)

    async def require_days_left(self, asked: HrInput) -> None:
        """Check the days off, unless this request exists already: it may have booked them itself.

        Booking checks them again; if the records cannot be read now, only booking does.

        Raises:
            NotEnoughDaysLeftError: the requester has fewer days off left than the request asks for.

        """
        request, person = asked.request, asked.requester.person
        days = request.days_by_year if request.type is HrType.TIME_OFF else {}
        try:
            for year, wanted in days.items():
                left = (await self._time_off.balance(person, year)).left
                if wanted > left and not await self._requests.get(request.request_id):
                    raise NotEnoughDaysLeftError(year=str(year), wanted=str(wanted), left=str(left))
        except DATABASE_FAILURES as error:
            _log.warning("days_not_checked", error=type(error).__name__)

    async def _existing(self, asked: StartInput) -> ApprovalSnapshot | OrderSnapshot | None:
        """Return the request or order that has this id, or None if it cannot be read."""
        try:
            match asked:
                case OrderInput():
                    lookup = OrderLookup(self._requests, self._workflows)
                    return await lookup.look_up(asked.request_id)
                case ApprovalRequest():
                    return await self._approval(asked)
                case _:
                    return await self._recorded(asked)
        except (*DATABASE_FAILURES, ValidationError) as error:
            _log.warning("start_not_compared", error=type(error).__name__)
        return None

    async def _approval(self, asked: ApprovalRequest) -> ApprovalSnapshot | OrderSnapshot | None:
        try:
            menu = await self._workflows.menu(asked.request_id, asked.requester.person)
        except TemporalUnavailableError as error:
            _log.warning("start_not_compared", request_id=asked.request_id, why=str(error))
            menu = None
        return menu.face if menu else await self._recorded(asked)

    async def _recorded(self, asked: StartInput) -> ApprovalSnapshot | OrderSnapshot | None:
        match asked:
            case OrderInput():
                return readable_as(await self._requests.get(asked.request_id), OrderSnapshot)
            case ApprovalRequest():
                return await self._recorded_approval(asked.request_id)
            case _:
                return await self._recorded_approval(approval_id(asked.request_id))

    async def _recorded_approval(self, request_id: str) -> ApprovalSnapshot | None:
        return readable_as(await self._requests.get(request_id), ApprovalSnapshot)

    async def _first_fact(self, asked: StartInput) -> AuditEvent | None:
        try:
            return await self._trail.first(asked.request_id)
        except DATABASE_FAILURES as error:
            _log.warning("id_not_checked", request_id=asked.request_id, error=type(error).__name__)
            return None

    async def _is_same(
        self, existing: ApprovalSnapshot | OrderSnapshot | None, asked: StartInput
    ) -> bool | None:
        """Return whether this id belongs to the request asked for; None if that is unknown now.

        The first fact has the content as submitted: the snapshot may be amended or redacted.
        """
        first = await self._first_fact(asked)
        if first is not None and (is_same := _is_submission(first, asked)) is not None:
            return is_same
        if existing is None or existing.submitted is None:
            return None
        is_theirs = existing.requester.person == asked.requester.person
        return is_theirs and existing.submitted == asked.submitted


def _is_temporary(error: BaseException) -> bool:
    return isinstance(error, TemporalUnavailableError) and not isinstance(
        error, NamespaceMissingError
    )


def _is_submission(first: AuditEvent, asked: StartInput) -> bool | None:
    """Return whether a first fact is that of the request asked for, under any version of its policy.

    None for an order: its first fact does not contain it, but its snapshot is never amended.
    """
    match asked:
        case OrderInput():
            return None
        case _:
            name, content = asked.submitted
            is_theirs = first.actor.person == asked.requester.person
            is_same_policy = first.data["policy"].split()[0] == name
            return (
                is_theirs
                and is_same_policy
                and first.data["content_digest"] == content_digest(content)
            )
