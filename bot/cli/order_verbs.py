"""`countersign order VERB`: decide, cancel, resume, pay."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import command, plain_verbs
from bot.cli.command import PATIENCE, As, Json, Key, Order, Patience, Reason
from bot.cli.order_output import short_lines as order_in_short
from bot.cli.request_output import request_json, short_lines
from bot.cli.terminal import EXIT_CODES, Line, show, show_json
from views.order_json import order_json
from workflows.rules.approvals.request import Decision, Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.orders.verbs import OrderCommand
from workflows.rules.people.actors import Actor

if TYPE_CHECKING:
    from bot.cli.context import CliContext

app = typer.Typer()


class VerdictArgument(StrEnum):
    """The verdicts on an order, as they are typed."""

    APPROVE = "approve"
    REJECT = "reject"


@app.command(epilog=EXIT_CODES)
def decide(
    *,
    order: Order,
    verdict: Annotated[
        VerdictArgument, typer.Argument(metavar="VERDICT", help="approve or reject.")
    ],
    as_: As = "",
    reason: Reason = "",
    key: Key = "",
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """Approve or reject an order. Waits until its approvers are known."""

    async def work(context: "CliContext") -> ApprovalSnapshot:
        from bot.cli import execution, order_look  # noqa: PLC0415 - see `command.run`

        actor, number = command.operator(as_), command.order_number(order)
        approval = await order_look.approval_to_decide(context, number, actor.person)
        decision = Decision(
            actor=actor,
            verdict=Verdict(verdict.value),
            reason=command.typed(reason, "--reason"),
            content_revision=approval.content_revision,
            level=max(len(approval.levels), 1),
        )
        return await execution.execute(context, approval.request_id, decision, key)

    snapshot = command.run(work, patience)
    if json:
        show_json(request_json(snapshot))
    else:
        show([Line("Done.", style="green"), *short_lines(snapshot)])


def _run(
    order: str,
    as_: str,
    make: Callable[["CliContext", Actor], Awaitable[OrderCommand]],
    *,
    key: str,
    patience: float,
    json: bool,
) -> None:
    """Make the command, execute it, and print the snapshot that it led to."""

    async def work(context: "CliContext") -> OrderSnapshot:
        from bot.cli import execution  # noqa: PLC0415 - see `command.run`

        actor, number = command.operator(as_ or context.person), command.order_number(order)
        return await execution.execute(context, number, await make(context, actor), key)

    snapshot = command.run(work, patience)
    if json:
        show_json(order_json(snapshot))
    else:
        show([Line("Done.", style="green"), *order_in_short(snapshot)])


plain_verbs.add_to(app, "order", _run)

PAY_CODES = (
    "Exit codes: 0 paid. 2 failed: an option is invalid, the order is unknown, or the bot is down or "
    "rejects the signature. 5 not confirmed: repeat the command with the --key that it names. "
    "6 the order accepts no payment: it is recorded and refunded."
)


@app.command(epilog=PAY_CODES)
def pay(*, order: Order, key: Key = "", patience: Patience = PATIENCE, json: Json = False) -> None:
    """Simulate the payment gateway: send the bot a signed webhook that the customer has paid."""

    async def work(context: "CliContext") -> tuple[OrderSnapshot, dict[str, Any]]:
        from bot.cli import order_look, payment  # noqa: PLC0415 - see `command.run`

        snapshot = await order_look.look_up(context, command.order_number(order))
        return snapshot, await payment.pay(context, snapshot, command.key_or_new(key))

    snapshot, answer = command.run(work, patience)
    if json:
        show_json(answer)
    else:
        show([Line(f"Paid: {snapshot.order.total} for {order}.", style="green")])
