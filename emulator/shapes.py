"""Building blocks for JSON validation rules, which yield problems with JSON pointers."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from emulator.errors import Json


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A violated rule: a JSON pointer, Slack's message, and the rule's name and bound."""

    pointer: str
    message: str
    constraint: Json

    def line(self) -> str:
        """Format it as Slack does in ``response_metadata.messages``."""
        return f"[ERROR] {self.message} [json-pointer:{self.pointer}]"


def problem(pointer: str, message: str, rule: str, bound: Any = None) -> Problem:
    """Create a problem; ``rule`` is a JSON Schema keyword such as ``max_length``."""
    constraint: Json = {"name": rule} if bound is None else {"name": rule, "value": bound}
    return Problem(pointer=pointer, message=message, constraint=constraint)


class Rule(Protocol):
    """A rule that checks a JSON value."""

    def check(self, value: Any, pointer: str) -> Iterator[Problem]:
        """Yield the problems of ``value``, which is located at ``pointer``."""
        ...


@dataclass(frozen=True)
class Str:
    """A string with a length from ``minimum`` to ``maximum``, optionally a pattern or an enum."""

    maximum: int = 3000
    minimum: int = 0
    pattern: str = ""
    one_of: tuple[str, ...] = ()

    def check(self, value: Any, pointer: str) -> Iterator[Problem]:
        """Yield a wrong type, length, pattern or enum value."""
        if not isinstance(value, str):
            yield problem(pointer, "must provide a string", "type", "string")
            return
        if len(value) > self.maximum:
            message = f"must be less than {self.maximum + 1} characters"
            yield problem(pointer, message, "max_length", self.maximum)
        if len(value) < self.minimum:
            message = f"must be more than {self.minimum - 1} characters"
            yield problem(pointer, message, "min_length", self.minimum)
        if self.pattern and not re.fullmatch(self.pattern, value):
            yield problem(pointer, f"failed to match pattern {self.pattern}", "pattern")
        if self.one_of and value not in self.one_of:
            message = f"must be one of: {', '.join(self.one_of)}"
            yield problem(pointer, message, "enum", list(self.one_of))


@dataclass(frozen=True)
class Bool:
    """True or false."""

    def check(self, value: Any, pointer: str) -> Iterator[Problem]:
        """Yield a wrong type."""
        if not isinstance(value, bool):
            yield problem(pointer, "must provide a boolean", "type", "boolean")


@dataclass(frozen=True)
class Int:
    """An integer from ``minimum`` to ``maximum``."""

    minimum: int = 0
    maximum: int = 2**53

    def check(self, value: Any, pointer: str) -> Iterator[Problem]:
        """Yield a wrong type or a number out of range."""
        if not isinstance(value, int) or isinstance(value, bool):
            yield problem(pointer, "must provide an integer", "type", "integer")
        elif not self.minimum <= value <= self.maximum:
            message = f"must be between {self.minimum} and {self.maximum}"
            yield problem(pointer, message, "range", [self.minimum, self.maximum])


@dataclass(frozen=True)
class AnyValue:
    """A value that is not validated."""

    def check(self, value: Any, pointer: str) -> Iterator[Problem]:  # noqa: ARG002 - implements Rule
        """Yield nothing."""
        return iter(())


@dataclass(frozen=True)
class Text:
    """A text object; ``plain`` allows only plain_text (docs: composition objects, text)."""

    maximum: int = 3000
    plain: bool = True

    def check(self, value: Any, pointer: str) -> Iterator[Problem]:
        """Yield a wrong type, an unknown field, or an empty or too long text."""
        if not isinstance(value, dict):
            yield problem(pointer, "must provide an object", "type", "object")
            return
        kinds = ("plain_text",) if self.plain else ("plain_text", "mrkdwn")
        if value.get("type") not in kinds:
            yield problem(f"{pointer}/type", f"must be one of: {', '.join(kinds)}", "enum", kinds)
            return
        flag = "emoji" if value["type"] == "plain_text" else "verbatim"
        yield from Obj({"text": Str(self.maximum, 1), flag: Bool()}, ("text",)).check(
            value, pointer
        )


@dataclass(frozen=True)
class Items:
    """A list of ``minimum`` to ``maximum`` items that all follow one rule."""

    item: Rule
    maximum: int
    minimum: int = 1

    def check(self, value: Any, pointer: str) -> Iterator[Problem]:
        """Yield a wrong type, a wrong length and the problems of each item."""
        if not isinstance(value, list):
            yield problem(pointer, "must provide an array", "type", "array")
            return
        if len(value) > self.maximum:
            message = f"no more than {self.maximum} items allowed"
            yield problem(pointer, message, "max_items", self.maximum)
            return
        if len(value) < self.minimum:
            message = f"no fewer than {self.minimum} items required"
            yield problem(pointer, message, "min_items", self.minimum)
        for index, item in enumerate(value):
            yield from self.item.check(item, f"{pointer}/{index}")


@dataclass(frozen=True)
class Obj:
    """An object with only these fields, unless ``open``; ``type`` is always allowed."""

    fields: Mapping[str, Rule]
    required: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    open: bool = False

    def check(self, value: Any, pointer: str) -> Iterator[Problem]:
        """Yield missing and unknown fields and the problems of each field."""
        if not isinstance(value, dict):
            yield problem(pointer, "must provide an object", "type", "object")
            return
        for name in self.required:
            if value.get(name) is None:
                yield problem(pointer, f"missing required field: {name}", "required", name)
        if self.one_of and all(value.get(name) is None for name in self.one_of):
            names = " or ".join(self.one_of)
            yield problem(pointer, f"missing required field: {names}", "required", names)
        for name, item in value.items():
            rule = self.fields.get(name)
            if rule is not None:
                # Slack treats null as "not given"; slack_sdk's models omit such fields.
                if item is not None:
                    yield from rule.check(item, f"{pointer}/{name}")
            elif name != "type" and not self.open:
                message = f"invalid additional property: {name}"
                yield problem(pointer, message, "additional_properties", name)


@dataclass(frozen=True)
class TypedObject:
    """An object whose ``type`` selects one of several rules."""

    shapes: Mapping[str, Rule]

    def check(self, value: Any, pointer: str) -> Iterator[Problem]:
        """Yield a missing or unknown type, or the problems of the selected rule."""
        if not isinstance(value, dict):
            yield problem(pointer, "must provide an object", "type", "object")
            return
        kind = value.get("type")
        if kind is None:
            yield problem(pointer, "missing required field: type", "required", "type")
        elif not isinstance(kind, str) or kind not in self.shapes:
            yield problem(
                f"{pointer}/type", f"unsupported type: {kind}", "enum", sorted(self.shapes)
            )
        else:
            yield from self.shapes[kind].check(value, pointer)
