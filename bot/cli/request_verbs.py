"""`countersign request VERB`: one command for each verb of an approval."""

from enum import StrEnum
from typing import Annotated

import typer

from bot.cli import command, request_options, verbs
from bot.cli.command import TIMEOUT, As, Json, Key, Reason, Request, Timeout
from bot.cli.context import CliContext
from bot.cli.request_output import change_lines
from bot.cli.terminal import EXIT_CODES, CommandError, show
from bot.policies.keys import SourceError, read_source
from workflows.rules.approvals.request import (
    Amendment,
    Comment,
    Decision,
    Delegation,
    Reassignment,
    Verdict,
)
from workflows.rules.people.actors import Actor, ApproverSource

app = typer.Typer()


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
    timeout: Timeout = TIMEOUT,
    json: Json = False,
) -> None:
    """Approve, reject, or request changes."""

    async def make(context: CliContext, actor: Actor) -> Decision:
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

    verbs.run(verbs.REQUESTS, request, as_, make, key=key, timeout=timeout, json=json)


@app.command(epilog=EXIT_CODES)
def comment(
    *,
    request: Request,
    text: Annotated[str, typer.Argument(help="The comment; - is standard input.")],
    as_: As = "",
    key: Key = "",
    timeout: Timeout = TIMEOUT,
    json: Json = False,
) -> None:
    """Add a comment. A comment is not a decision."""

    async def make(_: CliContext, actor: Actor) -> Comment:
        typed = command.text_of("", "-", "TEXT") if text == "-" else command.typed(text, "TEXT")
        return Comment(actor=actor, text=typed.strip(), notify=True)

    verbs.run(verbs.REQUESTS, request, as_, make, key=key, timeout=timeout, json=json)


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
    timeout: Timeout = TIMEOUT,
    json: Json = False,
) -> None:
    """Change your request. Parts you leave out stay; earlier decisions become void."""

    async def make(context: CliContext, actor: Actor) -> Amendment:
        options = request_options.Options(
            title=title,
            text=command.text_of(text or "", text_file, "--text") if text_file else text,
            amount=amount,
            links=link or None,
        )
        snapshot = await context.snapshot(request, actor.person)
        content = request_options.amended(snapshot, options)
        return Amendment(actor=actor, content=content, content_revision=snapshot.content_revision)

    snapshot = verbs.run(verbs.REQUESTS, request, as_, make, key=key, timeout=timeout, json=json)
    if not json:
        show(change_lines(snapshot))


@app.command(epilog=EXIT_CODES)
def delegate(
    *,
    request: Request,
    to: Annotated[str, typer.Option(metavar="PERSON", help="Your delegate, by Slack member ID.")],
    as_: As = "",
    key: Key = "",
    timeout: Timeout = TIMEOUT,
    json: Json = False,
) -> None:
    """Let another person decide for you on this request."""

    async def make(_: CliContext, actor: Actor) -> Delegation:
        return Delegation(actor=actor, delegate=command.member(to, "--to"))

    verbs.run(verbs.REQUESTS, request, as_, make, key=key, timeout=timeout, json=json)


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
    timeout: Timeout = TIMEOUT,
    json: Json = False,
) -> None:
    """As an admin, choose other approvers for the open level. A reason is required."""

    async def make(_: CliContext, actor: Actor) -> Reassignment:
        return Reassignment(
            actor=actor,
            approvers=_sources(approver or []),
            reason=command.typed(reason, "--reason"),
        )

    verbs.run(verbs.REQUESTS, request, as_, make, key=key, timeout=timeout, json=json)


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


verbs.add_generated(app, verbs.REQUESTS)
