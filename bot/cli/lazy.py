"""A group of commands whose modules are imported only if one of their commands runs.

Importing all of them takes a second, which `--help`, `--version` and a mistyped name need not wait for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True, kw_only=True, slots=True)
class LazyCommand:
    """A command of the `app` in `module`, or this app itself if it is a group of commands.

    `help` is the first line of its help, which is shown without importing the module.
    """

    module: str
    help: str
    is_group: bool = True


def loaded(commands: Mapping[str, LazyCommand], name: str) -> Any:
    """Import the command `name` and return it."""
    lazy = commands[name]
    found: Any = typer.main.get_command(import_module(lazy.module).app)
    return found if lazy.is_group else found.commands[name]


def lazy_group(lazy: Mapping[str, LazyCommand]) -> type[TyperGroup]:
    """Return the class of a group with these commands."""

    class LazyGroup(TyperGroup):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.commands = {name: TyperCommand(name, help=lazy[name].help) for name in lazy}

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            """Import the command to run."""
            if args[0] in lazy:
                self.commands[args[0]] = loaded(lazy, args[0])
            return super().resolve_command(ctx, args)

    return LazyGroup
