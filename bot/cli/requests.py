"""`countersign request`: create, show and list requests."""

from typing import Annotated, Any

import typer

from bot.actions.approval_lookup import Seen
from bot.actions.start import TemporalUnavailableError
from bot.cli import command, execution, request_options, request_verbs
from bot.cli.command import TIMEOUT, As, AsReader, Json, Request, Timeout
from bot.cli.context import CliContext, readable_snapshots
from bot.cli.request_output import (
    instant,
    menu_line,
    request_json,
    request_lines,
    short_lines,
    verb_text,
)
from bot.cli.terminal import (
    EXIT_CODES,
    SHOW_CODES,
    WAIT_CODES,
    CommandError,
    Exit,
    Line,
    output,
    output_list,
    remark,
    show,
    show_json,
)
from bot.runtime.ids import new_request_id
from workflows.rules.approvals.request import ApprovalRequest, RequestKind, Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.shared.ids import REQUEST_ID

app = typer.Typer(
    help="Create, show, list and decide requests.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)
app.add_typer(request_verbs.app)

_OUTCOMES = {Status.APPROVED: Exit.DONE, Status.REJECTED: Exit.REJECTED}


@app.command(epilog=WAIT_CODES)
def create(
    *,
    policy: Annotated[str, typer.Option(help="The policy, as named in policies.toml.")],
    title: Annotated[str, typer.Option(help="The request in a few words.")],
    text: Annotated[str, typer.Option(help="Details for the approvers.")] = "",
    text_file: Annotated[
        str, typer.Option(help="A file to read it from; - is standard input.")
    ] = "",
    amount: Annotated[str, typer.Option(help="The amount, such as “1500.00 USD”.")] = "",
    link: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="A link; can be repeated.")
    ] = None,
    answer_within: Annotated[
        str, typer.Option(help="How long it can stay open: 30m, 4h or 2d.")
    ] = "",
    as_: As = "",
    request_id: Annotated[
        str,
        typer.Option(
            "--id",
            metavar="REQ-…",
            help="The request number; the same number is the same request.",
        ),
    ] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is decided.")] = False,
    timeout: Timeout = TIMEOUT,
    json: Json = False,
) -> None:
    """Create a request and print its number."""

    async def work(context: CliContext) -> Exit:
        options = request_options.Options(
            title=title,
            text=command.text_of(text, text_file, "--text"),
            amount=amount,
            links=link or [],
            answer_within=answer_within,
        )
        actor = command.operator(as_)
        asked = request_options.ask(
            context.policies(),
            policy,
            _number(request_id) or new_request_id(RequestKind.APPROVAL),
            options,
            actor,
        )
        return await _create(context, asked, wait=wait, json=json)

    raise typer.Exit(command.run(work, timeout))


async def _create(context: CliContext, asked: ApprovalRequest, *, wait: bool, json: bool) -> Exit:
    is_new = await execution.start(context, asked)
    if not json:
        show([Line(asked.request_id)])
    if not is_new:
        remark(f"{asked.request_id} already exists, so nothing was created.")
    elif not asked.route.levels:
        remark(f"Approved: “{asked.route.rule}” needs no approval.")
    if wait:
        snapshot = await execution.outcome(context, asked)
        output(request_json(snapshot), request_lines(snapshot), as_json=json)
        return _OUTCOMES.get(snapshot.status, Exit.ENDED)
    if json:
        show_json(request_json(await _started_snapshot(context, asked.request_id)))
    return Exit.DONE


async def _started_snapshot(context: CliContext, request_id: str) -> ApprovalSnapshot:
    try:
        return await context.snapshot(request_id, "")
    except (CommandError, TemporalUnavailableError):
        raise CommandError(
            f"{request_id} was created, but there is no answer yet. Is the worker running? "
            f"See `countersign request show {request_id}`.",
            Exit.UNCONFIRMED,
        ) from None


def _number(typed: str) -> str:
    if not typed or REQUEST_ID.fullmatch(typed):
        return typed
    raise CommandError(
        "--id: a request number is REQ- and then capital letters, digits and hyphens, 60 "
        "characters at most, such as REQ-INVOICE-2024-17."
    )


@app.command("show", epilog=SHOW_CODES)
def show_request(*, request: Request, as_: AsReader = "", json: Json = False) -> None:
    """Show a request and, with --as, what that person can do now."""

    async def work(context: CliContext) -> Seen:
        person = command.member(as_, "--as") if as_ else ""
        return await context.look_up(command.number(request), person)

    seen = command.run(work)
    if json:
        more: dict[str, Any] = {"may": [verb_text(verb) for verb in seen.verbs]} if as_ else {}
        as_of = {"as_of": seen.as_of.isoformat()} if seen.as_of else {}
        show_json(request_json(seen.snapshot) | more | as_of)
    else:
        show(request_lines(seen.snapshot))
        if seen.as_of and seen.snapshot.is_open:
            show([Line(f"As of {instant(seen.as_of)}: the last recorded state.")])
        elif as_:
            show([menu_line(as_, seen.verbs)])
    if seen.problem:
        remark(seen.problem)
        raise typer.Exit(Exit.CANNOT)


@app.command("list", epilog=SHOW_CODES)
def list_requests(
    *,
    open_only: command.OpenOnly = False,
    requester: command.Requester = "",
    policy: Annotated[str, typer.Option(help="Only those under this policy.")] = "",
    limit: command.Limit = 20,
    json: Json = False,
) -> None:
    """List requests from the records, newest first."""

    async def work(context: CliContext) -> list[ApprovalSnapshot]:
        await context.require_records()
        found = await context.requests.overview(
            open_only=open_only,
            requester=command.member(requester, "--requester") if requester else "",
            policy=command.typed(policy, "--policy"),
            limit=limit,
        )
        return readable_snapshots(found, ApprovalSnapshot)

    snapshots = command.run(work)
    output_list(snapshots, request_json, short_lines, as_json=json)
