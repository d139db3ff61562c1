"""Which calls come first when Slack limits a method: cards that ask or that have ended, then the rest."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_is_routine: ContextVar[bool] = ContextVar("is_routine", default=False)


@contextmanager
def routine(*, when: bool = True) -> Iterator[None]:
    """Let the calls in this block wait for urgent ones of the same kind, unless `when` is false."""
    token = _is_routine.set(when)
    try:
        yield
    finally:
        _is_routine.reset(token)


def is_routine() -> bool:
    """Return whether the current call may wait for urgent ones."""
    return _is_routine.get()
