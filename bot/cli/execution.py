"""Starts, executes and waits, and turns results into snapshots or errors with an exit code."""

import asyncio
from collections.abc import Callable
from typing import Any, overload

from bot.actions.execute import (
    Accepted,
    Context,
    Ended,
    Refused,
    Unconfirmed,
    UnknownRequest,
    readable,
    readable_as,
    unreached,
)
from bot.actions.registry import Command
from bot.actions.requesters import RequesterUncheckedError
from bot.actions.start import TemporalUnavailableError
from bot.cli import command
from bot.cli.context import (
    CliContext,
    command_group,
    require_approval_id,
    unknown,
)
from bot.cli.request_output import instant
from bot.cli.terminal import CommandError, Exit, remark
from records.requests import RequestRecord
from views import notices
from views.explanations import problem_text
from views.translator import ENGLISH
from workflows.rules.approvals.request import ApprovalRequest
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.verbs import ApprovalCommand
from workflows.rules.messages import OrderInput
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.orders.verbs import OrderCommand
from workflows.rules.people.actors import SourceKind
from workflows.rules.shared.click import click_id
from workflows.rules.shared.errors import RequesterNotAllowedError
from workflows.rules.shared.failure import Failure

POLL_INTERVAL = 1.0
"""Seconds between two reads of the records while a command waits for an outcome."""


async def start(context: CliContext, asked: ApprovalRequest | OrderInput) -> bool:
    """Start a request or order; return False if its id was used before, for the same content.

    Raises:
        CommandError: the id is taken by something else, or the start is not confirmed.

    """
    number, noun = asked.request_id, command_group(asked.request_id)
    starts = await context.starts()
    try:
        started = await starts.start(asked, retry_for=context.retry_for)
    except RequesterNotAllowedError as error:
        sentence = notices.refusal(error.code, error.data, ENGLISH)
        raise CommandError(sentence, Exit.REFUSED) from None
    except RequesterUncheckedError as error:
        raise CommandError(
            f"Nothing was created: Slack could not be asked who {asked.requester.person} is "
            f"({error}). Set SLACK_BOT_TOKEN as for the bot, or try again."
        ) from None
    except TemporalUnavailableError:
        raise CommandError(
            f"Not confirmed: {number} may have been created or not. "
            f"Repeat the command with --id {number}: only one {noun} is created.",
            Exit.UNCONFIRMED,
        ) from None
    if not started.is_same:
        raise _taken(number)
    if not started.is_new and started.existing is None:
        raise CommandError(
            f"{number} already exists, but Temporal, or the worker on its queue, did not answer in "
            "time, so nothing was changed. Please try again in a minute."
        )
    return started.is_new


@overload
async def execute(
    context: CliContext, request_id: str, wanted: ApprovalCommand, key: str
) -> ApprovalSnapshot: ...


@overload
async def execute(
    context: CliContext, request_id: str, wanted: OrderCommand, key: str
) -> OrderSnapshot: ...


async def execute(context: CliContext, request_id: str, wanted: Command, key: str) -> Any:
    """Execute a command and return the snapshot that it led to.

    The same `key` is the same command, however often it is sent; without one, a new key is used.

    Raises:
        CommandError: it was refused, came too late, or is not confirmed.

    """
    if not isinstance(wanted, OrderCommand):
        require_approval_id(request_id)
    name = command.key_or_new(key)
    result: Any = await (await context.commands()).execute(
        wanted,
        Context.of_key(
            request_id,
            wanted,
            name,
            may_repeat=bool(key),
            on_unconfirmed=_still_trying,
        ),
    )
    match result:
        case Accepted(snapshot=snapshot):
            return snapshot
        case Refused():
            sentence = notices.field_refusal(result.code, result.data, ENGLISH)
            raise CommandError(sentence, Exit.REFUSED)
        case Unconfirmed():
            raise CommandError(
                "Still not confirmed. Repeat the command "
                f"with --key {name}: it takes effect only once.",
                Exit.UNCONFIRMED,
            )
        case UnknownRequest():
            raise unknown(request_id)
        case Ended(already_done=True, snapshot=snapshot) if snapshot is not None:
            remark("This was already done, so nothing was changed.")
            return snapshot
    raise _ended(request_id, result)


