"""How an approval stands: from its workflow, or as the records last had it."""

from dataclasses import dataclass
from datetime import datetime

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

from bot.actions.execute import readable
from bot.temporal.calls import TemporalUnavailableError
from bot.temporal.client import WorkflowClient
from records.requests import Requests
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.verbs import Verb
from workflows.rules.messages import Menu

MENU_TRIES = 3
"""How often a request is queried, each time for as long as a person waits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A request as a person sees it.

    `as_of` is set if the records had to answer. `problem` tells, for a request that was open then,
    why nothing newer is known.
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

        Raises TemporalUnavailableError if there is no answer after a few tries.
        """
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(TemporalUnavailableError),
            stop=stop_after_attempt(MENU_TRIES),
            reraise=True,
        )
        return await attempts(self._workflows.menu, request_id, person)

    async def look_up(self, request_id: str, person: str) -> Seen | None:
        """Return the request and, if `person` is given, what they may do; None if nothing knows it.

        Raises TemporalUnavailableError if Temporal does not answer: see `recorded`.
        """
        menu = await self._workflows.menu(request_id, person)
        if menu is None:
            return await recorded(self._requests, request_id)
        return Seen(snapshot=menu.face, verbs=menu.verbs if person else ())


async def recorded(requests: Requests, request_id: str, problem: str = "") -> Seen | None:
    """Return the last snapshot in the records, or None if there is none that can be read."""
    record = await requests.get(request_id)
    snapshot = readable(record) if record else None
    if record is None or not isinstance(snapshot, ApprovalSnapshot):
        return None
    return Seen(
        snapshot=snapshot,
        as_of=record.changed_at,
        problem=problem if snapshot.is_open else "",
    )
