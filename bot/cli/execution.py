"""What commands do with requests: ask for one, wait for its outcome, send a deed, tell of an absence."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar, assert_never

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_exponential

from bot.actions.commands import (
    AnyDeed,
    Deed,
    asks_for_the_same,
    is_fact_of,
    refresh_all,
    send,
    unreached,
    verb_of,
)
from bot.cli.context import Desk, readable, unknown
from bot.cli.request_output import instant
from bot.cli.terminal import CommandError, Exit, remark
from bot.temporal.calls import NotDone
from bot.temporal.client import (
    Accepted,
    Answer,
    Ended,
    Refused,
    TemporalUnavailableError,
    Unconfirmed,
    Unknown,
    WorkflowClient,
)
from records.database import DATABASE_FAILURES
from records.refusals import Refusal
from records.requests import RequestRecord
from views import notices
from views.translator import ENGLISH
from workflows.rules.approvals.request import OPEN, ApprovalRequest
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.people.actors import SourceKind
from workflows.rules.shared.click import click_id
from workflows.rules.shared.errors import RequestClosedError
from workflows.rules.snapshots import Snapshot

F = TypeVar("F")

LOOK_EVERY = 1.0
"""Seconds between two looks into the records while an outcome is waited for."""


async def create(desk: Desk, request: ApprovalRequest) -> bool:
    """Start a request; False where its id was used before, for the same request.

    Raises:
        CommandError: the id stands for something else, or nothing is confirmed.

    """
    client = await desk.workflows()
    new = await started(desk, request.request_id, lambda: client.start_approval(request))
    if not new:
        await _require_same(desk, request)
    return new


async def started(
    desk: Desk, number: str, start: Callable[[], Awaitable[bool]], *, what: str = "request"
) -> bool:
    """Start what has this number, for as long as the desk is patient; False where it was before.

    Raises:
        CommandError: nothing is confirmed.

    """

    async def once() -> bool:  # tenacity awaits what it knows to be a coroutine function
        return await start()

    attempts = AsyncRetrying(
        retry=retry_if_exception_type(TemporalUnavailableError),
        stop=stop_after_delay(desk.patience),
        wait=wait_exponential(multiplier=0.5, max=5),
        reraise=True,
    )
    try:
        new: bool = await attempts(once)
    except TemporalUnavailableError:
        await desk.require_namespace()
        raise CommandError(
            f"Not confirmed: it is not known whether {number} was taken. "
            f"Repeat the command with --id {number}: it is one {what}.",
            Exit.UNCONFIRMED,
        ) from None
    return new


async def _require_same(desk: Desk, request: ApprovalRequest) -> None:
    """Refuse an id under which something else was asked."""
    known = await desk.face(request.request_id, "")
    if not asks_for_the_same(known, request):
        raise CommandError(
            f"{request.request_id} exists already, and it asks for something else: nothing was "
            "changed. Choose another --id."
        )


async def outcome(desk: Desk, request_id: str) -> ApprovalSnapshot:
    """Wait, for as long as it takes, until the records say how a request ended."""
    record = await last_record(desk, request_id, lambda record: record.status not in OPEN)
    snapshot = readable(record)
    if isinstance(snapshot, ApprovalSnapshot):
        return snapshot
    raise CommandError(f"{request_id} has ended: {record.status}.", Exit.ENDED)


async def last_record(
    desk: Desk, number: str, has_ended: Callable[[RequestRecord], bool]
) -> RequestRecord:
    """Return the record of what has this number, for as long as it takes, once it has ended.

    Raises:
        CommandError: the records do not know it, in all the time that the desk is patient.

    """
    await desk.require_records()
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        record = await desk.requests.get(number)
        if record is not None and has_ended(record):
            return record
        if record is None and loop.time() - began > desk.patience:
            raise CommandError(
                f"{number} is not in the records yet. Is the worker running, and with the "
                "same DATABASE_URL?",
                Exit.UNCONFIRMED,
            )
        await asyncio.sleep(LOOK_EVERY)


async def do(
    desk: Desk, request_id: str, deed: Deed, key: str, *, repeats: bool
) -> ApprovalSnapshot:
    """Do something with a request and return the face it led to.

    The same key is the same deed, however often it is sent; `repeats` says that it may have been
    sent before.

    Raises:
        CommandError: it was refused, has come too late, or is not confirmed.

    """
    client = await desk.workflows()
    click = click_id(request_id, deed.actor.person, verb_of(deed), key)

    async def ask() -> Answer:
        return await send(client, request_id, click, deed)

    await desk.require_request(request_id)  # an order has no such update
    answer, repeats = await confirmed(client, ask, key, repeats=repeats)
    match answer:
        case Accepted(face=snapshot):
            return snapshot
        case Refused(code=code) if code != RequestClosedError.code:
            await write_down(desk, request_id, deed, code)
            raise CommandError(notices.field_refusal(code, answer.data, ENGLISH), Exit.REFUSED)
        case Refused() | Ended() | Unknown():
            return await _after_the_end(desk, request_id, deed, answer, repeats=repeats)
        case _:
            assert_never(answer)


async def confirmed(
    client: WorkflowClient,
    ask: Callable[[], Awaitable[Accepted[F] | NotDone]],
    key: str,
    *,
    repeats: bool,
) -> tuple[Accepted[F] | Refused | Ended | Unknown, bool]:
    """Ask until there is an answer, and return it and whether the deed may have been sent before.

    Raises:
        CommandError: nobody knows whether the deed counts; the same key is the same deed.

    """
    answer = await ask()
    if isinstance(answer, Unconfirmed):
        remark("Not confirmed yet, still trying.")
        answer, repeats = await client.confirm(ask), True
    if isinstance(answer, Unconfirmed):
        raise CommandError(
            "Still not confirmed: it is not known whether it counts. Repeat the command "
            f"with --key {key}: it counts once.",
            Exit.UNCONFIRMED,
        )
    return answer, repeats


async def _after_the_end(
    desk: Desk, request_id: str, deed: Deed, answer: Refused | Ended | Unknown, *, repeats: bool
) -> ApprovalSnapshot:
    """Answer a deed on a request that has ended: it may be the very deed that it holds."""
    if not isinstance(answer, Refused):
        await desk.require_namespace()
    record = await desk.record(request_id)
    if record is None and isinstance(answer, Unknown):
        raise unknown(request_id)
    snapshot = readable(record) if record else None
    if repeats and isinstance(snapshot, ApprovalSnapshot) and await holds(desk, request_id, deed):
        remark("It was done before; nothing was changed now.")
        return snapshot
    await write_down(desk, request_id, deed, RequestClosedError.code)
    if isinstance(answer, Refused):
        raise CommandError(notices.field_refusal(RequestClosedError.code, answer.data, ENGLISH))
    if record is not None and record.status in OPEN:
        raise CommandError(
            f"{request_id} does not run any more, so nothing was changed. The last that is known "
            f"of it is of {instant(record.changed_at)}: `countersign request show {request_id}`"
        )
    raise CommandError(notices.field_refusal(RequestClosedError.code, _closing(snapshot), ENGLISH))


def _closing(snapshot: Snapshot | None) -> Mapping[str, str]:
    if not isinstance(snapshot, ApprovalSnapshot):
        return {}
    return {
        "status": snapshot.status,
        "person": snapshot.closed_by.person if snapshot.closed_by else "",
    }


async def holds(desk: Desk, request_id: str, deed: AnyDeed) -> bool:
    """Whether the trail has this very deed of this very person."""
    try:
        facts = await desk.trail.facts(request_id)
    except DATABASE_FAILURES:
        return False
    return any(is_fact_of(fact, deed) for fact in facts)


async def write_down(desk: Desk, request_id: str, deed: AnyDeed, code: str) -> None:
    """Keep the refusal, best effort: Temporal keeps none, and the person must hear it anyway."""
    refusal = Refusal(
        request_id=request_id,
        actor=deed.actor,
        verb=verb_of(deed),
        code=code,
        at=datetime.now(UTC),
    )
    try:
        await desk.refusals.append(refusal)
    except DATABASE_FAILURES as error:
        remark(f"(This refusal could not be written down: {type(error).__name__}.)")


async def tell_of_absence(
    desk: Desk, person: str, key: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Have each open request that watches `person` read its people again.

    Returns the requests that do, and those that could not be told. What a request refuses is no
    matter: it has closed meanwhile, or waits for its requester.
    """
    watching = await desk.requests.open_watching(f"{SourceKind.USER}:{person}")
    if not watching:
        return (), ()
    try:
        client = await desk.workflows()
    except (CommandError, TemporalUnavailableError) as error:
        remark(str(error))
        return (), watching
    answers = await refresh_all(client, watching, click_id(person, "away", key))
    told = tuple(one for one, answer in answers.items() if isinstance(answer, Accepted))
    return told, unreached(answers)
