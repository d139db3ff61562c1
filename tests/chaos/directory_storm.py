"""A directory storm: people, groups and channels change all the time, and requests notice what matters.

Status lines, photos of groups and foreign channels change by the hundred while requests are pending: none
of them is refreshed. In between, members leave groups, and channels are renamed, archived and replaced by
others with the same name: the removed member can no longer decide, and each card is in the channel that
has the name of the policy now.
"""

import asyncio
import random
import uuid

from temporalio.api.enums.v1 import EventType

from emulator.client import text_of
from emulator.errors import Json
from tests.chaos import ledgers
from tests.chaos.case import WAIT_TIMEOUT, CaseContext, is_decidable
from tests.chaos.requests import compare_requests, decide, stale_copies
from tests.chaos.trial import Size, Trial, TrialContext, crowd
from tests.journeys.workspace import ANA

ROUNDS = 3
"""How often each person of the crowd edits their status."""
DIRECTORY_METHODS = ("users.info", "users.list", "usergroups.list", "users.profile.get")
END_TIMEOUT = 90.0
ACCEPTED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED


async def run(context: TrialContext) -> None:
    """Start requests, change the directory under them, and check who noticed."""
    cases = [
        CaseContext(context=context, number=number, rng=random.Random(context.rng.random()))  # noqa: S311
        for number in range(context.size.requests)
    ]
    requests = [await _pending(case) for case in cases]
    mark = await context.workspace.slack.journal_mark()
    await _edits_without_meaning(context)
    context.report.lost += await _calls(context, mark)
    async with asyncio.TaskGroup() as storm:
        storm.create_task(_edits_without_meaning(context))
        moved = [storm.create_task(_move(case)) for case in cases]
        for case, request in zip(cases, requests, strict=True):
            storm.create_task(_leave(case, request))
    everything = [*requests, *(request for task in moved for request in task.result())]
    await ledgers.ended(context, everything, END_TIMEOUT)
    await compare_requests(context, everything)
    context.report.stale += await stale_copies(context, dict.fromkeys(requests, ()))
    for request in requests:
        if (refreshes := await _refreshes(context, request)) > 1:
            context.report.doubled.append(
                f"{request} was refreshed {refreshes} times for one change"
            )


async def _pending(case: CaseContext) -> str:
    await case.fill_group(*case.people)
    request = await case.start_request(case.group)
    await case.card(request, decidable=True)
    return request


async def _edits_without_meaning(context: TrialContext) -> None:
    """Edit statuses, a group and channels that no request depends on, and wait for the bots' acks."""
    slack, mark = context.workspace.slack, await context.workspace.slack.journal_mark()
    people = [*crowd(context.size.people), *(f"U0{name}" for name in ("BORIS", "CLARA", "FAY"))]
    edits = 0
    for number in range(ROUNDS):
        for person in people:
            status = f"In meeting {number}"
            await slack.people("user_change", user={"id": person, "status_text": status})
            edits += 1
        other = f"C{uuid.uuid4().hex[:8].upper()}"
        await slack.channels(other, "create", name=f"other-{other.lower()}")
        await slack.channels(other, "rename", name=f"more-{other.lower()}")
        await slack.channels(other, "archive")
    context.report.faults += edits
    acks: list[Json] = []
    while len(acks) < edits:
        last = acks[-1]["n"] if acks else mark
        await slack.wait_for_journal(
            after=last, kind="ack", what="user_change", timeout=WAIT_TIMEOUT
        )
        acks += await slack.journal(last, kind="ack", what="user_change")


async def _calls(context: TrialContext, mark: int) -> list[str]:
    """Return a sentence if edits without meaning made a process read the directory."""
    made = [
        call["method"]
        for method in DIRECTORY_METHODS
        for call in await context.workspace.slack.journal(mark, kind="api", method=method)
    ]
    return [f"edits without meaning cost {len(made)} calls: {set(made)}"] if made else []


async def _leave(case: CaseContext, request: str) -> None:
    """One of two approvers leaves the group: the card says so, their click is refused."""
    leaver, stays = case.people
    card = await case.card(request, decidable=True)
    await case.fill_group(stays)

    def names_only_the_other(message: Json) -> bool:
        text = text_of(message)
        return request in text and is_decidable(message) and f"<@{leaver}>" not in text

    await case.slack.wait_for_message(case.channel, ANA, names_only_the_other, timeout=WAIT_TIMEOUT)
    await case.press(leaver, card)
    await decide(case.context, request, stays)
    facts = await case.context.workspace.facts(request)
    if leaver in {fact.actor.person for fact in facts}:
        case.context.report.lost.append(f"{leaver} left the group and decided on {request}")


async def _move(case: CaseContext) -> list[str]:
    """Rename the case's channel, then archive its successor: each card goes to the current bearer."""
    slack, name = case.slack, f"case{case.number}"
    requests: list[str] = []
    await slack.channels(case.channel, "rename", name=f"{name}-{uuid.uuid4().hex[:8]}")
    for _ in range(2):
        bearer = f"C{uuid.uuid4().hex[:8].upper()}"
        mark = await slack.journal_mark()
        await slack.channels(bearer, "create", name=name)
        await slack.wait_for_journal(
            after=mark, kind="ack", what="channel_created", timeout=WAIT_TIMEOUT
        )
        request = await case.start_request(channel=f"#{name}")
        await case.card(request, at=bearer, decidable=True)
        await decide(case.context, request, case.people[1])
        await case.card(request, "Approved", at=bearer, decidable=False)
        requests.append(request)
        await slack.channels(bearer, "archive")
    return requests


async def _refreshes(context: TrialContext, request: str) -> int:
    """Count the updates that made a request look up its approvers again."""
    history = await context.temporal.get_workflow_handle(request).fetch_history()
    updates = (
        event.workflow_execution_update_accepted_event_attributes.accepted_request.input.name
        for event in history.events
        if event.event_type == ACCEPTED
    )
    return sum(name == "refresh" for name in updates)


TRIAL = Trial(
    name="directory-storm",
    run=run,
    short=Size(requests=3, people=20),
    long=Size(requests=10, people=150),
)
