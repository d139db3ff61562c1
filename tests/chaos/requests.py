"""Requests without a form: asked and decided as the command line does it, and where their cards stand."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from string import Formatter

from bot.cli.terminal import Exit
from bot.policies.file import parse
from bot.runtime.ids import new_id
from bot.runtime.settings import Settings
from bot.temporal.client import Accepted, Answer, WorkflowClient
from emulator.client import text_of
from emulator.errors import Json
from tests.chaos.ledgers import as_shown, compare_trail, recorded_snapshot
from tests.chaos.trial import POLICIES, TrialContext
from tests.journeys.programs import EVENT_TIMEOUT, clean_environment, run
from tests.journeys.workspace import ANA, APPROVALS, good_until, has_buttons
from views import order_replies
from views.catalogue import CATALOGUES
from views.ids import BlockId
from workflows.rules.approvals.form import DraftContent, DraftRequest, read_request
from workflows.rules.approvals.policy import Policy
from workflows.rules.approvals.request import OPEN, Decision, Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.messages import ApprovalOutcome, OrderInput
from workflows.rules.orders.order import Order, OrderLine
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.ids import approval_id
from workflows.rules.shared.money import Money
from workflows.rules.snapshots import Snapshot

QUEUE = str(Settings.model_fields["temporal_task_queue"].default)
OPERATOR = "chaos"
CONVERGED = 15.0
"""Seconds after Slack's return within which every copy shows the last state."""
COMMAND_ATTEMPTS = 5
"""How often a command is typed that says each time that it may be repeated."""


def policy_of(name: str, pace: int = 1) -> Policy:
    """Return this policy, with every window of seconds `pace` times as long."""
    slower = re.sub(r'"(\d+)s"', lambda it: f'"{int(it[1]) * pace}s"', POLICIES.read_text())
    return parse(slower).policy(name)


async def ask(context: TrialContext, policy: Policy) -> str:
    """Have Ana ask for something by this policy; return the id, which stands in its title."""
    request_id = new_id("REQ")
    written = DraftRequest(
        request_id=request_id,
        policy=policy.name,
        content=DraftContent(title=f"Desk {request_id}"),
    )
    ana = Actor(person=ANA, origin=Origin.CLI, operator=OPERATOR)
    asked = read_request(written, policy, ana, ())
    await WorkflowClient(context.temporal, QUEUE, wait=EVENT_TIMEOUT).start_approval(asked)
    context.report.requests += 1
    return request_id


async def expiring_order(context: TrialContext, total: str, expire_after: timedelta) -> str:
    """Have Ana order one lamp that is wanted at once or not at all; return the order's id."""
    price = Money(amount=Decimal(total), currency="USD")
    order = Order(
        order_id=new_id("ORD"),
        customer="Too late",
        lines=(OrderLine(sku="LAMP-LED", quantity=1, unit_price=price),),
        card_expiry=good_until(),
    )
    ana = Actor(person=ANA, origin=Origin.SLACK)
    asked = OrderInput(
        order=order, requester=ana, policy=policy_of("order"), expire_after=expire_after
    )
    await WorkflowClient(context.temporal, QUEUE, wait=EVENT_TIMEOUT).start_order(asked)
    context.report.requests += 1
    return order.order_id


async def decide(context: TrialContext, request_id: str, person: str) -> None:
    """Have somebody approve by the command line's own client, again until it is confirmed.

    An answer that is none is lost.
    """
    client = WorkflowClient(context.temporal, QUEUE)
    decision = Decision(
        actor=Actor(person=person, origin=Origin.CLI, operator=OPERATOR),
        verdict=Verdict.APPROVE,
        content_revision=1,
        level=1,
    )
    key = new_id("KEY")

    async def send() -> Answer:
        return await client.decide(request_id, key, decision)

    answer = await client.confirm(send)
    if not isinstance(answer, Accepted):
        context.report.lost.append(f"{person} decided on {request_id} and was answered {answer}")


async def decide_by_command_line(context: TrialContext, request_id: str, person: str) -> None:
    """Have somebody type `countersign request decide`, again until it says that it is done.

    With a worker that has just died it may say that nothing was changed, or is not confirmed.
    """
    installation = context.installation
    environment = clean_environment(
        DATABASE_URL=installation.database_url,
        TEMPORAL_ADDRESS=installation.temporal_address,
        POLICIES=str(installation.policies),
    )
    typed = ("request", "decide", request_id, "approve", "--as", person, "--key", new_id("KEY"))
    for left in reversed(range(COMMAND_ATTEMPTS)):
        done = await run(*typed, directory=installation.directory, environment=environment)
        if done.exit_code == Exit.DONE:
            return
        if not left or done.exit_code not in (Exit.CANNOT, Exit.UNCONFIRMED):
            said = f"{' '.join(typed)} ended {done.exit_code}: {done.stderr[-300:]}"
            context.report.lost.append(said)
            return


