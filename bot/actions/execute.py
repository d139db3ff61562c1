"""Executes commands: one update each, confirmed if possible, recorded if refused, for every door."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar, overload

import structlog
from pydantic import ValidationError
from tenacity import AsyncRetrying, retry_if_result, stop_after_delay, wait_exponential

from bot.actions.registry import Command, VerbSpec, is_fact_of, spec_of
from bot.temporal.calls import (
    Accepted,
    NotAccepted,
    Refused,
    TemporalUnavailableError,
    Unconfirmed,
    WorkflowEnded,
    WorkflowUnknown,
)
from bot.temporal.client import WorkflowClient
from records.audit import AuditTrail
from records.database import DATABASE_FAILURES
from records.refusals import Refusal, Refusals
from records.requests import RequestRecord, Requests
from records.snapshots import decode_snapshot, read_as
from workflows.rules.approvals.request import Refresh
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.verbs import ApprovalCommand
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.orders.verbs import OrderCommand
from workflows.rules.people.actors import SLACK, Actor
from workflows.rules.shared.click import click_id
from workflows.rules.snapshots import Snapshot

__all__ = [
    "Accepted",
    "Commands",
    "Context",
    "Ended",
    "NotAccepted",
    "Refused",
    "Result",
    "TemporalUnavailableError",
    "Unconfirmed",
    "UnknownRequest",
    "closing_of",
    "readable",
    "readable_as",
    "unreached",
]

RETRY_FOR = 60.0
"""Seconds for which an unconfirmed update is retried under the same id."""
CONCURRENT_REFRESHES = 8
"""Requests that a change in the directory refreshes at the same time."""
UNKNOWN_REQUEST = "unknown_request"
"""The refusal code for a request that never existed; no rule raises it."""

T = TypeVar("T")
SnapshotT = TypeVar("SnapshotT", ApprovalSnapshot, OrderSnapshot)
RecordedT = TypeVar("RecordedT", bound=Snapshot)

_log = structlog.get_logger("bot.actions")


async def _ignore() -> None:
    pass


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """The delivery of a command: its id, and what is known about earlier deliveries.

    `click_id` is the same for every delivery of one command. `redelivered`: this command was
    delivered before, so a refusal of it is recorded already. `may_repeat`: the caller may have sent
    the command before, so after the request's end the trail is searched for it. An unconfirmed update
    is retried after a call to `on_unconfirmed`, unless `retry` is False: then the caller retries.
    """

    request_id: str
    click_id: str
    redelivered: bool = False
    may_repeat: bool = False
    retry: bool = True
    on_unconfirmed: Callable[[], Awaitable[None]] = field(default=_ignore)

    @classmethod
    def of_key(cls, request_id: str, command: Command, key: str, **more: Any) -> "Context":
        """Return the context of a command that carries an idempotency key."""
        click = click_id(request_id, command.actor.person, spec_of(command).verb, key)
        return cls(request_id=request_id, click_id=click, **more)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended(Generic[SnapshotT]):
    """The request has ended. `already_done`: its trail has this command, so it took effect.

    `record` and `snapshot` are the last recorded: None if there is none, or if another version wrote
    it. `code` and `data` are the refusal. `card_version` is set while the workflow
    still runs, to show its end.
    """

    record: RequestRecord | None
    snapshot: SnapshotT | None
    already_done: bool
    code: str
    data: Mapping[str, str]
    card_version: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownRequest:
    """No request ever had this id."""


Result = Accepted[SnapshotT] | Refused | Ended[SnapshotT] | UnknownRequest | Unconfirmed
"""The result of a command, without text for people: doors render it."""


class Commands:
    """Executes commands.

    `retry_for` is for how many seconds an unconfirmed update is retried. `on_unrecorded` is called
    with the code of a refusal that could not be recorded, and the error.
    """

    def __init__(  # noqa: PLR0913 - the parts that a command needs
        self,
        *,
        workflows: WorkflowClient,
        requests: Requests,
        trail: AuditTrail,
        refusals: Refusals,
        now: Callable[[], datetime],
        retry_for: float = RETRY_FOR,
        on_unrecorded: Callable[[str, Exception], None] | None = None,
    ) -> None:
        self._workflows = workflows
        self._requests = requests
        self._trail = trail
        self._refusals = refusals
        self._now = now
        self.retry_for = retry_for
        self._on_unrecorded = on_unrecorded or _log_unrecorded

    @overload
    async def execute(
        self, command: ApprovalCommand, context: Context
    ) -> Result[ApprovalSnapshot]: ...

    @overload
    async def execute(self, command: OrderCommand, context: Context) -> Result[OrderSnapshot]: ...

    async def execute(self, command: Command, context: Context) -> Result[Any]:
        """Send a command and return its result. Safe to repeat with the same context.

        Raises TemporalUnavailableError if Temporal cannot be used at all, and DATABASE_FAILURES if
        the workflow has ended and the records cannot be read. A refusal is recorded best effort.
        """

        async def update() -> Accepted[Any] | NotAccepted:
            return await self.send(context.request_id, context.click_id, command)

        spec, answer, may_repeat = spec_of(command), await update(), context.may_repeat
        if isinstance(answer, Unconfirmed) and context.retry:
            await context.on_unconfirmed()
            answer, may_repeat = await confirmed(update, self.retry_for), True
        match answer:
            case Accepted() | Unconfirmed():
                return answer
            case Refused(code=code) if code != spec.target.closed.code:
                await self._record_once(context, command, code)
                return answer
        search = may_repeat or context.redelivered
        return await self._after_the_end(command, spec, context, answer, search=search)

    async def send(
        self, request_id: str, click_id: str, command: Command
    ) -> Accepted[Any] | NotAccepted:
        """Send a command as one update, and return Temporal's answer."""
        spec = spec_of(command)
        return await self._workflows.update(
            request_id, click_id, spec.update, command, spec.target.snapshot
        )

    async def _after_the_end(
        self,
        command: Command,
        spec: VerbSpec,
        context: Context,
        answer: Refused | WorkflowEnded | WorkflowUnknown,
        *,
        search: bool,
    ) -> Ended[Any] | UnknownRequest:
        """Return the result of a command on an ended request, which this command may have ended."""
        refused = answer if isinstance(answer, Refused) else None
        try:
            record = await self._requests.get(context.request_id)
            facts = await self._trail.facts(context.request_id) if search else ()
        except DATABASE_FAILURES as error:
            if refused is None:
                raise
            # The request itself has refused, so the records can only add details.
            _log.warning("records_not_read", error=type(error).__name__)
            record, facts = None, ()
        if record is None and isinstance(answer, WorkflowUnknown):
            await self._record_once(context, command, UNKNOWN_REQUEST)
            return UnknownRequest()
        snapshot = readable(record)
        already_done = any(is_fact_of(fact, command) for fact in facts)
        if not already_done:
            await self._record_once(context, command, spec.target.closed.code)
        return Ended(
            record=record,
            snapshot=snapshot if isinstance(snapshot, spec.target.snapshot) else None,
            already_done=already_done,
            code=spec.target.closed.code,
            data=refused.data if refused else closing_of(snapshot),
            card_version=refused.card_version if refused else None,
        )

    async def _record_once(self, context: Context, command: Command, code: str) -> None:
        if not context.redelivered:
            verb = spec_of(command).verb
            await self.record_refusal(context.request_id, command.actor, verb, code)

    async def record_refusal(self, request_id: str, actor: Actor, verb: str, code: str) -> None:
        """Record who tried what and why it was refused, best effort: Temporal keeps no refusals."""
        refusal = Refusal(request_id=request_id, actor=actor, verb=verb, code=code, at=self._now())
        _log.info(
            "command_refused", request_id=request_id, verb=verb, code=code, actor=actor.person
        )
        try:
            await self._refusals.append(refusal)
        except DATABASE_FAILURES as error:
            self._on_unrecorded(code, error)

    async def refresh_all(
        self, request_ids: Iterable[str], cause: str
    ) -> dict[str, Accepted[Any] | NotAccepted]:
        """Have requests look up their approvers again, once for each `cause`. Safe to repeat.

        A refusal does not matter: the request has closed in the meantime, or waits for its requester.
        """
        gate = asyncio.Semaphore(CONCURRENT_REFRESHES)

        async def refresh(request_id: str) -> tuple[str, Accepted[Any] | NotAccepted]:
            async def update() -> Accepted[Any] | NotAccepted:
                click = click_id(cause, request_id)
                return await self.send(request_id, click, Refresh(actor=SLACK))

            async with gate:
                return request_id, await confirmed(update, self.retry_for)

        return dict(await asyncio.gather(*map(refresh, request_ids)))

    async def republish(self, owner_id: str, click_id: str) -> bool:
        """Have a card's owner publish the card again; return False if the owner has ended.

        Best effort: if Temporal does not answer, the card's next publish repairs it.
        """
        try:
            return await self._workflows.republish(owner_id, click_id)
        except TemporalUnavailableError as error:
            _log.warning("republish_not_confirmed", owner=owner_id, why=str(error))
            return True


