"""The desk: where a command of the command line meets Temporal and the records."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.exceptions import TemporalError
from temporalio.service import RPCError, RPCStatusCode

from bot.cli.terminal import CommandError
from bot.policies import file as policy_file
from bot.policies.file import Policies
from bot.runtime import settings
from bot.temporal.client import WAIT, TemporalUnavailableError, WorkflowClient, connect
from records.absences import Absences
from records.audit import AuditTrail
from records.database import DATABASE_FAILURES, Database, SchemaError, UnsupportedDatabaseError
from records.redactions import Redactions
from records.refusals import Refusals
from records.requests import RequestRecord, Requests
from records.snapshots import decode_snapshot
from records.stock import Stock
from records.time_off import TimeOff
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.verbs import Verb
from workflows.rules.shared.ids import approval_id
from workflows.rules.snapshots import Snapshot

CONNECT_LIMIT = 10
"""Seconds after which an address that neither answers nor refuses is given up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """What a desk is opened with. `patience` is for how many seconds an answer is asked for."""

    config: settings.Settings
    environment: Mapping[str, str]
    patience: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A request as somebody sees it.

    `as_of` is set where it is the last that the records know. `problem` says, of a request that
    was open then, why nothing newer is known.
    """

    face: ApprovalSnapshot
    verbs: tuple[Verb, ...] = ()
    as_of: datetime | None = None
    problem: str = ""


@asynccontextmanager
async def opened(setup: Setup) -> AsyncIterator["Desk"]:
    """Yield a desk; nothing is connected before it is needed.

    Raises:
        CommandError: for everything that may go wrong outside, in a sentence.

    """
    before = set(threading.enumerate())
    with _in_sentences():
        try:
            async with Database(setup.config.database_url) as database:
                yield Desk(setup, database)
        finally:
            await _drivers_ended(before)


async def _drivers_ended(before: set[threading.Thread]) -> None:
    """Wait for the threads of SQLite's driver: one that could not connect ends a little later.

    Were the event loop closed before, that thread would print a traceback.
    """
    for _ in range(50):
        new = set(threading.enumerate()) - before
        if not any("_connection_worker_thread" in thread.name for thread in new):
            return
        await asyncio.sleep(0.01)


@contextmanager
def _in_sentences() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # whoever read our output has seen enough
        raise
    except (
        policy_file.PolicyFileError,
        policy_file.UnknownPolicyError,
        SchemaError,
        UnsupportedDatabaseError,
        TemporalUnavailableError,
    ) as error:
        raise CommandError(str(error)) from error
    except TemporalError as error:
        what = error.status.name if isinstance(error, RPCError) else type(error).__name__
        raise CommandError(
            f"Temporal, or its worker, answered with an error ({what}); its log has more. "
            "`countersign request show`, or `order show`, tells how it stands."
        ) from error
    except DATABASE_FAILURES as error:
        raise CommandError(
            f"The database cannot be used ({type(error).__name__}). Check DATABASE_URL, and that "
            "`countersign db upgrade` was run."
        ) from error


class Desk:
    """What commands work with. Methods raise CommandError where they cannot."""

    def __init__(self, setup: Setup, database: Database) -> None:
        self._setup = setup
        self._connected: Client | None = None
        self._client: WorkflowClient | None = None
        self._database = database
        self.patience = setup.patience
        self.trail = AuditTrail(database)
        self.refusals = Refusals(database)
        self.requests = Requests(database)
        self.absences = Absences(database)
        self.redactions = Redactions(database)
        self.stock = Stock(database)
        self.time_off = TimeOff(database)

    @property
    def person(self) -> str:
        """For whom a command acts that names nobody; empty where the settings say nobody."""
        return self._setup.config.cli_person

    def webhook(self) -> tuple[str, str]:
        """Return the address of the bot's payment webhook, and what signs for it."""
        config = self._setup.config
        secret = settings.text_of(config.payment_webhook_secret)
        if not secret:
            raise CommandError("PAYMENT_WEBHOOK_SECRET is not set: set it here and for the bot.")
        host = "127.0.0.1" if config.web_host == "0.0.0.0" else config.web_host  # noqa: S104 - not bound
        return f"http://{host}:{config.web_port}/webhooks/payments", secret

    def policies(self) -> Policies:
        """Read the policy file."""
        return policy_file.load(self._setup.config.policies)

    async def require_records(self) -> None:
        """Make sure that the records can be read and are of this version."""
        await self._database.require_current_schema()

    async def workflows(self) -> WorkflowClient:
        """Return the client, connected."""
        if self._client is None:
            self._client = WorkflowClient(
                await self._connection(),
                self._setup.config.temporal_task_queue,
                wait=min(WAIT, self.patience),
                confirm_for=self.patience,
            )
        return self._client

    async def temporal(self) -> Client:
        """Return the connection to Temporal itself, in a namespace that is there."""
        client = await self._connection()
        await self.require_namespace()
        return client

    async def _connection(self) -> Client:
        if self._connected is None:
            self._connected = await _connected(self._setup.environment)
        return self._connected

    @property
    def task_queue(self) -> str:
        """The queue on which this house's workflows run."""
        return self._setup.config.temporal_task_queue

    async def require_namespace(self) -> None:
        """Make sure that what was not found was not looked for in a namespace that is not there."""
        if self._connected is None:
            return
        namespace = self._connected.namespace
        try:
            await self._connected.workflow_service.describe_namespace(
                DescribeNamespaceRequest(namespace=namespace)
            )
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise CommandError(
                    f"Temporal has no namespace “{namespace}”. Check TEMPORAL_NAMESPACE."
                ) from error

    async def face(self, request_id: str, person: str) -> ApprovalSnapshot:
        """Return the present face; the last one where Temporal has forgotten the request."""
        return (await self._look(request_id, person)).face

    async def look(self, request_id: str, person: str) -> Seen:
        """Return how a request stands, and what `person` (if any) may do with it now.

        Where Temporal cannot be asked, the last that the records know.
        """
        try:
            return await self._look(request_id, person)
        except (CommandError, TemporalUnavailableError) as error:
            record = await self.record(request_id)
            snapshot = readable(record) if record else None
            if record is None or not isinstance(snapshot, ApprovalSnapshot):
                raise
            problem = str(error) if snapshot.is_open else ""
            return Seen(face=snapshot, as_of=record.changed_at, problem=problem)

    async def _look(self, request_id: str, person: str) -> Seen:
        client = await self.workflows()
        try:
            menu = await client.menu(request_id, person)
        except TemporalUnavailableError as error:
            raise await self._unanswered(request_id) from error
        if menu is not None:
            return Seen(face=menu.face, verbs=menu.verbs if person else ())
        await self.require_namespace()
        await self.require_records()
        record = await self.requests.get(request_id)
        if record is None:
            raise unknown(request_id)
        snapshot = readable(record)
        if not isinstance(snapshot, ApprovalSnapshot):
            raise _not_a_request(request_id, record)
        return Seen(face=snapshot, as_of=record.changed_at)

    async def _unanswered(self, request_id: str) -> CommandError:
        """Say why there is no answer: an order has no menu, or nobody works on the queue."""
        await self.require_request(request_id)
        return CommandError(
            "Temporal, or the worker on its queue, did not answer in time, so nothing was "
            "changed. Please try again in a minute."
        )

    async def require_request(self, request_id: str) -> None:
        """Make sure that, as far as the records know, this is no order and no HR request."""
        record = await self.record(request_id)
        if record is not None and record.kind in ("order", "hr"):
            raise _not_a_request(request_id, record)

    async def record(self, request_id: str) -> RequestRecord | None:
        """Return what the records have; None also where they cannot be read now."""
        try:
            return await self.requests.get(request_id)
        except DATABASE_FAILURES:
            return None


