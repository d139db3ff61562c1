"""One card: posts whose answer is lost, posts that appear late, a worker killed right after a post.

Slack has no way to post at most once: what may have been posted is looked for, then adopted or
deleted. While things break there may be two cards for a while; once the next publish has run there
is one, in the channel and in each direct message, and everything that people are told, once.

Seen failing without `CardActivities._settle_doubt` (two and three cards) and without
`NoticeActivities._stands_already` (a notice told twice).
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress

from bot.policies.file import load
from emulator.errors import Json
from tests.chaos import ledgers
from tests.chaos.requests import ask, compare_requests, copies_of, stale_copies
from tests.chaos.trial import POLICIES, Size, Trial, TrialContext
from tests.journeys.programs import until
from tests.journeys.workspace import APPROVALS, has_buttons
from workflows.rules.approvals.request import Verdict

POST = "chat.postMessage"
LOST = 0.3
"""The share of all posts that are done, and whose answer is lost."""
LATE = {1.0: 0.05, 3.0: 0.05, 6.0: 0.05}
"""Seconds after which a card appears that seemed to have failed, and the share of such posts: before
it is looked for (after two seconds), and when another stands there already."""
ALL_LATE = 10.0
COPIES = load(POLICIES).policy("copies")
APPROVERS = ("U0BORIS", "U0CLARA", "U0DINA", "U0EMIL")
"""Who has a copy of what that policy asks for."""
QUORUM = 3
POSTS = 4
"""A kill falls on one of the first so many posts that a few new requests cause."""
QUIET = 3.0
"""Seconds after which nobody waits any longer for a post to kill at."""
UNLIMITED = 1_000_000
END_TIMEOUT = 90.0


async def run(context: TrialContext) -> None:
    """Ask while posts go wrong and the worker dies; have everybody decide; count what stands."""
    slack = context.workspace.slack
    known = set(_keys(await slack.state()))
    await slack.faults(*_faults(context))
    orders, asked = await _ask_and_kill(context)
    cards = dict.fromkeys(orders, ()) | dict.fromkeys(asked, APPROVERS)
    await _all_cards_posted(context, cards)
    await slack.clear_faults()
    await slack.advance(ALL_LATE)
    await _all_decide(context, orders, asked)
    await ledgers.ended(context, [*orders, *asked], END_TIMEOUT)
    await _compare(context, cards, known)
    await ledgers.compare_orders(context, orders)
    await compare_requests(context, asked)


def _faults(context: TrialContext) -> list[Json]:
    """Return what goes wrong; a notice in the thread of a card, or to one person, is never late."""
    in_channel = {"channel": APPROVALS, "thread_ts": None}
    plans: list[Json] = [
        {"effect": "late", "seconds": seconds, "probability": share, "where": in_channel}
        for seconds, share in LATE.items()
    ]
    plans.append({"effect": "reply_lost", "probability": LOST})
    seeds = (context.dice.randrange(UNLIMITED) for _ in plans)
    return [
        {"target": POST, "times": UNLIMITED, "seed": seed, **plan}
        for seed, plan in zip(seeds, plans, strict=True)
    ]


async def _ask_and_kill(context: TrialContext) -> tuple[list[str], list[str]]:
    """Ask, a few at a time, and kill the worker while their cards are posted; return the ids."""
    orders: list[str] = []
    asked: list[str] = []
    few = context.size.requests // context.size.kills
    for _ in range(context.size.kills):
        dying = asyncio.create_task(_kill_after_a_post(context))
        asked.append(await ask(context, COPIES))
        orders += await context.orders(["1500.00"] * (few - 1))
        await dying
    return orders, asked


async def _kill_after_a_post(context: TrialContext) -> None:
    """Kill the worker the instant that Slack has done one of the next posts; start it again."""
    slack = context.workspace.slack
    mark = await slack.journal_mark()
    with suppress(TimeoutError):  # too few: now is as good
        for _ in range(context.dice.randint(1, POSTS)):
            post = await slack.wait_for_journal(after=mark, kind="api", method=POST, timeout=QUIET)
            mark = post["n"]
    await context.kill("worker")
    await context.installation.start("worker")


async def _all_cards_posted(context: TrialContext, cards: Mapping[str, Iterable[str]]) -> None:
    """Wait until each card stands in its channel and in each direct message, twice or not."""

    async def missing() -> list[str]:
        state = await context.workspace.slack.state()
        return [
            f"{name} has no card in {channel}"
            for name, people in cards.items()
            for channel in (APPROVALS, *(f"D{person}" for person in people))
            if not any(map(has_buttons, copies_of(state, name).get(channel, [])))
        ]

    async def all_posted() -> bool | None:
        return None if await missing() else True

    try:
        await until(all_posted, END_TIMEOUT)
    except TimeoutError:
        context.report.lost += await missing()


async def _all_decide(context: TrialContext, orders: list[str], asked: list[str]) -> None:
    """Have each card decided on where somebody sees it; where two stand, on any of them."""
    state = await context.workspace.slack.state()

    async def press(name: str, channel: str, person: str) -> None:
        standing = [one for one in copies_of(state, name).get(channel, []) if has_buttons(one)]
        if standing:
            card = context.dice.choice(standing)
            await context.press(person, card, Verdict.APPROVE, channel=channel)

    for order_id in orders:
        await press(order_id, APPROVALS, context.dice.choice(context.crowd))
    for request_id in asked:
        for person in context.dice.sample(APPROVERS, QUORUM):
            await press(request_id, f"D{person}", person)


async def _compare(
    context: TrialContext, cards: Mapping[str, tuple[str, ...]], known: Iterable[str]
) -> None:
    """Check that everything stands once, and that each copy shows the last state."""
    state = await context.workspace.slack.state()
    for name in cards:
        for channel, copies in copies_of(state, name).items():
            if len(copies) > 1:
                context.report.doubled.append(f"{name} has {len(copies)} cards in {channel}")
    for key, times in Counter(_keys(state)).items():
        if times > 1 and key not in known:
            context.report.doubled.append(f"the message {key} stands {times} times")
    context.report.stale += await stale_copies(context, cards)


def _keys(state: Json) -> list[str]:
    """Return the key of every message of ours, cards and notices, in channels, threads and directly."""
    return [
        message["metadata"]["event_payload"]["key"]
        for messages in state["messages"].values()
        for message in messages
        if message.get("metadata")
    ]


TRIAL = Trial(
    name="one-card",
    run=run,
    short=Size(requests=6, people=6, kills=1),
    long=Size(requests=60, people=60, kills=15),
)