def unreached(answers: Mapping[str, Accepted[Any] | NotAccepted]) -> tuple[str, ...]:
    """Return the requests that may not have looked up their approvers again."""
    known = (Accepted, Refused, WorkflowEnded)  # an ended request needs no refresh
    return tuple(
        request_id for request_id, answer in answers.items() if not isinstance(answer, known)
    )


async def confirmed(update: Callable[[], Awaitable[T]], retry_for: float) -> T | Unconfirmed:
    """Repeat an update, under the same id, until it has a result or `retry_for` seconds have passed."""
    attempts = AsyncRetrying(
        retry=retry_if_result(lambda answer: isinstance(answer, Unconfirmed)),
        stop=stop_after_delay(retry_for),
        wait=wait_exponential(multiplier=0.5, max=5),
        retry_error_callback=lambda state: Unconfirmed(),  # noqa: ARG005 - tenacity's signature
    )

    async def attempt() -> T:  # tenacity awaits only what it recognises as a coroutine function
        return await update()

    answer: T | Unconfirmed = await attempts(attempt)
    return answer


def readable(record: RequestRecord | None) -> Snapshot | None:
    """Return a record's snapshot; None without a record, or if another version wrote it."""
    try:
        return decode_snapshot(record.face) if record else None
    except ValidationError:
        return None


def readable_as(record: RequestRecord | None, snapshot_type: type[RecordedT]) -> RecordedT | None:
    """Return a record's snapshot like `readable`; None also if it has another type."""
    return read_as(record.face if record else None, snapshot_type)


def closing_of(snapshot: Snapshot | None) -> dict[str, str]:
    """Return the data of the refusal to change an ended request: its status, and who closed it."""
    if snapshot is None:
        return {}
    by = snapshot.closed_by
    return {"status": snapshot.status.value, "person": by.person if by else ""}


def _log_unrecorded(code: str, error: Exception) -> None:
    _log.error("refusal_not_written", code=code, error=type(error).__name__)
