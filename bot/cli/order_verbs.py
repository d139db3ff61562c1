"""`countersign order VERB`: decide, cancel, resume, pay."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from bot.cli import command, execution, order_look, payment, verbs
from bot.cli.command import TIMEOUT, As, Json, Key, Order, Reason, Timeout
from bot.cli.context import CliContext
from bot.cli.terminal import EXIT_CODES, Line, output
from workflows.rules.approvals.request import Decision, Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.orders.order import OrderSnapshot

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
    timeout: Timeout = TIMEOUT,
    json: Json = False,
) -> None:
    """Approve or reject an order. Waits until its approvers are known."""

    async def work(context: CliContext) -> ApprovalSnapshot:
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

    verbs.show_done(verbs.REQUESTS, command.run(work, timeout), json=json)


verbs.add_generated(app, verbs.ORDERS)

PAY_CODES = (
    "Exit codes: 0 paid. 2 failed: an option is invalid, the order is unknown, or the bot is down or "
    "rejects the signature. 5 not confirmed: repeat the command with "
    "the --key that it prints. 6 the order accepts no payment: it is recorded and refunded."
)


@app.command(epilog=PAY_CODES)
def pay(*, order: Order, key: Key = "", timeout: Timeout = TIMEOUT, json: Json = False) -> None:
    """Simulate the payment gateway: send the bot a signed webhook that the customer has paid."""

    async def work(context: CliContext) -> tuple[OrderSnapshot, dict[str, Any]]:
        snapshot = await order_look.look_up(context, command.order_number(order))
        return snapshot, await payment.pay(context, snapshot, command.key_or_new(key))

    snapshot, answer = command.run(work, timeout)
    paid = Line(f"Paid: {snapshot.order.total} for {order}.", style="green")
    output(answer, [paid], as_json=json)