async def _still_trying() -> None:
    remark("Not confirmed yet, still trying.")


def _ended(request_id: str, result: Ended[Any]) -> CommandError:
    record = result.record
    lost = result.card_version is None and record is not None and not has_ended(record)
    if record is None or not lost:
        return CommandError(notices.field_refusal(result.code, result.data, ENGLISH))
    return CommandError(
        f"{request_id} is no longer running, so nothing was changed. Its last recorded state is from "
        f"{instant(record.changed_at)}: see "
        f"`countersign {command_group(request_id)} show {request_id}`."
    )


def has_ended(record: RequestRecord) -> bool:
    """Return whether a request or order had ended when it was recorded; True if it is unreadable."""
    snapshot = readable(record)
    return snapshot is None or not snapshot.is_open


async def outcome(context: CliContext, asked: ApprovalRequest) -> ApprovalSnapshot:
    """Wait until the records have the end of the request that was started, however long that takes.

    Raises:
        CommandError: the worker refused the start, or the records have another request.

    """
    record = await last_record(context, asked.request_id, asked=asked)
    snapshot = readable_as(record, ApprovalSnapshot)
    if snapshot is None:  # another version of Countersign recorded the end
        raise CommandError(f"{asked.request_id} has ended: {record.status}.", Exit.ENDED)
    return snapshot


async def last_record(
    context: CliContext,
    number: str,
    on_look: Callable[[RequestRecord], None] = lambda _: None,
    asked: ApprovalRequest | OrderInput | None = None,
) -> RequestRecord:
    """Return the record of a request or order once it has ended, however long that takes.

    If this command started it, `asked` is what it asked for: another record is never returned.

    Raises:
        CommandError: the worker refused the start, the records have another request, or nothing
            within the context's `retry_for`.

    """
    await context.require_records()
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        record = await context.requests.get(number)
        if record is not None:
            on_look(record)
            if has_ended(record):
                if asked is not None:
                    await _require_started(context, asked)
                return record
        elif asked is not None and (code := await _refusal(context, asked)):
            raise CommandError(
                f"{number} was not started. {problem_text(Failure(code=code), ENGLISH)}"
            )
        elif loop.time() - began > context.retry_for:
            raise CommandError(
                f"{number} is not in the records yet. Is the worker running, and with the "
                "same DATABASE_URL?",
                Exit.UNCONFIRMED,
            )
        await asyncio.sleep(POLL_INTERVAL)


async def _require_started(context: CliContext, asked: ApprovalRequest | OrderInput) -> None:
    """Raise CommandError if the records have another request under the id of the one started."""
    if not await (await context.starts()).is_recorded(asked):
        raise _taken(asked.request_id)


async def _refusal(context: CliContext, asked: ApprovalRequest | OrderInput) -> str:
    try:
        return await (await context.starts()).refusal(asked)
    except TemporalUnavailableError:  # the records will tell
        return ""


def _taken(number: str) -> CommandError:
    return CommandError(
        f"{number} already exists with different content, so nothing was changed. Choose another --id."
    )


async def refresh_requests_of(
    context: CliContext, person: str, key: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Have each open request that watches `person` read its approvers again.

    Returns the requests that do, and those that could not be reached. A refusal does not matter: the
    request has closed in the meantime, or waits for its requester.
    """
    watching = await context.requests.open_watching(f"{SourceKind.USER}:{person}")
    if not watching:
        return (), ()
    try:
        commands = await context.commands()
    except TemporalUnavailableError as error:
        remark(str(error))
        return (), watching
    cause = click_id(person, "away", key)
    answers = await commands.refresh_all(watching, cause)
    refreshed = tuple(number for number, got in answers.items() if isinstance(got, Accepted))
    return refreshed, unreached(answers)
