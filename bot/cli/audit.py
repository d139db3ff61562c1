"""`countersign audit`: show, verify, export and redact the audit trail."""

import sys
from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli import audit_file, audit_output, audit_verify, command
from bot.cli.command import As, Json, Reason, Request
from bot.cli.context import CliContext
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
    RedactedField,
    Redaction,
    RedactionError,
    StillOpenError,
)
from records.trail import ROW_ERRORS, Trail
from workflows.rules.approvals.transitions import require_reason
from workflows.rules.shared.audit import data_field
from workflows.rules.shared.errors import RuleError

app = typer.Typer(
    help="The audit trail: show, verify, export, redact.",
    epilog=VERIFY_CODES,
    no_args_is_help=True,
)


class Format(StrEnum):
    """Formats of an export."""

    JSONL = "jsonl"
    CSV = "csv"


RequestIds = Annotated[list[str] | None, typer.Argument(metavar="REQUEST", help="Request IDs.")]


@app.command("show", epilog=AUDIT_CODES)
def show_trail(*, request: Request, json: Json = False) -> None:
    """Show each fact of a request: what happened, when, who did it and by which rule."""

    async def work(context: CliContext) -> Trail:
        await context.require_records()
        return await _known(context, command.number(request))

    trail = command.run(work)
    try:
        if json:
            show_json(audit_output.fact_json(trail))
        else:
            show_table(audit_output.fact_table(trail))
            show(audit_output.redaction_lines(trail))
    except ROW_ERRORS:
        remark(f"The trail of {request} cannot be read. Run `countersign audit verify {request}`.")
        raise typer.Exit(Exit.FLAWED) from None


async def _known(context: CliContext, request_id: str) -> Trail:
    trail = await context.trail.trail(request_id)
    if not trail.rows and trail.head is None:
        raise CommandError(f"Nothing is recorded for {request_id}.")
    return trail


@app.command(epilog=AUDIT_CODES)
def refusals(
    *,
    request: Annotated[
        str, typer.Argument(metavar="[REQUEST]", help="Only the refusals of this request.")
    ] = "",
    json: Json = False,
) -> None:
    """Show refused attempts: who tried what, on which request, and why it was refused."""

    async def work(context: CliContext) -> list[Any]:
        await context.require_records()
        request_id = command.number(request) if request else ""
        return [refused async for refused in context.refusals.all(request_id)]

    found = command.run(work)
    if json:
        show_json([audit_output.refusal_json(refused) for refused in found])
    elif found:
        show_table(audit_output.refusal_table(found))
    else:
        remark("There are no refusals.")


@app.command(epilog=VERIFY_CODES)
def verify(
    *,
    requests: RequestIds = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All requests, and the refusals.")
    ] = False,
    temporal: Annotated[
        bool,
        typer.Option("--temporal/--no-temporal", help="Also compare with Temporal's history."),
    ] = True,
    file: Annotated[
        Path | None, typer.Option(help="Verify this exported file, without database and Temporal.")
    ] = None,
) -> None:
    """Recompute each hash and, if Temporal still has the history, each fact."""
    ids = requests or []
    if sum((bool(ids), everything, file is not None)) != 1:
        remark("Give request IDs, or --all, or --file FILE.")
        raise typer.Exit(Exit.CANNOT)

    async def work(context: CliContext) -> Exit:
        request_ids = [command.number(id_) for id_ in ids]
        return await audit_verify.verify(context, request_ids, temporal=temporal)

    if file is None:
        raise typer.Exit(command.run(work))
    raise typer.Exit(_verify_file(file))


def _verify_file(file: Path) -> Exit:
    """Verify an exported file on its own, and print the result."""
    broken = False
    try:
        with file.open("rb") as lines:
            for found in audit_file.check_lines(lines):
                broken = broken or not found.intact
                style = "" if found.intact else "red"
                show([Line(audit_output.chain_text(found), style=style)])
    except OSError as error:
        remark(f"{file} cannot be read ({type(error).__name__}).")
        return Exit.CANNOT
    except audit_file.ExportFlawError as error:
        show([Line(f"{file}: {error}", style="red")])
        return Exit.FLAWED
    if broken:
        return Exit.FLAWED
    show([Line(f"{file}: every line is intact.")])
    return Exit.DONE


