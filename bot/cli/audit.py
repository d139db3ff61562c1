"""`countersign audit`: the facts of every request, checked, handed out, and texts taken out of them."""

import sys
from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import audit_file, audit_output, command
from bot.cli.command import As, Json, Reason, Request
from bot.cli.terminal import (
    AUDIT_CODES,
    VERIFY_CODES,
    CommandError,
    Exit,
    Line,
    remark,
    show,
    show_json,
    show_table,
)
from records.redactions import (
    BrokenTrailError,
    NoSuchTextError,
    Place,
    Redaction,
    RedactionError,
    StillOpenError,
)
from records.trail import NO_FACT
from workflows.rules.approvals.transitions import require_reason
from workflows.rules.shared.audit import data_field
from workflows.rules.shared.errors import RuleError

if TYPE_CHECKING:
    from bot.cli.context import CliContext
    from records.trail import Trail

app = typer.Typer(
    help="The audit trail: show it, hand it out, check it, take a text out of it.",
    epilog=VERIFY_CODES,
    no_args_is_help=True,
)


class Format(StrEnum):
    """How facts are handed out."""

    JSONL = "jsonl"
    CSV = "csv"


Some = Annotated[list[str] | None, typer.Argument(metavar="REQUEST", help="Their numbers.")]


@app.command("show", epilog=AUDIT_CODES)
def show_trail(*, request: Request, json: Json = False) -> None:
    """Show every fact of a request: what, when, who and for whom, by which rule."""

    async def work(context: "CliContext") -> "Trail":
        await context.require_records()
        return await _known(context, command.number(request))

    trail = command.run(work)
    try:
        if json:
            show_json(audit_output.fact_json(trail))
        else:
            show_table(audit_output.fact_table(trail))
            show(audit_output.redaction_lines(trail))
    except NO_FACT:
        remark(
            f"The trail of {request} cannot be read. `countersign audit verify {request}` says where."
        )
        raise typer.Exit(Exit.FLAWED) from None


async def _known(context: "CliContext", request_id: str) -> "Trail":
    trail = await context.trail.trail(request_id)
    if not trail.rows and trail.head is None:
        raise CommandError(f"Nothing is written down of {request_id}.")
    return trail


@app.command(epilog=AUDIT_CODES)
def refusals(
    *,
    request: Annotated[str, typer.Argument(metavar="[REQUEST]", help="Only its refusals.")] = "",
    json: Json = False,
) -> None:
    """Show who tried what on which request and was refused, and why."""

    async def work(context: "CliContext") -> list[Any]:
        await context.require_records()
        wanted = command.number(request) if request else ""
        return [one async for one in context.refusals.all(wanted)]

    found = command.run(work)
    if json:
        show_json([audit_output.refusal_json(one) for one in found])
    elif found:
        show_table(audit_output.refusal_table(found))
    else:
        remark("Nobody was refused.")


@app.command(epilog=VERIFY_CODES)
def verify(
    *,
    requests: Some = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every request, and the refusals.")
    ] = False,
    temporal: Annotated[
        bool,
        typer.Option("--temporal/--no-temporal", help="Compare with Temporal's history too."),
    ] = True,
    file: Annotated[
        Path | None, typer.Option(help="Check this exported file instead, with nothing else.")
    ] = None,
) -> None:
    """Compute every hash again and, where Temporal still has the history, every fact."""
    ids = requests or []
    if sum((bool(ids), everything, file is not None)) != 1:
        remark("Say what to verify: requests by their numbers, or --all, or --file FILE.")
        raise typer.Exit(Exit.CANNOT)

    async def work(context: "CliContext") -> Exit:
        from bot.cli import audit_verify  # noqa: PLC0415 - loads Temporal's client

        wanted = [command.number(one) for one in ids]
        return await audit_verify.verify(context, wanted, temporal=temporal)

    if file is None:
        raise typer.Exit(command.run(work))
    raise typer.Exit(_verified(file))


def _verified(file: Path) -> Exit:
    """Check an exported file, with nothing else, and say what is found."""
    broken = False
    try:
        with file.open("rb") as lines:
            for found in audit_file.check_lines(lines):
                broken = broken or not found.intact
                style = "" if found.intact else "red"
                show([Line(audit_output.chain_words(found), style=style)])
    except OSError as error:
        remark(f"{file} cannot be read ({type(error).__name__}).")
        return Exit.CANNOT
    except audit_file.ExportFlawError as error:
        show([Line(f"{file}: {error}", style="red")])
        return Exit.FLAWED
    if broken:
        return Exit.FLAWED
    show([Line(f"{file}: every line is as it was exported.")])
    return Exit.DONE


