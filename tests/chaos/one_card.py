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
from tests.chaos.ground import POLICIES, Ground, Size, Trial
from tests.chaos.requests import ask, compare_requests, copies_of, stale_copies
from tests.journeys.office import APPROVALS, has_buttons
from tests.journeys.programs import until
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
FOR_EVER = 1_000_000
END = 90.0


async def run(ground: Ground) -> None:
    """Ask while posts go wrong and the worker dies; have everybody decide; count what stands."""
    slack = ground.office.slack
    known = set(_keys(await slack.state()))
    await slack.faults(*_faults(ground))
    orders, asked = await _ask_and_kill(ground)
    cards = dict.fromkeys(orders, ()) | dict.fromkeys(asked, APPROVERS)
    await _all_stand(ground, cards)
    await slack.clear_faults()
    await slack.advance(ALL_LATE)
    await _everybody_decides(ground, orders, asked)
    await ledgers.ended(ground, [*orders, *asked], END)
    await _compare(ground, cards, known)
    await ledgers.compare_orders(ground, orders)
    await compare_requests(ground, asked)


def _faults(ground: Ground) -> list[Json]:
    """Return what goes wrong; a notice in the thread of a card, or to one person, is never late."""
    in_channel = {"channel": APPROVALS, "thread_ts": None}
    plans: list[Json] = [
        {"effect": "late", "seconds": seconds, "probability": share, "where": in_channel}
        for seconds, share in LATE.items()
    ]
    plans.append({"effect": "reply_lost", "probability": LOST})
    seeds = (ground.dice.randrange(FOR_EVER) for _ in plans)
    return [
        {"target": POST, "times": FOR_EVER, "seed": seed, **plan}
        for seed, plan in zip(seeds, plans, strict=True)
    ]


async def _ask_and_kill(ground: Ground) -> tuple[list[str], list[str]]:
    """Ask, a few at a time, and kill the worker while their cards are posted; return the ids."""
    orders: list[str] = []
    asked: list[str] = []
    few = ground.size.requests // ground.size.kills
    for _ in range(ground.size.kills):
        dying = asyncio.create_task(_kill_after_a_post(ground))
        asked.append(await ask(ground, COPIES))
        orders += await ground.orders(["1500.00"] * (few - 1))
        await dying
    return orders, asked


async def _kill_after_a_post(ground: Ground) -> None:
    """Kill the worker the instant that Slack has done one of the next posts; start it again."""
    slack = ground.office.slack
    mark = await slack.journal_mark()
    with suppress(TimeoutError):  # too few: now is as good
        for _ in range(ground.dice.randint(1, POSTS)):
            post = await slack.wait_for_journal(after=mark, kind="api", method=POST, timeout=QUIET)
            mark = post["n"]
    await ground.kill("worker")
    await ground.house.start("worker")


async def _all_stand(ground: Ground, cards: Mapping[str, Iterable[str]]) -> None:
    """Wait until each card stands in its channel and in each direct message, twice or not."""

    async def missing() -> list[str]:
        state = await ground.office.slack.state()
        return [
            f"{name} has no card in {channel}"
            for name, people in cards.items()
            for channel in (APPROVALS, *(f"D{person}" for person in people))
            if not any(map(has_buttons, copies_of(state, name).get(channel, [])))
        ]

    async def none_is_missing() -> bool | None:
        return None if await missing() else True

    try:
        await until(none_is_missing, END)
    except TimeoutError:
        ground.tally.lost += await missing()


async def _everybody_decides(ground: Ground, orders: list[str], asked: list[str]) -> None:
    """Have each card decided on where somebody sees it; where two stand, on any of them."""
    state = await ground.office.slack.state()

    async def press(name: str, channel: str, person: str) -> None:
        standing = [one for one in copies_of(state, name).get(channel, []) if has_buttons(one)]
        if standing:
            card = ground.dice.choice(standing)
            await ground.press(person, card, Verdict.APPROVE, channel=channel)

    for order_id in orders:
        await press(order_id, APPROVALS, ground.dice.choice(ground.crowd))
    for request_id in asked:
        for person in ground.dice.sample(APPROVERS, QUORUM):
            await press(request_id, f"D{person}", person)


async def _compare(
    ground: Ground, cards: Mapping[str, tuple[str, ...]], known: Iterable[str]
) -> None:
    """Check that everything stands once, and that each copy shows the last state."""
    state = await ground.office.slack.state()
    for name in cards:
        for channel, copies in copies_of(state, name).items():
            if len(copies) > 1:
                ground.tally.doubled.append(f"{name} has {len(copies)} cards in {channel}")
    for key, times in Counter(_keys(state)).items():
        if times > 1 and key not in known:
            ground.tally.doubled.append(f"the message {key} stands {times} times")
    ground.tally.stale += await stale_copies(ground, cards)


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
