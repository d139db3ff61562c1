"""The rules' side of a verb: its command, its check, what it changes, and an example of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from workflows.rules.people.actors import Actor

StateT = TypeVar("StateT")
CommandT = TypeVar("CommandT")
ChangeT = TypeVar("ChangeT")


@dataclass(frozen=True, kw_only=True, slots=True)
class VerbRule(Generic[StateT, CommandT, ChangeT]):
    """How the rules treat one verb.

    `check` raises a RuleError if the command is refused and changes nothing. `apply` assumes that
    the check passed. `example` is a plausible command of this actor: whether the check accepts it
    tells whether to offer the verb. `needs_reason`: the check refuses the command without one,
    whatever the policy says.
    """

    command: type[CommandT]
    check: Callable[[StateT, CommandT, datetime], None]
    apply: Callable[[StateT, CommandT, datetime], ChangeT]
    example: Callable[[StateT, Actor], CommandT]
    needs_reason: bool = False
