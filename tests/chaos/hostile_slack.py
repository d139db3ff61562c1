"""Hostile Slack: whatever it does to us, it ends in words on the card or with the admins, never in silence.

Storms of 429, 500s and hangs, a card deleted, an archived channel, the bot thrown out of it (and of
the admins' channel), a group emptied, an approver deactivated: each case is one request in a
channel of its own, and all play side by side. A human then mends what was broken, and it goes on.

What a person must mend is tried again every 30 s, then every 5 minutes. The short size does not
wait for that; with time skipping it is tested in tests/workflows/test_publishing.py (after the bot
was invited) and test_telling.py (when the bot is invited at last), and for groups that nobody
reports as mended in test_approvers.py.
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
"""Seconds that Slack asks for: more than we would wait by ourselves after a first failure."""
UNDER_WAY = 0.1
"""Seconds after a 429 in which a call may arrive that was sent before anybody could know."""
END_TIMEOUT = 90.0

Copies = dict[str, tuple[str, ...]]
"""The requests of a case that have ended, and who has a copy of each."""
RunCase = Callable[[CaseContext], Awaitable[Copies]]


async def run(context: TrialContext) -> None:
    """Play every case so often, each in a channel of its own; look how often Slack was asked."""
    mark = await context.workspace.slack.journal_mark()
    for _ in range(context.size.requests):
        cases = [
            CaseContext(context=context, number=number, dice=random.Random(context.dice.random()))  # noqa: S311
            for number in range(len(CASES))
        ]
        ended = await asyncio.gather(*map(_play, cases, CASES))
        copies: Copies = {name: people for one in ended for name, people in one.items()}
        await ledgers.ended(context, copies, END_TIMEOUT)
        await compare_requests(context, copies)
        context.report.stale += await stale_copies(context, copies)
    context.report.lost += await _early_calls(context, mark)


async def _play(case: CaseContext, run_case: RunCase) -> Copies:
    """Play one case; what people wait for in vain is silence."""
    try:
        return await run_case(case)
    except TimeoutError as error:
        case.context.report.lost.append(f"silence in {run_case.__name__}: {str(error)[:400]}")
        return {}


async def storm(case: CaseContext) -> Copies:
    """429 on the first post and the first edit: the next request must not ask either."""
    slack, context, (boris, _) = case.slack, case.context, case.people
    mark = await slack.journal_mark()
    await _limit(case, "chat.postMessage")
    first = await case.ask()
    await slack.wait_for_journal(after=mark, kind="api", method="chat.postMessage", status="429")
    second = await case.ask()
    for one in (first, second):
        await case.card(one, decidable=True)
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
    """500s and a hang, on a post and on an edit: it is done all the same, and once."""
    effects = case.dice.sample(("http_500", "hang", "reply_lost"), 2)
    for method, effect in zip(("chat.postMessage", "chat.update"), effects, strict=True):
        fault = {"target": method, "effect": effect, "where": {"channel": case.channel}}
        await case.slack.faults(fault)
    request = await case.ask()
    await case.card(request, decidable=True)
    await decide(case.context, request, case.people[0])
    return {request: ()}


async def deleted(case: CaseContext) -> Copies:
    """A human deletes the card in its channel and one in a conversation: it stands there again."""
    boris, clara = case.people
    request = await case.ask(notify=Notify.DM, quorum=2)
    card = await case.card(request, decidable=True)
    mine, other = [await case.card(request, at=f"D{one}", decidable=True) for one in (boris, clara)]
    await case.slack.delete_message(case.channel, card["ts"])
    await case.slack.delete_message(f"D{clara}", other["ts"])
    await case.press(boris, mine, at=f"D{boris}")
    await case.card(request, not_ts=card["ts"], decidable=True)
    anew = await case.card(request, at=f"D{clara}", not_ts=other["ts"], decidable=True)
    await case.press(clara, anew, at=f"D{clara}")
    return {request: (boris, clara)}


async def archived(case: CaseContext) -> Copies:
    """The channel is archived under an open request: who asked and the admins hear of it."""
    request = await case.ask()
    await case.card(request, decidable=True)
    await case.slack.channels(case.channel, "archive")
    await decide(case.context, request, case.people[0])
    for at in (f"D{ANA}", case.admins):
        await case.told(at, request, "couldn't be updated")
    await case.slack.channels(case.channel, "unarchive")
    return _in_the_end(case, request)


async def bot_removed(case: CaseContext) -> Copies:
    """The bot is in neither channel: the admins hear of it directly."""
    for channel in (case.channel, case.admins):
        await case.slack.channels(channel, "remove_bot")
    request = await case.ask()
    for person in (ANA, ADMIN):
        await case.told(f"D{person}", request, "couldn't be posted")
    for channel in (case.channel, case.admins):
        await case.slack.channels(channel, "add_bot")
    await decide(case.context, request, case.people[0])
    return _in_the_end(case, request)


def _in_the_end(case: CaseContext, request: str) -> Copies:
    """Return a request that goes on within half a minute: the short size is over by then."""
    return {request: ()} if case.context.size == TRIAL.long else {}


async def emptied(case: CaseContext) -> Copies:
    """The group is emptied under an open request, and filled again: the card says both."""
    await case.fill_group(*case.people)
    request = await case.ask(case.group)
    await case.card(request, decidable=True)
    await case.fill_group()
    await case.card(request, BLOCKED, decidable=False)
    await case.told(case.admins, request, "No one can decide")
    await case.fill_group(case.people[1])
    await case.press(case.people[1], await case.card(request, decidable=True))
    return {request: ()}


async def empty(case: CaseContext) -> Copies:
    """The group is empty from the start and the admins' channel archived: they hear it directly."""
    await case.fill_group()
    await case.slack.channels(case.admins, "archive")
    request = await case.ask(case.group)
    await case.card(request, BLOCKED, decidable=False)
    await case.told(f"D{ADMIN}", request, "No one can decide")
    await case.slack.channels(case.admins, "unarchive")
    await case.fill_group(*case.people)
    await case.press(case.people[0], await case.card(request, decidable=True))
    return {request: ()}


