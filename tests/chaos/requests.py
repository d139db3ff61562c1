"""Requests that trials start and decide as the command line does, and the state of their cards."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from string import Formatter
from typing import Any

from bot.actions.execute import RETRY_FOR, confirmed
from bot.cli.terminal import Exit
from bot.policies.file import parse
from bot.runtime.ids import new_id
from bot.runtime.settings import Settings
from bot.temporal.calls import Accepted, NotAccepted
from bot.temporal.client import WorkflowClient
from emulator.client import text_of
from emulator.errors import Json
from tests.bot.commands import send
from tests.chaos.ledgers import as_shown, compare_trail, recorded_snapshot
from tests.chaos.trial import POLICIES, TrialContext
from tests.journeys.programs import EVENT_TIMEOUT, clean_environment, run
from tests.journeys.workspace import ANA, APPROVALS, good_until, has_buttons
from views import order_notices
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
"""Seconds after the end of an outage within which every copy shows the last state."""
COMMAND_ATTEMPTS = 5
"""How often a command is run if it reports each time that it is safe to repeat."""


def policy_of(name: str, pace: int = 1) -> Policy:
    """Return this policy, with every duration in seconds `pace` times as long."""
    slower = re.sub(r'"(\d+)s"', lambda match: f'"{int(match[1]) * pace}s"', POLICIES.read_text())
    return parse(slower).policy(name)


async def start_request(context: TrialContext, policy: Policy) -> str:
    """Have Ana start a request under this policy; return its id, which is part of its title."""
    request_id = new_id("REQ")
    draft = DraftRequest(
        request_id=request_id,
        policy=policy.name,
        content=DraftContent(title=f"Desk {request_id}"),
    )
    ana = Actor(person=ANA, origin=Origin.CLI, operator=OPERATOR)
    request = read_request(draft, policy, ana, ())
    await WorkflowClient(context.temporal, QUEUE, wait=EVENT_TIMEOUT).start(request)
    context.report.requests += 1
    return request_id


async def expiring_order(context: TrialContext, total: str, expire_after: timedelta) -> str:
    """Have Ana order one lamp whose approval expires after `expire_after`; return the order's id."""
    price = Money(amount=Decimal(total), currency="USD")
    order = Order(
        order_id=new_id("ORD"),
        customer="Too late",
        lines=(OrderLine(sku="LAMP-LED", quantity=1, unit_price=price),),
        card_expiry=good_until(),
    )
    ana = Actor(person=ANA, origin=Origin.SLACK)
    order_input = OrderInput(
        order=order, requester=ana, policy=policy_of("order"), expire_after=expire_after
    )
    await WorkflowClient(context.temporal, QUEUE, wait=EVENT_TIMEOUT).start(order_input)
    context.report.requests += 1
    return order.order_id


async def decide(context: TrialContext, request_id: str, person: str) -> None:
    """Have a person approve through the client of the command line, repeated until it is confirmed.

    An approval that is not accepted is reported as lost.
    """
    client = WorkflowClient(context.temporal, QUEUE)
    decision = Decision(
        actor=Actor(person=person, origin=Origin.CLI, operator=OPERATOR),
        verdict=Verdict.APPROVE,
        content_revision=1,
        level=1,
    )
    key = new_id("KEY")

    async def decide() -> Accepted[Any] | NotAccepted:
        return await send(client, request_id, key, decision)

    answer = await confirmed(decide, RETRY_FOR)
    if not isinstance(answer, Accepted):
        context.report.lost.append(f"{person} approved {request_id} and got {answer}")


async def decide_by_command_line(context: TrialContext, request_id: str, person: str) -> None:
    """Run `countersign request decide` as this person, repeated until it succeeds.

    Right after a worker was killed it may report that nothing was changed, or that the decision is not confirmed.
    """
    installation = context.installation
    environment = clean_environment(
        DATABASE_URL=installation.database_url,
        TEMPORAL_ADDRESS=installation.temporal_address,
        POLICIES=str(installation.policies),
    )
    arguments = ("request", "decide", request_id, "approve", "--as", person, "--key", new_id("KEY"))
    for left in reversed(range(COMMAND_ATTEMPTS)):
        done = await run(*arguments, directory=installation.directory, environment=environment)
        if done.exit_code == Exit.DONE:
            return
        if not left or done.exit_code not in (Exit.CANNOT, Exit.UNCONFIRMED):
            error = f"{' '.join(arguments)} ended with {done.exit_code}: {done.stderr[-300:]}"
            context.report.lost.append(error)
            return


