"""Why a step failed: a code and its data, and the one text in which both are stored."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

_PREFIX = "failure."
_MESSAGE = "message"
UNKNOWN = "unknown"
"""The code of a failure that is only known by another system's own sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """The cause of a failed step, such as `out_of_stock` with the product and how many are left.

    Another system's own sentence, for which the catalogue has no text, is in `data["message"]`.
    """

    code: str
    data: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the text that is stored: `failure.CODE JSON`, or the other system's sentence."""
        if _MESSAGE in self.data:
            return self.data[_MESSAGE]
        return f"{_PREFIX}{self.code} {json.dumps(dict(self.data), sort_keys=True)}"


def foreign_failure(message: str, code: str = UNKNOWN) -> Failure:
    """Return the failure that another system describes in its own sentence."""
    return Failure(code=code, data={_MESSAGE: message})


def read_failure(text: str) -> Failure | None:
    """Return the failure that was stored as `text`; None if it is another system's sentence."""
    code, _, data = text.removeprefix(_PREFIX).partition(" ")
    if not text.startswith(_PREFIX):
        return None
    try:
        read = json.loads(data)
    except ValueError:
        return None
    if not isinstance(read, dict):
        return None
    return Failure(code=code, data={str(name): str(value) for name, value in read.items()})


def recorded_failure(text: str) -> Failure:
    """Return the failure that was stored as `text`: our own, or another system's sentence."""
    return read_failure(text) or foreign_failure(text)
