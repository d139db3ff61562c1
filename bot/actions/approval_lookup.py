"""The current state of an approval: from its workflow or, if it does not answer, the records."""

from dataclasses import dataclass
from datetime import datetime

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

from bot.actions.execute import readable_as
from bot.temporal.calls import TemporalUnavailableError
from bot.temporal.client import WorkflowClient
from records.requests import Requests
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.verbs import Verb
from workflows.rules.messages import Menu

MENU_ATTEMPTS = 3
"""How often a menu is queried before Temporal counts as unavailable."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A request as a person sees it.

    `as_of` is the time of the snapshot if it is from the records. If the request was open then,
    `problem` is why there is no newer one.
    """

    snapshot: ApprovalSnapshot
    verbs: tuple[Verb, ...] = ()
    as_of: datetime | None = None
    problem: str = ""


class ApprovalLookup:
    """Queries approvals, and reads the records if Temporal has no answer."""

    def __init__(self, requests: Requests, workflows: WorkflowClient) -> None:
        self._requests = requests
        self._workflows = workflows

    async def menu(self, request_id: str, person: str) -> Menu | None:
        """Return the snapshot and what `person` may do; None if Temporal knows no such request.

        Raises TemporalUnavailableError if there is no answer after `MENU_ATTEMPTS` queries.
        """
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(TemporalUnavailableError),
            stop=stop_after_attempt(MENU_ATTEMPTS),
            reraise=True,
        )
        return await attempts(self._workflows.menu, request_id, person)

    async def look_up(self, request_id: str, person: str) -> Seen | None:
        """Return the request and, if `person` is given, what they may do; None if it is unknown.

        Raises TemporalUnavailableError if Temporal does not answer: see `recorded`.
        """
        menu = await self._workflows.menu(request_id, person)
        if menu is None:
            return await recorded(self._requests, request_id)
        return Seen(snapshot=menu.face, verbs=menu.verbs if person else ())


async def recorded(requests: Requests, request_id: str, problem: str = "") -> Seen | None:
    """Return the last snapshot in the records, or None if there is none that can be read."""
    record = await requests.get(request_id)
    snapshot = readable_as(record, ApprovalSnapshot)
    if record is None or snapshot is None:
        return None
    return Seen(
        snapshot=snapshot,
        as_of=record.changed_at,
        problem=problem if snapshot.is_open else "",
    )
