"""Why a step failed: a code and its data, stored as a short text and translated when shown."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

_MARK = "failure."


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A known cause, such as `out_of_stock` with the product and the quantity left."""

    code: str
    data: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{_MARK}{self.code} {json.dumps(dict(self.data), sort_keys=True)}"


def read_failure(text: str) -> Failure | None:
    """Parse the text of a `Failure`; return None for any other text, such as another system's."""
    code, _, data = text.removeprefix(_MARK).partition(" ")
    if not text.startswith(_MARK):
        return None
    try:
        read = json.loads(data)
    except ValueError:
        return None
    if not isinstance(read, dict):
        return None
    return Failure(code=code, data={str(name): str(value) for name, value in read.items()})
