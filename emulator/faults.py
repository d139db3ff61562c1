"""Planned faults for the next calls of a method or of response_url."""

import random
from dataclasses import dataclass, field
from typing import Any, Self

from emulator.errors import ActError, Json

_MAX_SECONDS = 86_400
EFFECTS = ("error", "ratelimited", "http_500", "hang", "reply_lost", "late")


@dataclass(kw_only=True)
class Fault:
    """One planned fault; ``where`` limits it to calls with these argument values."""

    target: str
    effect: str
    times: int = 1
    error: str = "internal_error"
    retry_after: int = 1
    seconds: float = 1.0
    probability: float = 1.0
    seed: int = 0
    where: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311 - repeatable tests, not secrets

    @classmethod
    def parse(cls, raw: Any) -> Self:
        """Parse one fault of the control API; ``ActError`` describes what is wrong."""
        if not isinstance(raw, dict):
            raise ActError("invalid_fault", "A fault must be an object with target and effect.")
        try:
            fault = cls(**raw)
            fault.times, fault.seconds = int(fault.times), float(fault.seconds)
            fault.probability, fault.retry_after = float(fault.probability), int(fault.retry_after)
        except (TypeError, ValueError, OverflowError) as error:
            raise ActError("invalid_fault", f"Invalid fault: {error}.") from error
        if not 0 <= fault.seconds <= _MAX_SECONDS or not 0 <= fault.retry_after <= _MAX_SECONDS:
            raise ActError(
                "invalid_fault", f"seconds and retry_after must be from 0 to {_MAX_SECONDS}."
            )
        if fault.effect not in EFFECTS:
            names = ", ".join(EFFECTS)
            raise ActError("invalid_fault", f"effect must be one of: {names}.")
        if not isinstance(fault.target, str) or not isinstance(fault.where, dict):
            raise ActError("invalid_fault", "target must be a method name and where an object.")
        return fault

    def matches(self, target: str, arguments: Json) -> bool:
        """Return whether this call hits the fault; may draw a random number."""
        if self.times <= 0 or self.target not in ("*", target):
            return False
        if any(arguments.get(key) != value for key, value in self.where.items()):
            return False
        return self.probability >= 1 or self.rng.random() < self.probability


class Faults:
    """The planned faults, matched in order; ``hits`` counts the calls that hit a fault."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []
        self.hits = 0

    def plan(self, raw: Any) -> int:
        """Add one fault or a list of faults; return the number of planned faults."""
        items = raw if isinstance(raw, list) else [raw]
        self._planned += [Fault.parse(item) for item in items]
        return len(self._planned)

    def consume(self, target: str, arguments: Json) -> Fault | None:
        """Find the fault that this call hits and use it up once."""
        for fault in self._planned:
            if fault.matches(target, arguments):
                fault.times -= 1
                self.hits += 1
                if fault.times <= 0:
                    self._planned.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Remove all planned faults."""
        self._planned.clear()

    def list_planned(self) -> list[Json]:
        """List the faults that are still planned."""
        names = ("target", "effect", "times", "probability", "where")
        return [{name: getattr(fault, name) for name in names} for fault in self._planned]
