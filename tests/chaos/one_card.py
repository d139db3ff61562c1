"""One card: posts whose response is lost, posts that appear late, a worker killed right after a post.

Slack has no way to post at most once. After an unknown outcome the worker searches for the message,
and adopts or deletes it. There may be two cards for a while; after the next publish there is exactly
one in the channel and in each direct message, and every notice was sent once.

This trial fails if the worker does not search for a card (two and three cards) or for a notice (sent
twice) after an unknown outcome.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress

from bot.policies.file import load
from emulator.errors import Json
from tests.chaos import ledgers
from tests.chaos.requests import compare_requests, copies_of, stale_copies, start_request
from tests.chaos.trial import POLICIES, Size, Trial, TrialContext
from tests.journeys.programs import until
from tests.journeys.workspace import APPROVALS, has_buttons
from workflows.rules.approvals.request import Verdict

POST = "chat.postMessage"
LOST = 0.3
"""The share of posts that are delivered but whose response is lost."""
LATE = {1.0: 0.05, 3.0: 0.05, 6.0: 0.05}
"""Seconds after which a card appears although its post failed, and the share of such posts: before the
worker searches for it (after two seconds), and after another card was posted."""
ALL_LATE = 10.0
COPIES = load(POLICIES).policy("copies")
APPROVERS = ("U0BORIS", "U0CLARA", "U0DINA", "U0EMIL")
"""The people who get a copy of a request under that policy."""
QUORUM = 3
POSTS = 4
"""Each kill happens at one of this many first posts of a few new requests."""
QUIET = 3.0
"""Seconds to wait for a post before killing without one."""
UNLIMITED = 1_000_000
END_TIMEOUT = 90.0


async def run(context: TrialContext) -> None:
    """Start requests while posts fail and the worker dies; have all decided; count the cards."""
    slack = context.workspace.slack
    earlier = set(_keys(await slack.state()))
    await slack.faults(*_faults(context))
    orders, request_ids = await _start_and_kill(context)
    cards = dict.fromkeys(orders, ()) | dict.fromkeys(request_ids, APPROVERS)
    await _all_cards_posted(context, cards)
    await slack.clear_faults()
    await slack.advance(ALL_LATE)
    await _all_decide(context, orders, request_ids)
    await ledgers.ended(context, [*orders, *request_ids], END_TIMEOUT)
    await _compare(context, cards, earlier)
    await ledgers.compare_orders(context, orders)
    await compare_requests(context, request_ids)


def _faults(context: TrialContext) -> list[Json]:
    """Return the faults. Notices in a thread or to one person are never late."""
    in_channel = {"channel": APPROVALS, "thread_ts": None}
    plans: list[Json] = [
        {"effect": "late", "seconds": seconds, "probability": share, "where": in_channel}
        for seconds, share in LATE.items()
    ]
    plans.append({"effect": "reply_lost", "probability": LOST})
    seeds = (context.rng.randrange(UNLIMITED) for _ in plans)
    return [
        {"target": POST, "times": UNLIMITED, "seed": seed, **plan}
        for seed, plan in zip(seeds, plans, strict=True)
    ]


async def _start_and_kill(context: TrialContext) -> tuple[list[str], list[str]]:
    """Start a few requests at a time and kill the worker while their cards are posted; return the ids."""
    orders: list[str] = []
    request_ids: list[str] = []
    per_kill = context.size.requests // context.size.kills
    for _ in range(context.size.kills):
        killing = asyncio.create_task(_kill_after_a_post(context))
        request_ids.append(await start_request(context, COPIES))
        orders += await context.orders(["1500.00"] * (per_kill - 1))
        await killing
    return orders, request_ids


async def _kill_after_a_post(context: TrialContext) -> None:
    """Kill the worker the instant Slack has accepted one of the next posts; start it again."""
    slack = context.workspace.slack
    mark = await slack.journal_mark()
    with suppress(TimeoutError):  # too few posts: kill now
        for _ in range(context.rng.randint(1, POSTS)):
            post = await slack.wait_for_journal(after=mark, kind="api", method=POST, timeout=QUIET)
            mark = post["n"]
    await context.kill("worker")
    await context.installation.start("worker")


async def _all_cards_posted(context: TrialContext, cards: Mapping[str, Iterable[str]]) -> None:
    """Wait until each card is in its channel and in each direct message, at least once."""

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


async def _all_decide(context: TrialContext, orders: list[str], request_ids: list[str]) -> None:
    """Have each card decided where its people see it. If there are two cards, one of them is clicked."""
    state = await context.workspace.slack.state()

    async def press(name: str, channel: str, person: str) -> None:
        clickable = [copy for copy in copies_of(state, name).get(channel, []) if has_buttons(copy)]
        if clickable:
            card = context.rng.choice(clickable)
            await context.press(person, card, Verdict.APPROVE, channel=channel)

    for order_id in orders:
        await press(order_id, APPROVALS, context.rng.choice(context.crowd))
    for request_id in request_ids:
        for person in context.rng.sample(APPROVERS, QUORUM):
            await press(request_id, f"D{person}", person)


async def _compare(
    context: TrialContext, cards: Mapping[str, tuple[str, ...]], earlier: Iterable[str]
) -> None:
    """Check that every message exists once and that each copy shows the last state."""
    state = await context.workspace.slack.state()
    for name in cards:
        for channel, copies in copies_of(state, name).items():
            if len(copies) > 1:
                context.report.doubled.append(f"{name} has {len(copies)} cards in {channel}")
    for key, times in Counter(_keys(state)).items():
        if times > 1 and key not in earlier:
            context.report.doubled.append(f"the message {key} exists {times} times")
    context.report.stale += await stale_copies(context, cards)


def _keys(state: Json) -> list[str]:
    """Return the key of every message of the bot: cards and notices, in channels, threads and direct messages."""
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
