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
from tests.chaos.ground import Ground, Size, Trial
from tests.chaos.requests import compare_requests, decide, stale_copies
from tests.chaos.scenes import ADMIN, BLOCKED, Scene, user
from tests.journeys.office import ANA
from workflows.rules.approvals.policy import Notify

RETRY_AFTER = 3
"""Seconds that Slack asks for: more than we would wait by ourselves after a first failure."""
UNDER_WAY = 0.1
"""Seconds after a 429 in which a call may arrive that was sent before anybody could know."""
END = 90.0

Copies = dict[str, tuple[str, ...]]
"""The requests of a case that have ended, and who has a copy of each."""
Case = Callable[[Scene], Awaitable[Copies]]


async def run(ground: Ground) -> None:
    """Play every case so often, each in a channel of its own; look how often Slack was asked."""
    mark = await ground.office.slack.journal_mark()
    for _ in range(ground.size.requests):
        scenes = [
            Scene(ground=ground, number=number, dice=random.Random(ground.dice.random()))  # noqa: S311
            for number in range(len(CASES))
        ]
        ended = await asyncio.gather(*map(_play, scenes, CASES))
        copies: Copies = {name: people for one in ended for name, people in one.items()}
        await ledgers.ended(ground, copies, END)
        await compare_requests(ground, copies)
        ground.tally.stale += await stale_copies(ground, copies)
    ground.tally.lost += await _impatient_calls(ground, mark)


async def _play(scene: Scene, case: Case) -> Copies:
    """Play one case; what people wait for in vain is silence."""
    try:
        return await case(scene)
    except TimeoutError as error:
        scene.ground.tally.lost.append(f"silence in {case.__name__}: {str(error)[:400]}")
        return {}


async def storm(scene: Scene) -> Copies:
    """429 on the first post and the first edit: the next request must not ask either."""
    slack, ground, (boris, _) = scene.slack, scene.ground, scene.people
    mark = await slack.journal_mark()
    await _limit(scene, "chat.postMessage")
    first = await scene.ask()
    await slack.wait_for_journal(after=mark, kind="api", method="chat.postMessage", status="429")
    second = await scene.ask()
    for one in (first, second):
        await scene.card(one, decidable=True)
    mark = await slack.journal_mark()
    await _limit(scene, "chat.update")
    await decide(ground, first, boris)
    await slack.wait_for_journal(after=mark, kind="api", method="chat.update", status="429")
    await decide(ground, second, boris)
    return {first: (), second: ()}


async def _limit(scene: Scene, method: str) -> None:
    fault = {"target": method, "effect": "ratelimited", "retry_after": RETRY_AFTER}
    await scene.slack.faults({**fault, "where": {"channel": scene.channel}})


async def failures(scene: Scene) -> Copies:
    """500s and a hang, on a post and on an edit: it is done all the same, and once."""
    effects = scene.dice.sample(("http_500", "hang", "reply_lost"), 2)
    for method, effect in zip(("chat.postMessage", "chat.update"), effects, strict=True):
        fault = {"target": method, "effect": effect, "where": {"channel": scene.channel}}
        await scene.slack.faults(fault)
    request = await scene.ask()
    await scene.card(request, decidable=True)
    await decide(scene.ground, request, scene.people[0])
    return {request: ()}


async def deleted(scene: Scene) -> Copies:
    """A human deletes the card in its channel and one in a conversation: it stands there again."""
    boris, clara = scene.people
    request = await scene.ask(notify=Notify.DM, quorum=2)
    card = await scene.card(request, decidable=True)
    mine, other = [
        await scene.card(request, at=f"D{one}", decidable=True) for one in (boris, clara)
    ]
    await scene.slack.delete_message(scene.channel, card["ts"])
    await scene.slack.delete_message(f"D{clara}", other["ts"])
    await scene.press(boris, mine, at=f"D{boris}")
    await scene.card(request, not_ts=card["ts"], decidable=True)
    anew = await scene.card(request, at=f"D{clara}", not_ts=other["ts"], decidable=True)
    await scene.press(clara, anew, at=f"D{clara}")
    return {request: (boris, clara)}


