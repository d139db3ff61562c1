"""The context of a command-line command: settings, records, and Temporal once it is needed."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from slack_sdk.web.async_client import AsyncWebClient

from bot.actions import approval_lookup
from bot.actions.approval_lookup import ApprovalLookup, Seen
from bot.actions.connection import (
    Client,
    Connection,
    TemporalError,
    TemporalUnavailableError,
    error_name,
)
from bot.actions.execute import Commands, readable_as
from bot.actions.order_lookup import OrderLookup
from bot.actions.requesters import Requesters
from bot.actions.start import Starts
from bot.cli.terminal import CommandError, remark
from bot.policies import file as policy_file
from bot.policies.file import Policies
from bot.runtime import settings
from records.absences import Absences
from records.audit import AuditTrail
from records.database import DATABASE_FAILURES, START_FAILURES, Database
from records.redactions import Redactions
from records.refusals import Refusals
from records.requests import RequestRecord, Requests
from records.stock import Stock
from records.time_off import TimeOff
from slack_api.directory import SlackDirectory
from slack_api.workspace import Workspace
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.journeys import journey_of_id
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.shared.ids import approval_id

T = TypeVar("T", ApprovalSnapshot, OrderSnapshot)


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """The settings of a context. `retry_for` is for how many seconds a command waits for an answer."""

    config: settings.Settings
    environment: Mapping[str, str]
    retry_for: float


@asynccontextmanager
async def opened(setup: Setup) -> AsyncIterator["CliContext"]:
    """Yield a context; nothing is connected before it is needed.

    Raises:
        CommandError: Temporal, the database, the settings or the policies cannot be used.

    """
    before = set(threading.enumerate())
    with _as_command_errors():
        try:
            async with Database(setup.config.database_url) as database:
                yield CliContext(setup, database)
        finally:
            await _drivers_ended(before)


async def _drivers_ended(before: set[threading.Thread]) -> None:
    """Wait for the threads of SQLite's driver: a thread that could not connect ends a little later.

    If the event loop closed first, that thread would print a traceback.
    """
    for _ in range(50):
        new = set(threading.enumerate()) - before
        if not any("_connection_worker_thread" in thread.name for thread in new):
            return
        await asyncio.sleep(0.01)


@contextmanager
def _as_command_errors() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # the reader of our output has closed it
        raise
    except (
        policy_file.PolicyFileError,
        policy_file.UnknownPolicyError,
        *START_FAILURES,
        TemporalUnavailableError,
    ) as error:
        raise CommandError(str(error)) from error
    except TemporalError as error:
        raise CommandError(
            f"Temporal, or its worker, answered with an error ({error_name(error)}). See its log, "
            "and `countersign request show` or `order show` for the current state."
        ) from error
    except DATABASE_FAILURES as error:
        raise CommandError(
            f"The database cannot be used ({type(error).__name__}). Check DATABASE_URL, and that "
            "`countersign db upgrade` was run."
        ) from error


class CliContext:
    """The services of a command. Methods raise CommandError or TemporalUnavailableError."""

    def __init__(self, setup: Setup, database: Database) -> None:
        config = setup.config
        self._config = config
        self._database = database
        self._connection = Connection(
            setup.environment,
            config.temporal_task_queue,
            wait=setup.retry_for,
            proxies=config.proxies(),
        )
        self.task_queue = config.temporal_task_queue
        self.retry_for = setup.retry_for
        self.trail = AuditTrail(database)
        self.refusals = Refusals(database)
        self.requests = Requests(database)
        self.absences = Absences(database)
        self.redactions = Redactions(database)
        self.stock = Stock(database)
        self.time_off = TimeOff(database)

    @property
    def person(self) -> str:
        """The default actor of a command; empty if the settings name none."""
        return self._config.cli_person

    def webhook(self) -> tuple[str, str]:
        """Return the address of the bot's payment webhook, and the secret that signs requests."""
        config = self._config
        secret = settings.text_of(config.payment_webhook_secret)
        if not secret:
            raise CommandError("PAYMENT_WEBHOOK_SECRET is not set: set it here and for the bot.")
        host = "127.0.0.1" if config.web_host == "0.0.0.0" else config.web_host  # noqa: S104 - not bound
        return f"http://{host}:{config.web_port}/webhooks/payments", secret

    def proxy(self, url: str) -> str | None:
        """Return the HTTP proxy for this URL, or None."""
        return self._config.proxies().for_url(url)

    def policies(self) -> Policies:
        """Read the policy file."""
        return policy_file.load(self._config.policies)

    async def require_records(self) -> None:
        """Make sure that the records can be read and have the current schema."""
        await self._database.require_current_schema()

    async def temporal(self) -> Client:
        """Return the SDK's client, connected to a namespace that exists."""
        return await self._connection.client()

    async def commands(self) -> Commands:
        """Return the executor of commands, connected."""
        return Commands(
            workflows=await self._connection.workflows(),
            requests=self.requests,
            trail=self.trail,
            refusals=self.refusals,
            now=_now,
            retry_for=self.retry_for,
            on_unrecorded=_remark_unrecorded,
        )

    async def starts(self) -> Starts:
        """Return the starter of requests and orders, connected."""
        token = settings.text_of(self._config.slack_bot_token)
        directory: SlackDirectory | None = None
        if token:
            slack = AsyncWebClient(token=token, base_url=self._config.slack_api_url)
            directory = Workspace.of(slack, self._database, _now).directory
        workflows = await self._connection.workflows()
        return Starts(workflows, self.requests, self.trail, self.time_off, Requesters(directory))

    async def approvals(self) -> ApprovalLookup:
        """Return the lookup of approvals, connected."""
        return ApprovalLookup(self.requests, await self._connection.workflows())

    async def orders(self) -> OrderLookup:
        """Return the lookup of orders, connected."""
        return OrderLookup(self.requests, await self._connection.workflows())

    async def snapshot(self, request_id: str, person: str) -> ApprovalSnapshot:
        """Return an approval's current snapshot; the last one if Temporal no longer retains it."""
        return (await self._seen(request_id, person)).snapshot

    async def look_up(self, request_id: str, person: str) -> Seen:
        """Return an approval's snapshot and the verbs that `person` (if given) may use now.

        If Temporal does not answer, this is the last snapshot in the records.
        """
        try:
            return await self._seen(request_id, person)
        except TemporalUnavailableError as error:
            try:
                seen = await approval_lookup.recorded(self.requests, request_id, str(error))
            except DATABASE_FAILURES:
                seen = None
            if seen is None:
                raise
            return seen

    async def _seen(self, request_id: str, person: str) -> Seen:
        require_approval_id(request_id)
        seen = await (await self.approvals()).look_up(request_id, person)
        if seen is not None:
            return seen
        await self.require_records()
        record = await self.requests.get(request_id)
        raise unreadable(request_id) if record else unknown(request_id)

    async def record(self, request_id: str) -> RequestRecord | None:
        """Return the record; None also if the records cannot be read now."""
        try:
            return await self.requests.get(request_id)
        except DATABASE_FAILURES:
            return None