async def _connected(environment: Mapping[str, str]) -> Client:
    try:
        async with asyncio.timeout(CONNECT_LIMIT):
            return await connect(environment)
    except TimeoutError:
        raise CommandError("Temporal does not answer. Start it, or set TEMPORAL_ADDRESS.") from None
    except (RuntimeError, ValueError) as error:  # a profile file that cannot be read
        raise CommandError(
            f"Temporal's settings cannot be used ({type(error).__name__}). Check "
            "TEMPORAL_CONFIG_FILE and TEMPORAL_PROFILE."
        ) from error


def unknown(request_id: str) -> CommandError:
    """Return the error that there is no such request."""
    return CommandError(
        f"There is no request {request_id}. `countersign request list` shows those there are."
    )


def _not_a_request(request_id: str, record: RequestRecord) -> CommandError:
    if record.kind == "order":
        return CommandError(
            f"{request_id} is an order. Its approval is a request: {approval_id(request_id)}"
        )
    if record.kind == "hr":
        return CommandError(
            f"{request_id} is an HR request. Its approval is a request: {approval_id(request_id)}"
        )
    return CommandError(f"{request_id} was written down by another version of Countersign.")


def readable(record: RequestRecord) -> Snapshot | None:
    """Return a record's face, or None where another version of Countersign wrote it."""
    try:
        return decode_snapshot(record.face)
    except ValidationError:
        return None
