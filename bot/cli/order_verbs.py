"""What can be done with an order, from the command line: have it decided, pay, cancel, resume."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import command
from bot.cli.command import PATIENCE, As, AsOrDefault, Json, Key, Order, Patience, Reason
from bot.cli.order_output import short_lines as order_in_short
from bot.cli.request_output import request_json, short_lines
from bot.cli.terminal import EXIT_CODES, Line, show, show_json
from views.order_json import order_json
from workflows.rules.approvals.request import Decision, Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.orders.order import Cancellation, OrderSnapshot, Resumption
from workflows.rules.people.actors import Actor

if TYPE_CHECKING:
    from bot.actions.commands import OrderDeed
    from bot.cli.context import Desk

app = typer.Typer()


class VerdictArgument(StrEnum):
    """What an approver can say about an order, as it is typed."""

    APPROVE = "approve"
    REJECT = "reject"


@app.command(epilog=EXIT_CODES)
def decide(
    *,
    order: Order,
    saying: Annotated[
        VerdictArgument, typer.Argument(metavar="VERDICT", help="approve or reject.")
    ],
    as_: As = "",
    reason: Reason = "",
    key: Key = "",
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """Approve or reject an order; right after its start, as soon as it is known who may."""

    async def work(desk: "Desk") -> ApprovalSnapshot:
        from bot.cli import execution, order_execution  # noqa: PLC0415 - see `command.run`

        actor, number = command.operator(as_), command.order_number(order)
        approval = await order_execution.approval_to_decide(desk, number, actor.person)
        deed = Decision(
            actor=actor,
            verdict=Verdict(saying.value),
            reason=command.typed(reason, "--reason"),
            content_revision=approval.content_revision,
            level=max(len(approval.levels), 1),
        )
        name = command.key_or_new(key)
        return await execution.do(desk, approval.request_id, deed, name, repeats=bool(key))

    snapshot = command.run(work, patience)
    if json:
        show_json(request_json(snapshot))
    else:
        show([Line("Done.", style="green"), *short_lines(snapshot)])


@app.command(epilog=EXIT_CODES)
def cancel(
    *,
    order: Order,
    as_: AsOrDefault = "",
    reason: Reason = "",
    key: Key = "",
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """Cancel an order that is not on its way yet; what was done for it is undone."""

    def make(actor: Actor) -> Cancellation:
        return Cancellation(actor=actor, reason=command.typed(reason, "--reason"))

    _do(order, as_, make, key=key, patience=patience, json=json)


@app.command(epilog=EXIT_CODES)
def resume(
    *,
    order: Order,
    as_: AsOrDefault = "",
    key: Key = "",
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """Have what could not be undone tried again, once its cause is mended."""

    def make(actor: Actor) -> Resumption:
        return Resumption(actor=actor)

    _do(order, as_, make, key=key, patience=patience, json=json)


def _do(
    order: str,
    as_: str,
    make: Callable[[Actor], "OrderDeed"],
    *,
    key: str,
    patience: float,
    json: bool,
) -> None:
    """Make a deed of what was typed, send it, and print what it led to."""

    async def work(desk: "Desk") -> OrderSnapshot:
        from bot.cli import order_execution  # noqa: PLC0415 - see `command.run`

        actor, number = command.operator(as_ or desk.person), command.order_number(order)
        name = command.key_or_new(key)
        return await order_execution.do(desk, number, make(actor), name, repeats=bool(key))

    snapshot = command.run(work, patience)
    if json:
        show_json(order_json(snapshot))
    else:
        show([Line("Done.", style="green"), *order_in_short(snapshot)])


PAY_CODES = (
    "Exit codes: 0 the order has its payment. 2 it cannot be: an option is wrong, there is no such "
    "order, the bot is down or does not take our signature. 5 not confirmed: repeat it with the "
    "--key that it names. 6 the order wants no money: the payment is written down and goes back."
)


@app.command(epilog=PAY_CODES)
def pay(*, order: Order, key: Key = "", patience: Patience = PATIENCE, json: Json = False) -> None:
    """Play the payment gateway: send the bot word, signed, that the customer has paid."""

    async def work(desk: "Desk") -> tuple[OrderSnapshot, dict[str, Any]]:
        from bot.cli import order_execution, payment  # noqa: PLC0415 - see `command.run`

        snapshot = await order_execution.look(desk, command.order_number(order))
        return snapshot, await payment.pay(desk, snapshot, command.key_or_new(key))

    snapshot, answer = command.run(work, patience)
    if json:
        show_json(answer)
    else:
        show([Line(f"Paid: {snapshot.order.total} for {order}.", style="green")])