def require_approval_id(request_id: str) -> None:
    """Raise CommandError for the id of a request with a child approval: commands go to the approval."""
    journey = journey_of_id(request_id)
    if journey is not None and journey.has_child_approval:
        raise CommandError(
            f"{request_id} is the id of the whole {journey.title}. Its approval is a request: "
            f"{approval_id(request_id)}"
        )


def command_group(request_id: str) -> str:
    """Return the command group for an id: `order` or `request`."""
    journey = journey_of_id(request_id)
    return journey.cli_group if journey else "request"


def unknown(request_id: str) -> CommandError:
    """Return the error that there is no such request or order."""
    group = command_group(request_id)
    return CommandError(
        f"There is no {group} {request_id}. `countersign {group} list` lists all {group}s."
    )


def unreadable(request_id: str) -> CommandError:
    """Return the error that the records have it in a form that this version cannot read."""
    return CommandError(f"{request_id} was recorded by another version of Countersign.")


def require_readable(record: RequestRecord, snapshot_type: type[T]) -> T:
    """Return a record's snapshot, or raise CommandError if this version cannot read it."""
    snapshot = readable_as(record, snapshot_type)
    if snapshot is None:
        raise unreadable(record.request_id)
    return snapshot


def readable_snapshots(records: Sequence[RequestRecord], snapshot_type: type[T]) -> list[T]:
    """Return the snapshots of records, without those that this version cannot read."""
    snapshots = [readable_as(record, snapshot_type) for record in records]
    found = [snapshot for snapshot in snapshots if snapshot is not None]
    if left := len(records) - len(found):
        remark(f"Left out, because another version of Countersign wrote them: {left}.")
    return found


def _now() -> datetime:
    return datetime.now(UTC)


def _remark_unrecorded(_: str, error: Exception) -> None:
    remark(f"(This refusal could not be recorded: {type(error).__name__}.)")
