"""`countersign order`: start, show and list orders."""

from dataclasses import replace
from typing import Annotated, Any

import typer

from bot.cli import command, execution, order_look, order_options, order_schedule, order_verbs
from bot.cli.command import TIMEOUT, AsOrDefault, Json, Order, Timeout
from bot.cli.context import CliContext, readable_snapshots
from bot.cli.order_options import OrderOptions, Simulation
from bot.cli.order_output import (
    decision_json,
    decision_text,
    next_step_text,
    order_lines,
    short_lines,
)
from bot.cli.request_output import instant
from bot.cli.terminal import EXIT_CODES, Exit, Line, output, output_list, remark
from bot.runtime.ids import new_request_id
from views.order_json import order_json
from workflows.rules.approvals.request import RequestKind
from workflows.rules.messages import OrderInput
from workflows.rules.orders.latest_decision import approval_message
from workflows.rules.orders.order import OrderSnapshot, OrderStatus, PaymentMode
from workflows.rules.orders.order_route import order_route

app = typer.Typer(
    help="Start, show, list, decide, pay and cancel orders.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)
app.add_typer(order_verbs.app)
app.add_typer(order_schedule.app, name="schedule")

WAIT_CODES = (
    "With --wait: 0 completed, 3 rejected, 4 failed, expired or cancelled. Without it: 0 started. "
    "2 failed: an option is invalid, or Temporal or the database is down. 5 not confirmed: repeat "
    "the command with the --id that it prints."
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
    wait: command.Wait = False,
    timeout: Timeout = TIMEOUT,
    json: Json = False,
) -> None:
    """Start an order. Prints its number and, with --wait, the outcome."""
    options = OrderOptions(
        order_id=order_id or new_request_id(RequestKind.ORDER),
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

    async def work(context: CliContext) -> Exit:
        actor = command.operator(as_ or context.person)
        typed = replace(options, order_id=command.order_number(options.order_id, "--id"))
        await context.require_records()
        products = {product.sku: product.entry for product in await context.stock.catalogue()}
        asked = order_options.ask(typed, products, context.policies(), actor)
        return await _start(context, asked, wait=wait, json=json)

    raise typer.Exit(command.run(work, timeout))


async def _start(context: CliContext, asked: OrderInput, *, wait: bool, json: bool) -> Exit:
    order = asked.order
    is_new = await execution.start(context, asked)
    if not wait:
        total = {"total": str(order.total.amount), "currency": order.total.currency}
        document = {"order_id": order.order_id, **total, "is_new": is_new}
        output(document, [Line(order.order_id)], as_json=json)
    if not is_new:
        remark(f"{order.order_id} already exists, so nothing was created.")
    elif not wait:
        remark(_first_step(asked))
    if not wait:
        return Exit.DONE
    snapshot = await order_look.outcome(context, order.order_id, asked)
    output(order_json(snapshot), order_lines(snapshot), as_json=json)
    return _OUTCOMES.get(snapshot.status, Exit.ENDED)


def _first_step(asked: OrderInput) -> str:
    """Return the first step that the order waits for; an empty text if it waits for none."""
    order_id = asked.order.order_id
    if order_route(asked.order, asked.policy).levels:
        return next_step_text(OrderStatus.AWAITING_APPROVAL, order_id)
    awaits = asked.order.payment is PaymentMode.AWAIT
    return next_step_text(OrderStatus.AWAITING_PAYMENT, order_id) if awaits else ""


@app.command("show", epilog=SHOW_CODES)
def show_order(
    *,
    order: Order,
    wait: command.Wait = False,
    json: Json = False,
) -> None:
    """Show an order: lines, approval, steps, failures and what to do next."""

    async def work(context: CliContext) -> OrderSnapshot:
        number = command.order_number(order)
        seen = await order_look.look_up(context, number)
        return await order_look.outcome(context, number) if wait else seen

    snapshot = command.run(work)
    output(order_json(snapshot), order_lines(snapshot), as_json=json)
    if not json and (text := next_step_text(snapshot.status, order)):
        remark(text)
    _end(snapshot)


@app.command(epilog=SHOW_CODES)
def status(*, order: Order, json: Json = False) -> None:
    """Print an order's status, in one word."""
    snapshot = _look_up(order)
    document = _pick(snapshot, "order_id", "status", "as_of")
    output(document, [Line(snapshot.status.value)], as_json=json)
    _end(snapshot)


@app.command(epilog=SHOW_CODES)
def requires_approval(*, order: Order, json: Json = False) -> None:
    """Print `yes` or `no`: whether an order needs an approval."""

    async def work(context: CliContext) -> bool:
        return await order_look.requires_approval(context, command.order_number(order))

    needed = command.run(work)
    document = {"order_id": order, "requires_approval": needed}
    output(document, [Line("yes" if needed else "no")], as_json=json)


@app.command("approval-message", epilog=SHOW_CODES)
def latest_decision(*, order: Order, json: Json = False) -> None:
    """Print the latest decision on an order: who, what, when and why; `none` if there is none."""
    snapshot = _look_up(order)
    decision = approval_message(snapshot.approval)
    document = _pick(snapshot, "order_id", "as_of") | {"decision": decision_json(decision)}
    output(document, [Line(decision_text(decision) if decision else "none")], as_json=json)
    _end(snapshot)


@app.command("list")
def list_orders(
    *,
    open_only: command.OpenOnly = False,
    requester: command.Requester = "",
    limit: command.Limit = 20,
    json: Json = False,
) -> None:
    """List orders from the records, newest first."""

    async def work(context: CliContext) -> list[OrderSnapshot]:
        await context.require_records()
        person = command.member(requester, "--requester") if requester else ""
        found = await context.requests.orders(open_only=open_only, requester=person, limit=limit)
        return readable_snapshots(found, OrderSnapshot)

    snapshots = command.run(work)
    output_list(snapshots, order_json, short_lines, as_json=json)


def _look_up(order: str) -> OrderSnapshot:
    async def work(context: CliContext) -> OrderSnapshot:
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
