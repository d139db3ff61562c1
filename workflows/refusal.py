"""Turns a rule's refusal into the rejection of an update, and names the click behind an update."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows.rules.shared.errors import RuleError

REJECTED = "rejected."
"""The type prefix of the ApplicationErrors that validators raise; handlers never use it. Clients
see the same exception class for both, so only the prefix distinguishes a refusal from a failure."""


@contextmanager
def refusing(card_version: int) -> Iterator[None]:
    """Turn a RuleError into the rejection of the running update.

    The error's details are the refusal's data and the card's current version, so that the
    listener knows whether the clicked copy is current.
    """
    try:
        yield
    except RuleError as error:
        raise ApplicationError(
            error.code, error.data, card_version, type=REJECTED + error.code, non_retryable=True
        ) from None


def running_update_id() -> str:
    """Return the id of the running update, which is the click id."""
    update = workflow.current_update_info()
    if update is None:
        msg = "There is no running update."
        raise RuntimeError(msg)
    return update.id
