"""Why a step failed: a code and its data, written as one short text that anybody's language can be made of."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

_MARK = "failure."


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A cause that we have words for, such as `out_of_stock` with the product and how many are left."""

    code: str
    data: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{_MARK}{self.code} {json.dumps(dict(self.data), sort_keys=True)}"


def read_failure(written: str) -> Failure | None:
    """Return the cause that `str` has written; None where it is somebody else's own sentence."""
    code, _, data = written.removeprefix(_MARK).partition(" ")
    if not written.startswith(_MARK):
        return None
    try:
        read = json.loads(data)
    except ValueError:
        return None
    if not isinstance(read, dict):
        return None
    return Failure(code=code, data={str(name): str(value) for name, value in read.items()})