async def archived(scene: Scene) -> Copies:
    """The channel is archived under an open request: who asked and the admins hear of it."""
    request = await scene.ask()
    await scene.card(request, decidable=True)
    await scene.slack.channels(scene.channel, "archive")
    await decide(scene.ground, request, scene.people[0])
    for at in (f"D{ANA}", scene.admins):
        await scene.told(at, request, "couldn't be updated")
    await scene.slack.channels(scene.channel, "unarchive")
    return _in_the_end(scene, request)


async def thrown_out(scene: Scene) -> Copies:
    """The bot is in neither channel: the admins hear of it directly."""
    for channel in (scene.channel, scene.admins):
        await scene.slack.channels(channel, "remove_bot")
    request = await scene.ask()
    for person in (ANA, ADMIN):
        await scene.told(f"D{person}", request, "couldn't be posted")
    for channel in (scene.channel, scene.admins):
        await scene.slack.channels(channel, "add_bot")
    await decide(scene.ground, request, scene.people[0])
    return _in_the_end(scene, request)


def _in_the_end(scene: Scene, request: str) -> Copies:
    """Return a request that goes on within half a minute: the short size is over by then."""
    return {request: ()} if scene.ground.size == TRIAL.long else {}


async def emptied(scene: Scene) -> Copies:
    """The group is emptied under an open request, and filled again: the card says both."""
    await scene.fill_group(*scene.people)
    request = await scene.ask(scene.group)
    await scene.card(request, decidable=True)
    await scene.fill_group()
    await scene.card(request, BLOCKED, decidable=False)
    await scene.told(scene.admins, request, "No one can decide")
    await scene.fill_group(scene.people[1])
    await scene.press(scene.people[1], await scene.card(request, decidable=True))
    return {request: ()}


async def empty(scene: Scene) -> Copies:
    """The group is empty from the start and the admins' channel archived: they hear it directly."""
    await scene.fill_group()
    await scene.slack.channels(scene.admins, "archive")
    request = await scene.ask(scene.group)
    await scene.card(request, BLOCKED, decidable=False)
    await scene.told(f"D{ADMIN}", request, "No one can decide")
    await scene.slack.channels(scene.admins, "unarchive")
    await scene.fill_group(*scene.people)
    await scene.press(scene.people[0], await scene.card(request, decidable=True))
    return {request: ()}


async def deactivated(scene: Scene) -> Copies:
    """The only approver is deactivated, and comes back."""
    boris, _ = scene.people
    request = await scene.ask(user(boris))
    await scene.card(request, decidable=True)
    state = await scene.slack.state()
    channels = [one["id"] for one in state["channels"] if boris in one["members"]]
    await scene.slack.people("user_change", user={"id": boris, "deleted": True})
    await _blocked(scene, request)
    await scene.slack.people("user_change", user={"id": boris, "deleted": False})
    for channel in channels:  # Slack has taken them out of each
        if not channel.startswith("D"):
            await scene.slack.channels(channel, "add", user=boris)
    await scene.card(request, decidable=True)
    await decide(scene.ground, request, boris)
    return {request: ()}


async def _blocked(scene: Scene, request: str) -> None:
    # Somebody who was deactivated sees nothing: whoever asked looks at the channel.
    await scene.slack.wait_for_message(
        scene.channel, ANA, lambda one: request in text_of(one) and BLOCKED in text_of(one)
    )
    await scene.told(scene.admins, request, "No one can decide")


async def unread(scene: Scene) -> Copies:
    """Slack does not say who is in the group: the card says so, until Slack answers again."""
    await scene.fill_group(*scene.people)
    fault = {"target": "usergroups.users.list", "effect": "ratelimited", "times": 2}
    where = {"usergroup": scene.group.value}
    await scene.slack.faults({**fault, "retry_after": RETRY_AFTER, "where": where})
    request = await scene.ask(scene.group)
    await scene.card(request, BLOCKED, decidable=False)
    await scene.card(request, decidable=True)
    await decide(scene.ground, request, scene.people[0])
    return {request: ()}


CASES: tuple[Case, ...] = (
    *(storm, failures, deleted, archived, thrown_out),
    *(emptied, empty, deactivated, unread),
)


async def _impatient_calls(ground: Ground, mark: int) -> list[str]:
    """Return a sentence for each call that came before Slack's Retry-After was over."""
    slack, found = ground.office.slack, []
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