def copies_of(state: Json, name: str) -> dict[str, list[Json]]:
    """Return the copies of this card by conversation. What tells of it, and replies, are none."""
    found: dict[str, list[Json]] = {}
    for channel, messages in state["messages"].items():
        for message in messages:
            if message.get("metadata") and name in text_of(message) and not is_notice(message):
                found.setdefault(channel, []).append(message)
    return found


def is_notice(message: Json) -> bool:
    """Whether a message of the bot tells something, and is no card."""
    blocks = message.get("blocks", [])
    return any(str(block.get("block_id", "")).startswith(BlockId.NOTICE) for block in blocks)


async def stale_copies(context: TrialContext, people: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return a sentence for each copy that does not show the last state, and for each live button.

    `people` is, by the name on the card, who is to have a copy besides the channel. The last state is
    read before Slack: what is newer there than in the records would be found, too.
    """
    snapshots = {name: await _on_card(context, name) for name in people}
    state = await context.workspace.slack.state()
    found = []
    for name, having in people.items():
        snapshot = snapshots[name]
        if snapshot is None:
            found.append(f"{name} is not in the records")
            continue
        copies = copies_of(state, name)
        root = APPROVALS if snapshot.channel.startswith("#") else snapshot.channel
        wanted = {root, *(f"D{person}" for person in having)}
        found += [f"{name} has no copy in {channel}" for channel in wanted - set(copies)]
        found += [f"{name} has {len(here)} in {at}" for at, here in copies.items() if len(here) > 1]
        for channel, (copy, *_) in copies.items():
            found += _stale(name, channel, copy, snapshot)
    return found


async def converged(
    context: TrialContext, copies: Mapping[str, tuple[str, ...]], since: str, seconds: float
) -> None:
    """Wait until every copy of these cards shows the last state; what does not in time is stale."""
    deadline = time.monotonic() + seconds
    while wrong := await stale_copies(context, copies):
        if time.monotonic() > deadline:
            context.report.stale += [f"{seconds:.0f} s after {since}: {one}" for one in wrong]
            return
        await asyncio.sleep(0.2)


async def _on_card(context: TrialContext, name: str) -> Snapshot | None:
    """Return what the card shows: of an order that is not decided on, its approval."""
    asked = await recorded_snapshot(context, approval_id(name))
    return asked if asked and is_open(asked) else await recorded_snapshot(context, name)


def _stale(name: str, channel: str, copy: Json, snapshot: Snapshot) -> list[str]:
    shown = as_shown(snapshot)
    if text_of(copy) == text_of(shown) and has_buttons(copy) == has_buttons(shown):
        return []
    live = ", and has live buttons" if has_buttons(copy) and not is_open(snapshot) else ""
    return [f"{name} in {channel}, which is {snapshot.status}, says {text_of(copy)[:160]!r}{live}"]


def is_open(snapshot: Snapshot) -> bool:
    """Whether anybody may still decide on it."""
    return isinstance(snapshot, ApprovalSnapshot) and snapshot.status in OPEN


async def compare_requests(context: TrialContext, ids: Iterable[str]) -> None:
    """Compare the records, the trail and the workflow's own word for these, which have ended."""
    for request_id in ids:
        await compare_trail(context, request_id)
        snapshot = await recorded_snapshot(context, request_id)
        handle = context.temporal.get_workflow_handle(request_id, result_type=ApprovalOutcome)
        returned: ApprovalOutcome = await handle.result()
        if snapshot is None or snapshot.status is not returned.face.status:
            known = snapshot.status if snapshot else "nothing"
            context.report.stale.append(
                f"{request_id}: records {known}, workflow {returned.face.status}"
            )


def notices_of(state: Json, name: str) -> Counter[tuple[str, str]]:
    """Count what was told of this order or request, by conversation and kind.

    The kinds are `reminded`, `asked`, what a thread hears of an order on its way (`order_shipped`
    and such), and, of all else, `outcome`.
    """
    return Counter((channel, _kind(text_of(notice))) for channel, notice in _told(state, name))


def reminders_to(state: Json, name: str, person: str) -> list[str]:
    """Return the words of each reminder of this request that mentions this person."""
    words = [text_of(notice) for _, notice in _told(state, name)]
    return [one for one in words if _kind(one) == "reminded" and f"<@{person}>" in one]


def _told(state: Json, name: str) -> list[tuple[str, Json]]:
    return [
        (channel, message)
        for channel, messages in state["messages"].items()
        for message in messages
        if is_notice(message) and name in text_of(message)
    ]


def _kind(text: str) -> str:
    return next((kind for kind, marker in _MARKERS.items() if marker in text), "outcome")


def _marker(kind: str) -> str:
    """Return the text before the first colon or placeholder of such a notice, without a leading placeholder."""
    literals = (
        literal for literal, *_ in Formatter().parse(CATALOGUES["en"].plain[f"tell.{kind}"])
    )
    return next(filter(None, literals)).partition(":")[0]


_MARKERS = {kind: _marker(kind) for kind in ("reminded", "asked", *order_replies.KINDS)}