@app.command(epilog=AUDIT_CODES)
def export(
    *,
    requests: Some = None,
    form: Annotated[
        Format, typer.Option("--format", help="jsonl can be verified, csv is for reading.")
    ] = Format.JSONL,
    output: Annotated[
        Path | None, typer.Option(help="Write into this file, not on standard output.")
    ] = None,
    refused: Annotated[
        bool, typer.Option("--refusals", help="The refusals instead of the facts, all of them.")
    ] = False,
) -> None:
    """Hand the facts out, of these requests or else of all: a line each, with every hash."""
    ids = requests or []
    if ids and refused:
        remark("The refusals are one chain: they are exported all together, without a REQUEST.")
        raise typer.Exit(Exit.CANNOT)

    async def work(context: "CliContext") -> None:
        await context.require_records()
        for one in ids:
            await _known(context, command.number(one))
        lines = _csv_lines if form is Format.CSV else _json_lines
        await _write(lines(context, ids, refused=refused), output)

    command.run(work)


async def _write(lines: AsyncIterator[str], output: Path | None) -> None:
    try:
        opened = output.open("w", encoding="utf-8", newline="") if output else None
    except OSError as error:
        raise CommandError(f"{output} cannot be written ({type(error).__name__}).") from None
    with opened or nullcontext(sys.stdout) as target:
        async for line in lines:
            try:
                target.write(line)
            except BrokenPipeError:
                raise
            except OSError as error:
                raise CommandError(
                    f"{output or 'Standard output'} cannot be written ({type(error).__name__})."
                ) from None


async def _trails(context: "CliContext", ids: list[str]) -> AsyncIterator["Trail"]:
    if ids:
        for one in dict.fromkeys(ids):
            yield await context.trail.trail(one)
        return
    async for one in context.trail.request_ids():
        yield await context.trail.trail(one)


async def _json_lines(
    context: "CliContext", ids: list[str], *, refused: bool
) -> AsyncIterator[str]:
    lines = audit_file.JsonLines()
    if refused:
        async with context.refusals.at_one_instant() as (rows, head):
            async for document in audit_file.refusal_documents(rows, head):
                yield lines.line(document)
    else:
        async for trail in _trails(context, ids):
            for document in audit_file.trail_documents(trail):
                yield lines.line(document)
    yield lines.end()


async def _csv_lines(context: "CliContext", ids: list[str], *, refused: bool) -> AsyncIterator[str]:
    yield audit_file.csv_head(refusals=refused)
    if refused:
        async with context.refusals.at_one_instant() as (rows, _):
            async for row in rows:
                yield audit_file.csv_refusal(row)
        return
    async for trail in _trails(context, ids):
        for line in audit_file.csv_facts(trail):
            yield line


@app.command(epilog=AUDIT_CODES)
def redact(
    *,
    request: Request,
    number: Annotated[int, typer.Argument(min=1, help="The fact's number, as `show` has it.")],
    field: Annotated[
        str, typer.Option(metavar="FIELD", help="reason, or a key of the fact's data: content.")
    ] = "reason",
    as_: As = "",
    reason: Reason = "",
) -> None:
    """Take a text out of a fact of a request that has ended, for good; its digest is kept."""

    async def work(context: "CliContext") -> tuple[Place, ...]:
        wanted = Redaction(
            request_id=command.number(request),
            sequence=number,
            field=field if field == "reason" else data_field(field.removeprefix("data.")),
            actor=command.operator(as_),
            why=_why(reason),
            at=datetime.now(UTC),
        )
        await context.require_records()
        await _known(context, wanted.request_id)
        try:
            return await context.redactions.redact(wanted)
        except RedactionError as error:
            raise CommandError(_not_redacted(error, wanted)) from None

    places = command.run(work)
    show(Line(f"Taken out of {one.request_id}, fact {one.sequence}: {one.field}") for one in places)
    if places:
        remark("Slack's messages and Temporal's history are not touched: see docs/audit.md.")
    else:
        remark(f"Fact {number} of {request}: that text was redacted before; nothing was changed.")


def _why(reason: str) -> str:
    try:
        require_reason(reason)
    except RuleError:
        raise CommandError("--reason: say why, in at most 3,000 characters.") from None
    return command.typed(reason, "--reason")


def _not_redacted(error: RedactionError, wanted: Redaction) -> str:
    match error:
        case StillOpenError(request_id=still):
            return (
                f"{still} has not ended: its workflow would write the text again. Redact when it "
                f"has; `countersign request close {still}` ends a request undecided."
            )
        case BrokenTrailError(request_id=broken):
            return (
                f"The trail of {broken} is not as it was written, and a redaction would hide how: "
                f"`countersign audit verify {broken}`"
            )
        case NoSuchTextError(fields=()):
            return f"{wanted.request_id} has no fact {wanted.sequence} with a text."
        case NoSuchTextError(fields=fields):
            names = ", ".join(one.removeprefix("data.") for one in fields)
            return f"Fact {wanted.sequence} has no text in that --field. It has: {names}"
        case _:
            return str(error)
