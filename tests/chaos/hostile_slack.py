"""Hostile Slack: every failure leads to a visible message on the card or to the admins.

429 storms, 500s and hangs, a deleted card, an archived channel, the bot removed from it (and from the
admin channel), an emptied group, a deactivated approver: each case is one request in its own channel, and
all cases run concurrently. A person then fixes the cause, and the request continues.

A failure that a person must fix is retried every 30 s, later every 5 minutes. The short size does not
wait for that. It is tested with time skipping in tests/workflows: test_publishing.py and
test_notifications.py (after the bot was invited), and test_approvers.py (a group whose repair Slack does
not report).
"""

import asyncio
import random
from collections.abc import Awaitable, Callable

from emulator.client import text_of
from emulator.errors import Json
from tests.chaos import ledgers
from tests.chaos.case import ADMIN, BLOCKED, CaseContext, user
from tests.chaos.requests import compare_requests, decide, stale_copies
from tests.chaos.trial import Size, Trial, TrialContext
from tests.journeys.workspace import ANA
from workflows.rules.approvals.policy import Notify

RETRY_AFTER = 3
"""Slack's Retry-After in seconds: longer than the worker's own pause after a first failure."""
IN_FLIGHT = 0.1
"""Seconds after a 429 within which a call may arrive that was sent before the 429."""
END_TIMEOUT = 90.0

Copies = dict[str, tuple[str, ...]]
"""The requests of a case that must end, and the people who have a copy of each."""
RunCase = Callable[[CaseContext], Awaitable[Copies]]


async def run(context: TrialContext) -> None:
    """Run every case, each in its own channel, as often as the size says; check that Retry-After was obeyed."""
    mark = await context.workspace.slack.journal_mark()
    for _ in range(context.size.requests):
        cases = [
            CaseContext(context=context, number=number, rng=random.Random(context.rng.random()))  # noqa: S311
            for number in range(len(CASES))
        ]
        ended = await asyncio.gather(*map(_run_case, cases, CASES))
        copies: Copies = {
            name: people for copies_of_case in ended for name, people in copies_of_case.items()
        }
        await ledgers.ended(context, copies, END_TIMEOUT)
        await compare_requests(context, copies)
        context.report.stale += await stale_copies(context, copies)
    context.report.lost += await _early_calls(context, mark)


async def _run_case(case: CaseContext, run_case: RunCase) -> Copies:
    """Run one case. A message that never appears is reported as lost."""
    try:
        return await run_case(case)
    except TimeoutError as error:
        case.context.report.lost.append(f"no message in {run_case.__name__}: {str(error)[:400]}")
        return {}


async def storm(case: CaseContext) -> Copies:
    """429 on the first post and the first edit: the next request must not call Slack early either."""
    slack, context, (boris, _) = case.slack, case.context, case.people
    mark = await slack.journal_mark()
    await _limit(case, "chat.postMessage")
    first = await case.start_request()
    await slack.wait_for_journal(after=mark, kind="api", method="chat.postMessage", status="429")
    second = await case.start_request()
    for request_id in (first, second):
        await case.card(request_id, decidable=True)
    mark = await slack.journal_mark()
    await _limit(case, "chat.update")
    await decide(context, first, boris)
    await slack.wait_for_journal(after=mark, kind="api", method="chat.update", status="429")
    await decide(context, second, boris)
    return {first: (), second: ()}


async def _limit(case: CaseContext, method: str) -> None:
    fault = {"target": method, "effect": "ratelimited", "retry_after": RETRY_AFTER}
    await case.slack.faults({**fault, "where": {"channel": case.channel}})


async def failures(case: CaseContext) -> Copies:
    """A 500, a hang or a lost reply on a post and on an edit: both still happen exactly once."""
    effects = case.rng.sample(("http_500", "hang", "reply_lost"), 2)
    for method, effect in zip(("chat.postMessage", "chat.update"), effects, strict=True):
        fault = {"target": method, "effect": effect, "where": {"channel": case.channel}}
        await case.slack.faults(fault)
    request = await case.start_request()
    await case.card(request, decidable=True)
    await decide(case.context, request, case.people[0])
    return {request: ()}


async def deleted(case: CaseContext) -> Copies:
    """A person deletes the card in its channel and one in a direct message: both are posted again."""
    boris, clara = case.people
    request = await case.start_request(notify=Notify.DM, quorum=2)
    card = await case.card(request, decidable=True)
    boris_card, clara_card = [
        await case.card(request, at=f"D{person}", decidable=True) for person in (boris, clara)
    ]
    await case.slack.delete_message(case.channel, card["ts"])
    await case.slack.delete_message(f"D{clara}", clara_card["ts"])
    await case.press(boris, boris_card, at=f"D{boris}")
    await case.card(request, not_ts=card["ts"], decidable=True)
    reposted = await case.card(request, at=f"D{clara}", not_ts=clara_card["ts"], decidable=True)
    await case.press(clara, reposted, at=f"D{clara}")
    return {request: (boris, clara)}


