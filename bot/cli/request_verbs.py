"""`countersign request VERB`: one command for each verb of an approval."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import command, plain_verbs, request_options
from bot.cli.command import PATIENCE, As, Json, Key, Patience, Reason, Request
from bot.cli.request_output import change_lines, request_json, short_lines
from bot.cli.terminal import EXIT_CODES, CommandError, Line, show, show_json
from bot.policies.keys import SourceError, read_source
from workflows.rules.approvals.request import (
    Amendment,
    Comment,
    Decision,
    Delegation,
    Reassignment,
    Verdict,
)
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.verbs import ApprovalCommand
from workflows.rules.people.actors import Actor, ApproverSource

if TYPE_CHECKING:
    from bot.cli.context import CliContext

app = typer.Typer()

Make = Callable[["CliContext", Actor], Awaitable[ApprovalCommand]]
"""Makes a command from the options and, if they leave something open, the current snapshot."""


class VerdictArgument(StrEnum):
    """The verdicts, as they are typed."""

    APPROVE = "approve"
    REJECT = "reject"
    REQUEST_CHANGES = "request-changes"

    @property
    def verdict(self) -> Verdict:
        """The rules' name of the verdict."""
        return Verdict(self.value.replace("-", "_"))


@app.command(epilog=EXIT_CODES)
def decide(
    *,
    request: Request,
    verdict: Annotated[
        VerdictArgument,
        typer.Argument(metavar="VERDICT", help="approve, reject or request-changes."),
    ],
    as_: As = "",
    reason: Reason = "",
    level: Annotated[int | None, typer.Option(min=1, help="The level to decide [latest].")] = None,
    revision: Annotated[
        int | None, typer.Option(min=1, help="The content revision you read [current].")
    ] = None,
    key: Key = "",
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """Approve, reject, or request changes."""

    async def make(context: "CliContext", actor: Actor) -> Decision:
        level_read, revision_read = level, revision
        if level_read is None or revision_read is None:
            snapshot = await context.snapshot(request, actor.person)
            level_read = level_read or max(len(snapshot.levels), 1)
            revision_read = revision_read or snapshot.content_revision
        return Decision(
            actor=actor,
            verdict=verdict.verdict,
            reason=command.typed(reason, "--reason"),
            content_revision=revision_read,
            level=level_read,
        )

    _run(request, as_, make, key=key, patience=patience, json=json)


@app.command(epilog=EXIT_CODES)
def comment(
    *,
    request: Request,
    text: Annotated[str, typer.Argument(help="The comment; - is standard input.")],
    as_: As = "",
    key: Key = "",
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """Add a comment. A comment is not a decision."""

    async def make(_: "CliContext", actor: Actor) -> Comment:
        typed = command.text_of("", "-", "TEXT") if text == "-" else command.typed(text, "TEXT")
        return Comment(actor=actor, text=typed.strip())

    _run(request, as_, make, key=key, patience=patience, json=json)


@app.command(epilog=EXIT_CODES)
def amend(
    *,
    request: Request,
    title: Annotated[str | None, typer.Option(help="The new title.")] = None,
    text: Annotated[str | None, typer.Option(help="The new text; “” removes it.")] = None,
    text_file: Annotated[
        str, typer.Option(help="A file to read it from; - is standard input.")
    ] = "",
    amount: Annotated[str | None, typer.Option(help="The new amount; “” removes it.")] = None,
    link: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL", help="A link; can be repeated. Replaces all links; “” removes them."
        ),
    ] = None,
    as_: As = "",
    key: Key = "",
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """Change your request. Parts you leave out stay; earlier decisions become void."""

    async def make(context: "CliContext", actor: Actor) -> Amendment:
        options = request_options.Options(
            title=title,
            text=command.text_of(text or "", text_file, "--text") if text_file else text,
            amount=amount,
            links=link or None,
        )
        snapshot = await context.snapshot(request, actor.person)
        content = request_options.amended(snapshot, options)
        return Amendment(actor=actor, content=content, content_revision=snapshot.content_revision)

    snapshot = _run(request, as_, make, key=key, patience=patience, json=json)
    if not json:
        show(change_lines(snapshot))


@app.command(epilog=EXIT_CODES)
def delegate(
    *,
    request: Request,
    to: Annotated[str, typer.Option(metavar="PERSON", help="Your delegate, by Slack member ID.")],
    as_: As = "",
    key: Key = "",
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """Let another person decide for you on this request."""

    async def make(_: "CliContext", actor: Actor) -> Delegation:
        return Delegation(actor=actor, delegate=command.member(to, "--to"))

    _run(request, as_, make, key=key, patience=patience, json=json)


@app.command(epilog=EXIT_CODES)
def reassign(
    *,
    request: Request,
    approver: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE",
            help="user:U…, group:…, email:… or manager; can be repeated. Required.",
        ),
    ] = None,
    as_: As = "",
    reason: Reason = "",
    key: Key = "",
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """As an admin, choose other approvers for the open level. A reason is required."""

    async def make(_: "CliContext", actor: Actor) -> Reassignment:
        return Reassignment(
            actor=actor,
            approvers=_sources(approver or []),
            reason=command.typed(reason, "--reason"),
        )

    _run(request, as_, make, key=key, patience=patience, json=json)


def _sources(written: list[str]) -> tuple[ApproverSource, ...]:
    if not written:
        raise CommandError(
            "Choose approvers: --approver user:U…, group:…, email:… or manager, once for each."
        )
    try:
        sources = [read_source(command.typed(source, "--approver")) for source in written]
    except SourceError as error:
        raise CommandError(f"--approver: {error}") from None
    return tuple(dict.fromkeys(sources))


def _run(
    request: str, as_: str, make: Make, *, key: str, patience: float, json: bool
) -> ApprovalSnapshot:
    """Make the command, execute it, and print the snapshot that it led to."""

    async def work(context: "CliContext") -> ApprovalSnapshot:
        from bot.cli import execution  # noqa: PLC0415 - loads Temporal's client, see `command.run`

        actor, number = command.operator(as_), command.number(request)
        wanted = await make(context, actor)
        return await execution.execute(context, number, wanted, key)

    snapshot = command.run(work, patience)
    if json:
        show_json(request_json(snapshot))
    else:
        show([Line("Done.", style="green"), *short_lines(snapshot)])
    return snapshot


plain_verbs.add_to(app, "request", _run)
