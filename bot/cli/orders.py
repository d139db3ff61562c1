"""`countersign order`: start, show and list orders."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import command, order_options, order_schedule, order_verbs
from bot.cli.command import PATIENCE, AsOrDefault, Json, Order, Patience
from bot.cli.order_options import OrderOptions, Simulation
from bot.cli.order_output import (
    decision_json,
    decision_words,
    next_words,
    order_lines,
    short_lines,
)
from bot.cli.request_output import instant
from bot.cli.terminal import EXIT_CODES, Exit, Line, remark, show, show_json
from bot.runtime.ids import new_id
from views.order_json import order_json
from workflows.rules.approvals.policy import route
from workflows.rules.messages import OrderInput
from workflows.rules.orders.latest_decision import approval_message
from workflows.rules.orders.order import OrderSnapshot, OrderStatus, PaymentMode

if TYPE_CHECKING:
    from bot.cli.context import CliContext

app = typer.Typer(
    help="Start, show, list, decide, pay and cancel orders.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)
app.add_typer(order_verbs.app)
app.add_typer(order_schedule.app, name="schedule")

WAIT_CODES = (
    "With --wait: 0 completed, 3 rejected, 4 failed, expired or cancelled. Without it: 0 started. "
    "2 failed: an option is invalid, or Temporal or the database is down. 5 not confirmed: "
    "repeat the command with the --id that it names."
)
SHOW_CODES = (
    "Exit codes: 0 shown. 2 failed: the order is unknown, or the database is down. If a running "
    "order does not answer, its last recorded state is shown, also with exit code 2."
)
_OUTCOMES = {OrderStatus.COMPLETED: Exit.DONE, OrderStatus.REJECTED: Exit.REJECTED}


@app.command(epilog=WAIT_CODES)
def start(
    *,
    customer: Annotated[str, typer.Option(metavar="NAME", help="The customer.")],
    total: Annotated[str, typer.Option(help="The price of one product, such as 500.")] = "",
    line: Annotated[
        list[str] | None,
        typer.Option(metavar="SKU:QTY:PRICE", help="A line of the order; can be repeated."),
    ] = None,
    as_: AsOrDefault = "",
    order_id: Annotated[
        str,
        typer.Option(
            "--id",
            metavar="ORD-…",
            help="The order number; the same number is the same order.",
        ),
    ] = "",
    note: Annotated[str, typer.Option(help="Details for the approvers.")] = "",
    email: Annotated[str, typer.Option(help="The customer's email address.")] = "",
    card_expiry: Annotated[
        str,
        typer.Option(metavar="MM/YY", help="The payment card's expiry [12/99]; 12/23 has expired."),
    ] = "",
    await_payment: Annotated[
        bool, typer.Option("--await-payment", help="The customer pays elsewhere; see `pay`.")
    ] = False,
    pay_within: Annotated[
        str, typer.Option(help="How long to wait for that payment, such as 10s; at most 24h.")
    ] = "",
    expire_after: Annotated[
        str, typer.Option(help="How long to wait for approval, such as 10s, 30m or 2d.")
    ] = "",
    simulate: Annotated[Simulation | None, typer.Option(help="Make this fail on purpose.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it has ended.")] = False,
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """Start an order. Prints its number and, with --wait, the outcome."""
    options = OrderOptions(
        order_id=order_id or new_id("ORD"),
        customer=customer,
        total=total,
        lines=line or [],
        note=note,
        email=email,
        card_expiry=card_expiry,
        await_payment=await_payment,
        simulate=simulate,
        expire_after=expire_after,
        pay_within=pay_within,
    )

    async def work(context: "CliContext") -> Exit:
        actor = command.operator(as_ or context.person)
        typed = replace(options, order_id=command.order_number(options.order_id, "--id"))
        await context.require_records()
        products = {entry.sku: entry.name for entry in await context.stock.catalogue()}
        asked = order_options.ask(typed, products, context.policies(), actor)
        return await _start(context, asked, wait=wait, json=json)

    raise typer.Exit(command.run(work, patience))


async def _start(context: "CliContext", asked: OrderInput, *, wait: bool, json: bool) -> Exit:
    from bot.cli import execution, order_look  # noqa: PLC0415 - loads Temporal's client, see `command.run`

    order = asked.order
    is_new = await execution.start(context, asked)
    if not wait:
        if json:
            total = {"total": str(order.total.amount), "currency": order.total.currency}
            show_json({"order_id": order.order_id, **total, "is_new": is_new})
        else:
            show([Line(order.order_id)])
    if not is_new:
        remark(f"{order.order_id} already exists, so nothing was created.")
    elif not wait:
        remark(_first_step(asked))
    if not wait:
        return Exit.DONE
    snapshot = await order_look.outcome(context, order.order_id)
    _show(snapshot, json=json)
    return _OUTCOMES.get(snapshot.status, Exit.ENDED)


def _first_step(asked: OrderInput) -> str:
    """Return the first step that the order waits for; an empty text if it waits for none."""
    order_id = asked.order.order_id
    if route(asked.policy, asked.order.total).levels:
        return next_words(OrderStatus.AWAITING_APPROVAL, order_id)
    awaits = asked.order.payment is PaymentMode.AWAIT
    return next_words(OrderStatus.AWAITING_PAYMENT, order_id) if awaits else ""


def _show(snapshot: OrderSnapshot, *, json: bool) -> None:
    if json:
        show_json(order_json(snapshot))
    else:
        show(order_lines(snapshot))


@app.command("show", epilog=SHOW_CODES)
def show_order(
    *,
    order: Order,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it has ended.")] = False,
    json: Json = False,
) -> None:
    """Show an order: lines, approval, steps, failures and what to do next."""

    async def work(context: "CliContext") -> OrderSnapshot:
        from bot.cli import order_look  # noqa: PLC0415 - see `command.run`

        number = command.order_number(order)
        seen = await order_look.look_up(context, number)
        return await order_look.outcome(context, number) if wait else seen

    snapshot = command.run(work)
    _show(snapshot, json=json)
    if not json and (words := next_words(snapshot.status, order)):
        remark(words)
    _end(snapshot)


@app.command(epilog=SHOW_CODES)
def status(*, order: Order, json: Json = False) -> None:
    """Print an order's status, in one word."""
    snapshot = _looked(order)
    if json:
        show_json(_pick(snapshot, "order_id", "status", "as_of"))
    else:
        show([Line(snapshot.status.value)])
    _end(snapshot)