async def archived(case: CaseContext) -> Copies:
    """The channel of a pending request is archived: the requester and the admins are notified."""
    request = await case.start_request()
    await case.card(request, decidable=True)
    await case.slack.channels(case.channel, "archive")
    await decide(case.context, request, case.people[0])
    for at in (f"D{ANA}", case.admins):
        await case.notice(at, request, "couldn't be updated")
    await case.slack.channels(case.channel, "unarchive")
    return _if_long(case, request)


async def bot_removed(case: CaseContext) -> Copies:
    """The bot is in neither channel: the admins are notified by direct message."""
    for channel in (case.channel, case.admins):
        await case.slack.channels(channel, "remove_bot")
    request = await case.start_request()
    for person in (ANA, ADMIN):
        await case.notice(f"D{person}", request, "couldn't be posted")
    for channel in (case.channel, case.admins):
        await case.slack.channels(channel, "add_bot")
    await decide(case.context, request, case.people[0])
    return _if_long(case, request)


def _if_long(case: CaseContext, request: str) -> Copies:
    """Return the request if the size is long: it continues within half a minute, after the short size ends."""
    return {request: ()} if case.context.size == TRIAL.long else {}


async def emptied(case: CaseContext) -> Copies:
    """The group of a pending request is emptied and filled again: the card shows both."""
    await case.fill_group(*case.people)
    request = await case.start_request(case.group)
    await case.card(request, decidable=True)
    await case.fill_group()
    await case.card(request, BLOCKED, decidable=False)
    await case.notice(case.admins, request, "No one can decide")
    await case.fill_group(case.people[1])
    await case.press(case.people[1], await case.card(request, decidable=True))
    return {request: ()}


async def empty(case: CaseContext) -> Copies:
    """The group is empty at the start and the admin channel archived: the admins get a direct message."""
    await case.fill_group()
    await case.slack.channels(case.admins, "archive")
    request = await case.start_request(case.group)
    await case.card(request, BLOCKED, decidable=False)
    await case.notice(f"D{ADMIN}", request, "No one can decide")
    await case.slack.channels(case.admins, "unarchive")
    await case.fill_group(*case.people)
    await case.press(case.people[0], await case.card(request, decidable=True))
    return {request: ()}


async def deactivated(case: CaseContext) -> Copies:
    """The only approver is deactivated and later reactivated."""
    boris, _ = case.people
    request = await case.start_request(user(boris))
    await case.card(request, decidable=True)
    state = await case.slack.state()
    channels = [channel["id"] for channel in state["channels"] if boris in channel["members"]]
    await case.slack.people("user_change", user={"id": boris, "deleted": True})
    await _blocked(case, request)
    await case.slack.people("user_change", user={"id": boris, "deleted": False})
    for channel in channels:  # Slack has removed them from each
        if not channel.startswith("D"):
            await case.slack.channels(channel, "add", user=boris)
    await case.card(request, decidable=True)
    await decide(case.context, request, boris)
    return {request: ()}


async def _blocked(case: CaseContext, request: str) -> None:
    # The deactivated approver sees nothing, so read the channel as the requester.
    await case.slack.wait_for_message(
        case.channel,
        ANA,
        lambda message: request in text_of(message) and BLOCKED in text_of(message),
    )
    await case.notice(case.admins, request, "No one can decide")


async def unreadable(case: CaseContext) -> Copies:
    """Slack does not return the group's members: the card reports it until Slack does."""
    await case.fill_group(*case.people)
    fault = {"target": "usergroups.users.list", "effect": "ratelimited", "times": 2}
    where = {"usergroup": case.group.value}
    await case.slack.faults({**fault, "retry_after": RETRY_AFTER, "where": where})
    request = await case.start_request(case.group)
    await case.card(request, BLOCKED, decidable=False)
    await case.card(request, decidable=True)
    await decide(case.context, request, case.people[0])
    return {request: ()}


CASES: tuple[RunCase, ...] = (
    *(storm, failures, deleted, archived, bot_removed),
    *(emptied, empty, deactivated, unreadable),
)


async def _early_calls(context: TrialContext, mark: int) -> list[str]:
    """Return a sentence for each call that came before Slack's Retry-After had passed."""
    slack, found = context.workspace.slack, []
    limited = await slack.journal(mark, kind="api", status="429")
    if not limited:
        found.append("Slack has limited no call, so this trial has tested nothing")
    for refused in limited:
        later = await slack.journal(refused["n"], kind="api", method=refused["method"])
        delays = [
            _started(call) - refused["at"] for call in later if _scope(call) == _scope(refused)
        ]
        early = [f"{after:.2f} s" for after in delays if IN_FLIGHT < after < RETRY_AFTER]
        if early:
            found.append(f"{refused['method']} was called {', '.join(early)} after its 429")
    return found


def _started(entry: Json) -> float:
    return float(entry["at"]) - float(entry["latency_ms"]) / 1000


def _scope(entry: Json) -> str:
    """Return the scope of Slack's limit: the channel for posts, otherwise the whole method ("")."""
    return str(entry["arguments"].get("channel")) if entry["method"] == "chat.postMessage" else ""


TRIAL = Trial(
    name="hostile-slack",
    run=run,
    short=Size(requests=1),
    long=Size(requests=3),
)
