"""The rules' side of a verb: its command, its check, what it changes, and an example of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from workflows.rules.people.actors import Actor


class CommandOfActor(Protocol):
    """A command names the actor who sent it."""

    @property
    def actor(self) -> Actor:
        """The actor."""


State = TypeVar("State")
Command = TypeVar("Command", bound=CommandOfActor)
Change = TypeVar("Change")


@dataclass(frozen=True, kw_only=True, slots=True)
class VerbRule(Generic[State, Command, Change]):
    """How the rules treat one verb.

    `check` raises a RuleError if the command is refused and changes nothing. `apply` assumes that
    the check passed. `example` is a plausible command of this actor: the verb is offered
    if the check accepts it. `needs_reason`: the check refuses the command without one,
    whatever the policy says.
    """

    command: type[Command]
    check: Callable[[State, Command, datetime], None]
    apply: Callable[[State, Command, datetime], Change]
    example: Callable[[State, Actor], Command]
    needs_reason: bool = False