@app.command(epilog=SHOW_CODES)
def requires_approval(*, order: Order, json: Json = False) -> None:
    """Print `yes` or `no`: whether an order needs an approval."""

    async def work(context: "CliContext") -> bool:
        from bot.cli import order_look  # noqa: PLC0415 - see `command.run`

        return await order_look.requires_approval(context, command.order_number(order))

    needed = command.run(work)
    if json:
        show_json({"order_id": order, "requires_approval": needed})
    else:
        show([Line("yes" if needed else "no")])


@app.command("approval-message", epilog=SHOW_CODES)
def latest_decision(*, order: Order, json: Json = False) -> None:
    """Print the latest decision on an order: who, what, when and why; `none` if there is none."""
    snapshot = _looked(order)
    said = approval_message(snapshot.approval)
    if json:
        show_json(_pick(snapshot, "order_id", "as_of") | {"decision": decision_json(said)})
    else:
        show([Line(decision_words(said) if said else "none")])
    _end(snapshot)


@app.command("list")
def list_orders(
    *,
    open_only: Annotated[bool, typer.Option("--open", help="Only open orders.")] = False,
    requester: Annotated[
        str, typer.Option(metavar="PERSON", help="Only this person's, by Slack member ID.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The maximum number to list.")] = 20,
    json: Json = False,
) -> None:
    """List orders from the records, newest first."""

    async def work(context: "CliContext") -> list[OrderSnapshot]:
        from bot.cli.context import readable_snapshots  # noqa: PLC0415 - loads Temporal's client

        await context.require_records()
        person = command.member(requester, "--requester") if requester else ""
        found = await context.requests.orders(open_only=open_only, requester=person, limit=limit)
        return readable_snapshots(found, OrderSnapshot)

    snapshots = command.run(work)
    if json:
        show_json([order_json(snapshot) for snapshot in snapshots])
        return
    show(line for snapshot in snapshots for line in short_lines(snapshot))
    if not snapshots:
        remark("None found.")


def _looked(order: str) -> OrderSnapshot:
    async def work(context: "CliContext") -> OrderSnapshot:
        from bot.cli import order_look  # noqa: PLC0415 - see `command.run`

        return await order_look.look_up(context, command.order_number(order))

    return command.run(work)


def _pick(snapshot: OrderSnapshot, *names: str) -> dict[str, Any]:
    whole = order_json(snapshot)
    return {name: whole[name] for name in names}


def _end(snapshot: OrderSnapshot) -> None:
    """If an open order did not answer, print how old the answer is, and fail."""
    if snapshot.as_of is not None and snapshot.ended_at is None:
        remark(
            f"As of {instant(snapshot.as_of)}: the last recorded state. The order does not answer."
        )
        raise typer.Exit(Exit.CANNOT)
