"""What a saga carries on: an order, or an HR request that is provisioned."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from workflows.card_owner import CardOwner

State = TypeVar("State")
Change = TypeVar("Change")


@dataclass(frozen=True, kw_only=True, slots=True)
class Journey(Generic[State, Change]):
    """Its present state, and how a step of the rules is taken.

    `written` returns when every fact is written down: for what must not happen before that.
    `may_continue_as_new` says whether the saga should stop between two steps, for a new run.
    """

    state: Callable[[], State]
    take: Callable[[Change], None]
    card: CardOwner
    written: Callable[[], Awaitable[None]]
    may_continue_as_new: Callable[[], bool]
