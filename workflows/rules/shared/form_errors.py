"""The errors of a form, all at once and by field."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from workflows.rules.shared.errors import RuleError

Parsed = TypeVar("Parsed")


class FormErrors(Exception):  # noqa: N818 - it carries errors
    """The refusals of a form's values, by field name."""

    def __init__(self, by_field: Mapping[str, RuleError]) -> None:
        super().__init__(", ".join(f"{name}: {error.code}" for name, error in by_field.items()))
        self.by_field = by_field


def read_field(
    errors: dict[str, RuleError], field: str, parse: Callable[[], Parsed]
) -> Parsed | None:
    """Return the result of `parse`, or None after adding its refusal to `errors`."""
    try:
        return parse()
    except RuleError as error:
        errors[field] = error
        return None
