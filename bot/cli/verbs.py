"""Running a verb from the command line, and the commands that the verb registry generates."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import typer

from bot.actions.registry import REGISTRY, VerbSpec
from bot.cli import command, execution, order_output, request_output
from bot.cli.command import TIMEOUT, As, AsOrDefault, Json, Key, Order, Reason, Request, Timeout
from bot.cli.context import CliContext
from bot.cli.terminal import EXIT_CODES, Line, output
from views.order_json import order_json
from workflows.rules.people.actors import Actor

Make = Callable[[CliContext, Actor], Awaitable[Any]]
"""Makes a command from the options and, if they leave something open, the current snapshot."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """A command group: its parameters, how it reads a number, and how it prints a snapshot.

    With `has_default_person`, the settings may name the person who acts.
    """

    name: str
    parameters: Mapping[str, Any]
    read_number: Callable[[str], str]
    to_json: Callable[[Any], dict[str, Any]]
    short_lines: Callable[[Any], list[Line]]
    has_default_person: bool


REQUESTS = Group(
    name="request",
    parameters={"number": Request, "as_": As},
    read_number=command.number,
    to_json=request_output.request_json,
    short_lines=request_output.short_lines,
    has_default_person=False,
)
ORDERS = Group(
    name="order",
    parameters={"number": Order, "as_": AsOrDefault},
    read_number=command.order_number,
    to_json=order_json,
    short_lines=order_output.short_lines,
    has_default_person=True,
)


def run(
    group: Group, number: str, as_: str, make: Make, *, key: str, timeout: float, json: bool
) -> Any:
    """Make the command, execute it, print the resulting snapshot and return it."""

    async def work(context: CliContext) -> Any:
        person = as_ or (context.person if group.has_default_person else "")
        actor, request_id = command.operator(person), group.read_number(number)
        return await execution.execute(context, request_id, await make(context, actor), key)

    snapshot = command.run(work, timeout)
    show_done(group, snapshot, json=json)
    return snapshot


def show_done(group: Group, snapshot: Any, *, json: bool) -> None:
    """Print the snapshot that a command resulted in."""
    done = Line("Done.", style="green")
    output(group.to_json(snapshot), [done, *group.short_lines(snapshot)], as_json=json)


def add_generated(app: typer.Typer, group: Group) -> None:
    """Add the commands of the verbs that take a reason at most."""
    for spec in REGISTRY.values():
        if spec.cli_help and spec.cli[0] == group.name:
            has_reason = "reason" in {field.name for field in fields(spec.rule.command)}
            function = _with_reason(spec, group) if has_reason else _without_reason(spec, group)
            function.__annotations__ |= group.parameters
            app.command(spec.cli[1], help=spec.cli_help, epilog=EXIT_CODES)(function)


def _with_reason(spec: VerbSpec, group: Group) -> Callable[..., None]:
    def verb(
        *,
        number: str,
        as_: str = "",
        reason: Reason = "",
        key: Key = "",
        timeout: Timeout = TIMEOUT,
        json: Json = False,
    ) -> None:
        async def make(_: CliContext, actor: Actor) -> Any:
            return spec.rule.command(actor=actor, reason=command.typed(reason, "--reason"))

        run(group, number, as_, make, key=key, timeout=timeout, json=json)

    return verb


def _without_reason(spec: VerbSpec, group: Group) -> Callable[..., None]:
    def verb(
        *,
        number: str,
        as_: str = "",
        key: Key = "",
        timeout: Timeout = TIMEOUT,
        json: Json = False,
    ) -> None:
        async def make(_: CliContext, actor: Actor) -> Any:
            return spec.rule.command(actor=actor)

        run(group, number, as_, make, key=key, timeout=timeout, json=json)

    return verb