async def deactivated(case: CaseContext) -> Copies:
    """The only approver is deactivated, and comes back."""
    boris, _ = case.people
    request = await case.ask(user(boris))
    await case.card(request, decidable=True)
    state = await case.slack.state()
    channels = [one["id"] for one in state["channels"] if boris in one["members"]]
    await case.slack.people("user_change", user={"id": boris, "deleted": True})
    await _blocked(case, request)
    await case.slack.people("user_change", user={"id": boris, "deleted": False})
    for channel in channels:  # Slack has taken them out of each
        if not channel.startswith("D"):
            await case.slack.channels(channel, "add", user=boris)
    await case.card(request, decidable=True)
    await decide(case.context, request, boris)
    return {request: ()}


async def _blocked(case: CaseContext, request: str) -> None:
    # Somebody who was deactivated sees nothing: whoever asked looks at the channel.
    await case.slack.wait_for_message(
        case.channel, ANA, lambda one: request in text_of(one) and BLOCKED in text_of(one)
    )
    await case.told(case.admins, request, "No one can decide")


async def unread(case: CaseContext) -> Copies:
    """Slack does not say who is in the group: the card says so, until Slack answers again."""
    await case.fill_group(*case.people)
    fault = {"target": "usergroups.users.list", "effect": "ratelimited", "times": 2}
    where = {"usergroup": case.group.value}
    await case.slack.faults({**fault, "retry_after": RETRY_AFTER, "where": where})
    request = await case.ask(case.group)
    await case.card(request, BLOCKED, decidable=False)
    await case.card(request, decidable=True)
    await decide(case.context, request, case.people[0])
    return {request: ()}


CASES: tuple[RunCase, ...] = (
    *(storm, failures, deleted, archived, bot_removed),
    *(emptied, empty, deactivated, unread),
)


async def _early_calls(context: TrialContext, mark: int) -> list[str]:
    """Return a sentence for each call that came before Slack's Retry-After was over."""
    slack, found = context.workspace.slack, []
    limited = await slack.journal(mark, kind="api", status="429")
    if not limited:
        found.append("Slack has limited nothing: this has tested nothing")
    for told in limited:
        later = await slack.journal(told["n"], kind="api", method=told["method"])
        begun = [_began(one) - told["at"] for one in later if _place(one) == _place(told)]
        early = [f"{after:.2f} s" for after in begun if UNDER_WAY < after < RETRY_AFTER]
        if early:
            found.append(f"{told['method']} was called {', '.join(early)} after its 429")
    return found


def _began(entry: Json) -> float:
    return float(entry["at"]) - float(entry["latency_ms"]) / 1000


def _place(entry: Json) -> str:
    """Return what Slack's limit is about: a channel for posts, else the whole method."""
    return str(entry["arguments"].get("channel")) if entry["method"] == "chat.postMessage" else ""


TRIAL = Trial(
    name="hostile-slack",
    run=run,
    short=Size(requests=1),
    long=Size(requests=3),
)
