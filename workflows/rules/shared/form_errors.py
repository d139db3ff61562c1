"""What is wrong with something a person wrote: every refusal at once, by field."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from workflows.rules.shared.errors import RuleError

Read = TypeVar("Read")


class FormErrors(Exception):  # noqa: N818 - it carries errors, it is not one
    """The refusals of what was written, by the name of its field."""

    def __init__(self, by_field: Mapping[str, RuleError]) -> None:
        super().__init__(", ".join(f"{name}: {error.code}" for name, error in by_field.items()))
        self.by_field = by_field


def read_field(mistakes: dict[str, RuleError], field: str, read: Callable[[], Read]) -> Read | None:
    """Return what `read` returns, or None after noting its refusal under `field`."""
    try:
        return read()
    except RuleError as error:
        mistakes[field] = error
        return None