@app.command(epilog=AUDIT_CODES)
def export(
    *,
    requests: RequestIds = None,
    form: Annotated[
        Format, typer.Option("--format", help="jsonl can be verified; csv is for spreadsheets.")
    ] = Format.JSONL,
    output: Annotated[
        Path | None, typer.Option(help="Write to this file instead of standard output.")
    ] = None,
    refused: Annotated[
        bool, typer.Option("--refusals", help="Export all refusals instead of facts.")
    ] = False,
) -> None:
    """Export the facts of these requests, or of all: one per line, with their hashes."""
    ids = requests or []
    if ids and refused:
        remark("The refusals are one chain. They can only be exported together: leave out REQUEST.")
        raise typer.Exit(Exit.CANNOT)

    async def work(context: CliContext) -> None:
        await context.require_records()
        for id_ in ids:
            await _known(context, command.number(id_))
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


async def _trails(context: CliContext, ids: list[str]) -> AsyncIterator[Trail]:
    if ids:
        for request_id in dict.fromkeys(ids):
            yield await context.trail.trail(request_id)
        return
    async for request_id in context.trail.request_ids():
        yield await context.trail.trail(request_id)


async def _json_lines(context: CliContext, ids: list[str], *, refused: bool) -> AsyncIterator[str]:
    lines = audit_file.JsonLines()
    if refused:
        async with context.refusals.read_consistently() as (rows, head):
            async for document in audit_file.refusal_documents(rows, head):
                yield lines.line(document)
    else:
        async for trail in _trails(context, ids):
            for document in audit_file.trail_documents(trail):
                yield lines.line(document)
    yield lines.end()


async def _csv_lines(context: CliContext, ids: list[str], *, refused: bool) -> AsyncIterator[str]:
    yield audit_file.csv_head(refusals=refused)
    if refused:
        async with context.refusals.read_consistently() as (rows, _):
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
    number: Annotated[
        int, typer.Argument(min=1, help="The number of the fact, as `audit show` prints it.")
    ],
    field: Annotated[
        str,
        typer.Option(metavar="FIELD", help="reason, or a key of the fact's data, such as content."),
    ] = "reason",
    as_: As = "",
    reason: Reason = "",
) -> None:
    """Permanently remove a text from a fact of an ended request. Its digest is kept."""

    async def work(context: CliContext) -> tuple[RedactedField, ...]:
        redaction = Redaction(
            request_id=command.number(request),
            sequence=number,
            field=field if field == "reason" else data_field(field.removeprefix("data.")),
            actor=command.operator(as_),
            why=_why(reason),
            at=datetime.now(UTC),
        )
        await context.require_records()
        await _known(context, redaction.request_id)
        try:
            return await context.redactions.redact(redaction)
        except RedactionError as error:
            raise CommandError(_not_redacted(error, redaction)) from None

    places = command.run(work)
    show(
        Line(f"Redacted in {place.request_id}, fact {place.sequence}: {place.field}")
        for place in places
    )
    if places:
        remark("Slack's messages and Temporal's history are not changed: see docs/audit.md.")
    else:
        remark(f"Fact {number} of {request}: already redacted; nothing was changed.")


def _why(reason: str) -> str:
    try:
        require_reason(reason)
    except RuleError:
        raise CommandError("--reason is required, with at most 3,000 characters.") from None
    return command.typed(reason, "--reason")


def _not_redacted(error: RedactionError, redaction: Redaction) -> str:
    match error:
        case StillOpenError(request_id=open_id):
            return (
                f"{open_id} has not ended, so its workflow would write the text again. Redact it "
                f"later, or end the request first: `countersign request close {open_id}`"
            )
        case BrokenTrailError(request_id=broken_id):
            return (
                f"The trail of {broken_id} was altered, and a redaction would hide how. Run "
                f"`countersign audit verify {broken_id}`."
            )
        case NoSuchTextError(fields=()):
            return f"{redaction.request_id} has no fact {redaction.sequence} with a text."
        case NoSuchTextError(fields=fields):
            names = ", ".join(name.removeprefix("data.") for name in fields)
            return f"Fact {redaction.sequence} has no such --field. Its fields: {names}"
        case _:
            return str(error)