def copies_of(state: Json, name: str) -> dict[str, list[Json]]:
    """Return the copies of this card by conversation, without notices about it and replies."""
    found: dict[str, list[Json]] = {}
    for channel, messages in state["messages"].items():
        for message in messages:
            if message.get("metadata") and name in text_of(message) and not is_notice(message):
                found.setdefault(channel, []).append(message)
    return found


def is_notice(message: Json) -> bool:
    """Whether a message of the bot is a notice, not a card."""
    blocks = message.get("blocks", [])
    return any(str(block.get("block_id", "")).startswith(BlockId.NOTICE) for block in blocks)


async def stale_copies(context: TrialContext, people: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return a sentence for each copy that does not show the last state, and for each live button.

    `people` maps the name on the card to the people who must have a copy in addition to the channel.
    The last state is read before Slack's messages, so a copy newer than the records is reported too.
    """
    snapshots = {name: await _on_card(context, name) for name in people}
    state = await context.workspace.slack.state()
    found = []
    for name, recipients in people.items():
        snapshot = snapshots[name]
        if snapshot is None:
            found.append(f"{name} is not in the records")
            continue
        copies = copies_of(state, name)
        root = APPROVALS if snapshot.channel.startswith("#") else snapshot.channel
        wanted = {root, *(f"D{person}" for person in recipients)}
        found += [f"{name} has no copy in {channel}" for channel in wanted - set(copies)]
        found += [
            f"{name} has {len(cards)} cards in {channel}"
            for channel, cards in copies.items()
            if len(cards) > 1
        ]
        for channel, (copy, *_) in copies.items():
            found += _stale(name, channel, copy, snapshot)
    return found


async def converged(
    context: TrialContext, copies: Mapping[str, tuple[str, ...]], since: str, seconds: float
) -> None:
    """Wait until every copy of these cards shows the last state; report those that do not as stale."""
    deadline = time.monotonic() + seconds
    while wrong := await stale_copies(context, copies):
        if time.monotonic() > deadline:
            context.report.stale += [
                f"{seconds:.0f} s after {since}: {finding}" for finding in wrong
            ]
            return
        await asyncio.sleep(0.2)


async def _on_card(context: TrialContext, name: str) -> Snapshot | None:
    """Return the snapshot that the card shows. An undecided order shows its approval."""
    approval = await recorded_snapshot(context, approval_id(name))
    return approval if approval and is_open(approval) else await recorded_snapshot(context, name)


def _stale(name: str, channel: str, copy: Json, snapshot: Snapshot) -> list[str]:
    shown = as_shown(snapshot)
    if text_of(copy) == text_of(shown) and has_buttons(copy) == has_buttons(shown):
        return []
    live = ", and has live buttons" if has_buttons(copy) and not is_open(snapshot) else ""
    return [f"{name} in {channel}, which is {snapshot.status}, shows {text_of(copy)[:160]!r}{live}"]


def is_open(snapshot: Snapshot) -> bool:
    """Whether the approval can still be decided."""
    return isinstance(snapshot, ApprovalSnapshot) and snapshot.status in OPEN


async def compare_requests(context: TrialContext, ids: Iterable[str]) -> None:
    """Compare the records, the trail and the workflow's result for these ended requests."""
    for request_id in ids:
        await compare_trail(context, request_id)
        snapshot = await recorded_snapshot(context, request_id)
        handle = context.temporal.get_workflow_handle(request_id, result_type=ApprovalOutcome)
        returned: ApprovalOutcome = await handle.result()
        if snapshot is None or snapshot.status is not returned.face.status:
            recorded = snapshot.status if snapshot else "nothing"
            context.report.stale.append(
                f"{request_id}: records {recorded}, workflow {returned.face.status}"
            )


def notices_of(state: Json, name: str) -> Counter[tuple[str, str]]:
    """Count the notices about this order or request, by conversation and kind.

    The kinds are `reminded`, `asked`, the kinds of an order's thread replies (such as `order_shipped`),
    and `outcome` for all others.
    """
    return Counter((channel, _kind(text_of(notice))) for channel, notice in _notices(state, name))


def reminders_to(state: Json, name: str, person: str) -> list[str]:
    """Return the text of each reminder of this request that mentions this person."""
    texts = [text_of(notice) for _, notice in _notices(state, name)]
    return [text for text in texts if _kind(text) == "reminded" and f"<@{person}>" in text]


def _notices(state: Json, name: str) -> list[tuple[str, Json]]:
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


_MARKERS = {kind: _marker(kind) for kind in ("reminded", "asked", *order_notices.REPLIES)}
