"""What can be done with a request, from the command line: one command for each verb."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import command, request_options
from bot.cli.command import PATIENCE, As, Json, Key, Patience, Reason, Request
from bot.cli.request_output import change_lines, request_json, short_lines
from bot.cli.terminal import EXIT_CODES, CommandError, Line, show, show_json
from bot.policies.keys import SourceError, read_source
from workflows.rules.approvals.request import (
    Amendment,
    Closing,
    Comment,
    Decision,
    Delegation,
    Reassignment,
    Refresh,
    Verdict,
    Withdrawal,
)
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.people.actors import Actor, ApproverSource

if TYPE_CHECKING:
    from bot.actions.commands import Deed
    from bot.cli.context import Desk

app = typer.Typer()

Make = Callable[["Desk", Actor], Awaitable["Deed"]]
"""Makes the deed of what was typed and, where that leaves something open, of the present face."""


class VerdictArgument(StrEnum):
    """What an approver can say, as it is typed."""

    APPROVE = "approve"
    REJECT = "reject"
    REQUEST_CHANGES = "request-changes"

    @property
    def verdict(self) -> Verdict:
        """The verdict that this is."""
        return Verdict(self.value.replace("-", "_"))


@app.command(epilog=EXIT_CODES)
def decide(
    *,
    request: Request,
    saying: Annotated[
        VerdictArgument,
        typer.Argument(metavar="VERDICT", help="approve, reject or request-changes."),
    ],
    as_: As = "",
    reason: Reason = "",
    level: Annotated[
        int | None, typer.Option(min=1, help="The level that is meant (the one reached last).")
    ] = None,
    revision: Annotated[
        int | None, typer.Option(min=1, help="The content that was read (the present one).")
    ] = None,
    key: Key = "",
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """Approve, reject, or ask the requester for changes."""

    async def make(desk: "Desk", actor: Actor) -> Decision:
        at, content = level, revision
        if at is None or content is None:
            snapshot = await desk.face(request, actor.person)
            at = at or max(len(snapshot.levels), 1)
            content = content or snapshot.content_revision
        return Decision(
            actor=actor,
            verdict=saying.verdict,
            reason=command.typed(reason, "--reason"),
            content_revision=content,
            level=at,
        )

    _do(request, as_, make, key=key, patience=patience, json=json)


@app.command(epilog=EXIT_CODES)
def comment(
    *,
    request: Request,
    text: Annotated[str, typer.Argument(help="What to remark; - is standard input.")],
    as_: As = "",
    key: Key = "",
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """Remark something; it decides nothing."""

    def make(actor: Actor) -> Comment:
        words = command.text_of("", "-", "TEXT") if text == "-" else command.typed(text, "TEXT")
        return Comment(actor=actor, text=words.strip())

    _do(request, as_, _at_once(make), key=key, patience=patience, json=json)


@app.command(epilog=EXIT_CODES)
def amend(
    *,
    request: Request,
    title: Annotated[str | None, typer.Option(help="Another title.")] = None,
    text: Annotated[str | None, typer.Option(help="Another text; “” takes it away.")] = None,
    text_file: Annotated[str, typer.Option(help="Read the text there; - is standard input.")] = "",
    amount: Annotated[str | None, typer.Option(help="Another amount; “” takes it away.")] = None,
    link: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="In place of all links; repeat for more; “” for none."),
    ] = None,
    as_: As = "",
    key: Key = "",
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """Change what you asked for; what is not given stays. Earlier decisions are void."""

    async def make(desk: "Desk", actor: Actor) -> Amendment:
        options = request_options.Options(
            title=title,
            text=command.text_of(text or "", text_file, "--text") if text_file else text,
            amount=amount,
            links=link or None,
        )
        snapshot = await desk.face(request, actor.person)
        content = request_options.amended(snapshot, options)
        return Amendment(actor=actor, content=content, content_revision=snapshot.content_revision)

    _do(request, as_, make, key=key, patience=patience, json=json)


@app.command(epilog=EXIT_CODES)
def delegate(
    *,
    request: Request,
    to: Annotated[
        str, typer.Option(metavar="PERSON", help="Who stands in for you, by Slack member id.")
    ],
    as_: As = "",
    key: Key = "",
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """Have somebody stand in for you on this one request."""

    def make(actor: Actor) -> Delegation:
        return Delegation(actor=actor, delegate=command.member(to, "--to"))

    _do(request, as_, _at_once(make), key=key, patience=patience, json=json)


@app.command(epilog=EXIT_CODES)
def withdraw(
    *,
    request: Request,
    as_: As = "",
    reason: Reason = "",
    key: Key = "",
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """Take back what you asked for."""

    def make(actor: Actor) -> Withdrawal:
        return Withdrawal(actor=actor, reason=command.typed(reason, "--reason"))

    _do(request, as_, _at_once(make), key=key, patience=patience, json=json)


@app.command(epilog=EXIT_CODES)
def reassign(
    *,
    request: Request,
    approver: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE", help="user:U…, group:…, email:… or manager; repeat for more. Needed."
        ),
    ] = None,
    as_: As = "",
    reason: Reason = "",
    key: Key = "",
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """Name other approvers for the level that waits, as an admin; a reason is needed."""

    def make(actor: Actor) -> Reassignment:
        return Reassignment(
            actor=actor,
            approvers=_sources(approver or []),
            reason=command.typed(reason, "--reason"),
        )

    _do(request, as_, _at_once(make), key=key, patience=patience, json=json)


def _sources(written: list[str]) -> tuple[ApproverSource, ...]:
    if not written:
        raise CommandError(
            "Name who decides: --approver user:U…, group:…, email:… or manager, once for each."
        )
    try:
        return tuple(
            dict.fromkeys(read_source(command.typed(one, "--approver")) for one in written)
        )
    except SourceError as error:
        raise CommandError(f"--approver: {error}") from None


@app.command(epilog=EXIT_CODES)
def refresh(
    *,
    request: Request,
    as_: As = "",
    key: Key = "",
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """Have the approvers read again, as an admin."""

    def make(actor: Actor) -> Refresh:
        return Refresh(actor=actor)

    _do(request, as_, _at_once(make), key=key, patience=patience, json=json)


@app.command(epilog=EXIT_CODES)
def close(
    *,
    request: Request,
    as_: As = "",
    reason: Reason = "",
    key: Key = "",
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """End a request undecided, as an admin; a reason is needed."""

    def make(actor: Actor) -> Closing:
        return Closing(actor=actor, reason=command.typed(reason, "--reason"))

    _do(request, as_, _at_once(make), key=key, patience=patience, json=json)


def _at_once(make: Callable[[Actor], "Deed"]) -> Make:
    """Return the maker of a deed that says everything by itself."""

    async def made(desk: "Desk", actor: Actor) -> "Deed":  # noqa: ARG001 - it needs no look
        return make(actor)

    return made


def _do(request: str, as_: str, make: Make, *, key: str, patience: float, json: bool) -> None:
    """Make a deed of what was typed, send it, and print what it led to."""

    async def work(desk: "Desk") -> tuple["Deed", ApprovalSnapshot]:
        from bot.cli import execution  # noqa: PLC0415 - loads Temporal's client, see `command.run`

        actor, number = command.operator(as_), command.number(request)
        deed = await make(desk, actor)
        name = command.key_or_new(key)
        return deed, await execution.do(desk, number, deed, name, repeats=bool(key))

    deed, snapshot = command.run(work, patience)
    if json:
        show_json(request_json(snapshot))
    else:
        show([Line("Done.", style="green"), *short_lines(snapshot)])
        show(change_lines(snapshot) if isinstance(deed, Amendment) else [])
