"""The step machine that orders and HR requests share: steps forward, compensations in reverse.

A step's compensation is registered (`owed`) before the step begins. A step that fails keeps its
compensation registered: it may have acted although its answer was an error.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from workflows.rules.shared.audit import Fact


class StepStatus(StrEnum):
    """The status of a step. STOPPED: the saga turned back while the step was still running."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    COMPENSATED = "compensated"
    STOPPED = "stopped"


class SagaStep(Protocol):
    """The parts of a step that the machine and its facts read."""

    @property
    def name(self) -> StrEnum:
        """The name, unique in its saga."""

    @property
    def status(self) -> StepStatus:
        """The current status."""

    @property
    def reference(self) -> str:
        """The id that the step returned, empty before that."""

    @property
    def error(self) -> str:
        """The failure as facts record it, empty unless the step failed."""


Step = TypeVar("Step", bound=SagaStep)
Name = TypeVar("Name", bound=StrEnum)


@dataclass(frozen=True, kw_only=True, slots=True)
class Move(Generic[Step, Name]):
    """One transition: the steps and owed compensations after it, and the fact that records it."""

    steps: tuple[Step, ...]
    owed: tuple[Name, ...]
    fact: Fact
    data: dict[str, str]

    @property
    def completes(self) -> bool:
        """Whether every step is done now."""
        return all(step.status is StepStatus.DONE for step in self.steps)


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress(Generic[Step, Name]):
    """The steps of a saga in order, and the steps whose compensation is owed, the earliest first."""

    steps: tuple[Step, ...]
    owed: tuple[Name, ...]

    def start(self, step: Step, name: Name, compensation: str) -> Move[Step, Name]:
        """Register the step's compensation, if it has one, and record that the step is running."""
        owed = (*self.owed, name) if compensation else self.owed
        return self._move(step, owed, Fact.STEP_STARTED, compensation=compensation)

    def complete(self, step: Step) -> Move[Step, Name]:
        """Record a step's success. After the last one nothing is owed."""
        move = self._move(step, self.owed, Fact.STEP_COMPLETED)
        return self._move(step, (), Fact.STEP_COMPLETED) if move.completes else move

    def fail(self, step: Step) -> Move[Step, Name]:
        """Record a step's failure."""
        return self._move(step, self.owed, Fact.STEP_FAILED)

    def compensate(self, step: Step, name: Name) -> Move[Step, Name]:
        """Record that a step was undone: its compensation is no longer owed."""
        owed = tuple(other for other in self.owed if other is not name)
        return self._move(step, owed, Fact.STEP_COMPENSATED)

    def _move(
        self, step: Step, owed: tuple[Name, ...], fact: Fact, **data: str
    ) -> Move[Step, Name]:
        recorded = {"step": step.name.value, "reference": step.reference, "error": step.error}
        return Move(steps=with_step(self.steps, step), owed=owed, fact=fact, data=recorded | data)


def with_step(steps: Iterable[Step], step: Step) -> tuple[Step, ...]:
    """Return the steps with `step` in place of the one with its name."""
    return tuple(step if step.name is old.name else old for old in steps)


def next_step(steps: Iterable[Step]) -> Step:
    """Return the first step that is not done: it begins now, or it waits for a payment."""
    unfinished = (StepStatus.WAITING, StepStatus.RUNNING)
    return next(step for step in steps if step.status in unfinished)


def status_after_undo(status: StepStatus) -> StepStatus:
    """Return the status of an undone step. A step that failed or was stopped keeps its status."""
    return StepStatus.COMPENSATED if status is StepStatus.DONE else status
