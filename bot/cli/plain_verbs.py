"""The commands of verbs that take a reason at most: generated from the registry."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import typer

from bot.actions.registry import REGISTRY, VerbSpec
from bot.cli import command
from bot.cli.command import PATIENCE, As, AsOrDefault, Json, Key, Order, Patience, Reason, Request
from bot.cli.context import CliContext
from bot.cli.terminal import EXIT_CODES
from workflows.rules.people.actors import Actor

_PARAMETERS = {
    "request": {"number": Request, "as_": As},
    "order": {"number": Order, "as_": AsOrDefault},
}
"""How each group names its argument, and whether the settings may name the person who acts."""


def add_to(app: typer.Typer, group: str, run: Callable[..., object]) -> None:
    """Add the commands of `group` to `app`; each is executed and printed by `run`."""
    for spec in REGISTRY.values():
        if spec.cli_help and spec.cli[0] == group:
            with_reason = "reason" in {field.name for field in fields(spec.rule.command)}
            function = _with_reason(spec, run) if with_reason else _without_reason(spec, run)
            function.__annotations__ |= _PARAMETERS[group]
            app.command(spec.cli[1], help=spec.cli_help, epilog=EXIT_CODES)(function)


def _with_reason(spec: VerbSpec, run: Callable[..., object]) -> Callable[..., None]:
    def verb(
        *,
        number: str,
        as_: str = "",
        reason: Reason = "",
        key: Key = "",
        patience: Patience = PATIENCE,
        json: Json = False,
    ) -> None:
        async def make(_: CliContext, actor: Actor) -> Any:
            return spec.rule.command(actor=actor, reason=command.typed(reason, "--reason"))

        run(number, as_, make, key=key, patience=patience, json=json)

    return verb


def _without_reason(spec: VerbSpec, run: Callable[..., object]) -> Callable[..., None]:
    def verb(
        *,
        number: str,
        as_: str = "",
        key: Key = "",
        patience: Patience = PATIENCE,
        json: Json = False,
    ) -> None:
        async def make(_: CliContext, actor: Actor) -> Any:
            return spec.rule.command(actor=actor)

        run(number, as_, make, key=key, patience=patience, json=json)

    return verb
