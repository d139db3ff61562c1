"""`countersign request`: every verb of a request, for operators and scripts."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import command, request_options, request_verbs
from bot.cli.command import PATIENCE, As, AsReader, Json, Patience, Request
from bot.cli.request_output import (
    instant,
    menu_line,
    request_json,
    request_lines,
    short_lines,
    verb_words,
)
from bot.cli.terminal import (
    EXIT_CODES,
    SHOW_CODES,
    WAIT_CODES,
    CommandError,
    Exit,
    Line,
    remark,
    show,
    show_json,
)
from bot.runtime.ids import new_id
from workflows.rules.approvals.request import ApprovalRequest, Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.shared.ids import REQUEST_ID

if TYPE_CHECKING:
    from bot.cli.context import Desk, Seen

app = typer.Typer(
    help="Requests: ask, look, decide, and everything else that can be done with one.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)
app.add_typer(request_verbs.app)

_OUTCOMES = {Status.APPROVED: Exit.DONE, Status.REJECTED: Exit.REJECTED}


@app.command(epilog=WAIT_CODES)
def create(
    *,
    policy: Annotated[str, typer.Option(help="By which policy of policies.toml.")],
    title: Annotated[str, typer.Option(help="What is asked, in a few words.")],
    text: Annotated[str, typer.Option(help="What the approvers should know.")] = "",
    text_file: Annotated[str, typer.Option(help="Read the text there; - is standard input.")] = "",
    amount: Annotated[str, typer.Option(help="How much, such as “1500.00 USD”.")] = "",
    link: Annotated[list[str] | None, typer.Option(metavar="URL", help="Repeat for more.")] = None,
    answer_within: Annotated[str, typer.Option(help="How long it may wait: 30m, 4h, 2d.")] = "",
    as_: As = "",
    request_id: Annotated[
        str, typer.Option("--id", metavar="REQ-…", help="Its number: twice the same, one request.")
    ] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is decided.")] = False,
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """Ask for an approval; the request's number is printed."""

    async def work(desk: "Desk") -> Exit:
        written = request_options.Options(
            title=title,
            text=command.text_of(text, text_file, "--text"),
            amount=amount,
            links=link or [],
            answer_within=answer_within,
        )
        actor = command.operator(as_)
        asked = request_options.ask(
            desk.policies(), policy, _number(request_id) or new_id("REQ"), written, actor
        )
        return await _create(desk, asked, wait=wait, json=json)

    raise typer.Exit(command.run(work, patience))


async def _create(desk: "Desk", asked: ApprovalRequest, *, wait: bool, json: bool) -> Exit:
    from bot.cli import execution  # noqa: PLC0415 - loads Temporal's client, see `command.run`

    new = await execution.create(desk, asked)
    if not json:
        show([Line(asked.request_id)])
    if not new:
        remark(f"{asked.request_id} exists already; nothing was asked again.")
    elif not asked.route.levels:
        remark(f"Approved at once: rule “{asked.route.rule}” asks nobody.")
    if wait:
        snapshot = await execution.outcome(desk, asked.request_id)
        if json:
            show_json(request_json(snapshot))
        else:
            show(request_lines(snapshot))
        return _OUTCOMES.get(snapshot.status, Exit.ENDED)
    if json:
        show_json(request_json(await _asked(desk, asked.request_id)))
    return Exit.DONE


async def _asked(desk: "Desk", request_id: str) -> ApprovalSnapshot:
    try:
        return await desk.face(request_id, "")
    except CommandError:
        raise CommandError(
            f"{request_id} was asked, but nothing answers yet: is the worker running? "
            f"`countersign request show {request_id}` tells how it stands.",
            Exit.UNCONFIRMED,
        ) from None


def _number(written: str) -> str:
    if not written or REQUEST_ID.fullmatch(written):
        return written
    raise CommandError(
        "--id: a request's number is REQ- and then capital letters, digits and hyphens, 60 "
        "characters at most, such as REQ-INVOICE-2024-17."
    )


@app.command("show", epilog=SHOW_CODES)
def show_request(*, request: Request, as_: AsReader = "", json: Json = False) -> None:
    """Show how a request stands and, with --as, what that person may do with it now."""

    async def work(desk: "Desk") -> "Seen":
        person = command.member(as_, "--as") if as_ else ""
        return await desk.look(command.number(request), person)

    seen = command.run(work)
    if json:
        more: dict[str, Any] = {"may": [verb_words(one) for one in seen.verbs]} if as_ else {}
        as_of = {"as_of": seen.as_of.isoformat()} if seen.as_of else {}
        show_json(request_json(seen.face) | more | as_of)
    else:
        show(request_lines(seen.face))
        if seen.as_of and seen.face.is_open:
            show([Line(f"As of {instant(seen.as_of)}: the last that the records know.")])
        elif as_:
            show([menu_line(as_, seen.verbs)])
    if seen.problem:
        remark(seen.problem)
        raise typer.Exit(Exit.CANNOT)


@app.command("list", epilog=SHOW_CODES)
def list_requests(
    *,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that go on.")] = False,
    requester: Annotated[
        str, typer.Option(metavar="PERSON", help="Only this person's, by Slack member id.")
    ] = "",
    policy: Annotated[str, typer.Option(help="Only those by this policy.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20,
    json: Json = False,
) -> None:
    """List requests from the records, the newest first."""

    async def work(desk: "Desk") -> list[ApprovalSnapshot]:
        from bot.cli.context import readable  # noqa: PLC0415 - loads Temporal's client

        await desk.require_records()
        found = await desk.requests.overview(
            open_only=open_only,
            requester=command.member(requester, "--requester") if requester else "",
            policy=command.typed(policy, "--policy"),
            limit=limit,
        )
        snapshots = [readable(record) for record in found]
        if left := sum(not isinstance(snapshot, ApprovalSnapshot) for snapshot in snapshots):
            remark(f"Left out, for another version of Countersign wrote them: {left}.")
        return [snapshot for snapshot in snapshots if isinstance(snapshot, ApprovalSnapshot)]

    snapshots = command.run(work)
    if json:
        show_json([request_json(snapshot) for snapshot in snapshots])
        return
    show(line for snapshot in snapshots for line in short_lines(snapshot))
    if not snapshots:
        remark("There are none.")
