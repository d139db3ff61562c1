"""A rule's refusal on its way through Temporal, and who pressed which click."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows.rules.shared.errors import RuleError

REJECTED = "rejected."
"""Validators raise ApplicationErrors of this type prefix; handlers never do. The client sees the
same exception class for both, so only the prefix tells a refusal from a failure."""


@contextmanager
def refusing(card_version: int) -> Iterator[None]:
    """Turn a RuleError into the rejection of the running update.

    Its details are the refusal's data and the card's present version: the listener then knows
    whether the copy that was clicked is current.
    """
    try:
        yield
    except RuleError as error:
        raise ApplicationError(
            error.code, error.data, card_version, type=REJECTED + error.code, non_retryable=True
        ) from None


def running_update_id() -> str:
    """Return the id of the update whose handler or validator runs: the click id."""
    update = workflow.current_update_info()
    if update is None:
        msg = "only an update handler may ask for its id"
        raise RuntimeError(msg)
    return update.id
